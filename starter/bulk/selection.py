"""Which complaints are meant: `--where phase=review --where seller=shop-1`, in the words of `redress list`."""

from collections.abc import AsyncIterator, Sequence

from pydantic import ValidationError

from activities.store.case_files import MOST, CaseFiles, Listed, Wanted
from starter.client.errors import WrongUse
from starter.client.filing_input import flat
from workflows.vocabulary import Phase

_TRUTH = {"yes": True, "true": True, "no": False, "false": False}
NARROWS = tuple(name for name in Wanted.model_fields if name != "limit")


def wanted(where: Sequence[str]) -> dict[str, str | bool]:
    """Read what narrows the choice; raises WrongUse naming what is known."""
    found: dict[str, str | bool] = {}
    for one in where:
        key, equals, value = one.partition("=")
        name = key.strip().replace("-", "_")
        if not equals or name not in NARROWS:
            known = ", ".join(f"{narrow}=…" for narrow in NARROWS)
            raise WrongUse(f"--where {one}: write one of {known}; they are the words of `redress list`")
        if name in found:
            raise WrongUse(f"--where {name} is there twice: a complaint has one")
        found[name] = _value(name, value.strip())
    return found


def _value(name: str, text: str) -> str | bool:
    if bool in flat(Wanted.model_fields[name].annotation):
        if text.lower() not in _TRUTH:
            raise WrongUse(f"--where {name}={text}: write yes or no")
        return _TRUTH[text.lower()]
    try:
        Wanted.model_validate({name: text}, strict=False)
    except ValidationError as wrong:
        (fault,) = wrong.errors(include_url=False, include_input=False)
        raise WrongUse(f"--where {name}={text}: {fault['msg']}") from None
    return text


async def chosen(cases: CaseFiles, where: dict[str, str | bool]) -> AsyncIterator[Listed]:
    """Yield every complaint that is meant, a page at a time; those that have ended only where phase=closed is asked."""
    by = Wanted.model_validate({**where, "limit": MOST}, strict=False)
    last: Listed | None = None
    while page := await cases.list(by, after=last):
        last = page[-1]
        for one in page:
            if one.phase is not Phase.CLOSED or by.phase is Phase.CLOSED:
                yield one
