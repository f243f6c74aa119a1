"""Broadcast one message to many complaints: the selection is written down first, then each one is sent to, once."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import Any

from pydantic import ValidationError

from activities.store.bulk_messages import keep_told_to_many
from activities.store.case_files import MOST, CaseFiles, Listed, Wanted
from starter.bulk.concurrency import side_by_side
from starter.bulk.progress import HowFar
from starter.bulk.result_file import Results, short
from starter.client.complaints import Complaints
from starter.client.errors import NotFound, Unreachable, WrongUse
from starter.client.filing_input import flat
from starter.client.message_input import Saying, check, complete
from starter.client.record import Files
from workflows.answers import Refusal
from workflows.complaint.domain.messages import KINDS, Message
from workflows.parties import Party
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
        found[name] = _filter_value(name, value.strip())
    return found


def _filter_value(name: str, text: str) -> str | bool:
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


AT_ONCE = 20
_SILENT = 5
"""Complaints in a row that do not answer, after which none is asked any more: nobody works on them."""

FINAL = frozenset({"heard", "refused"})
Where = dict[str, str | bool]


def for_many(kind: str, said: Saying, sender: Party, reason: str) -> Message:
    """Return the message that all are told; raises WrongUse where it is none.

    Its id says what is told, by whom and why, so that the same one told again is known to whoever heard it. The reason
    is the message's own where it has a place for one and says none itself.
    """
    field = KINDS[kind].model_fields.get("reason")
    if field is not None and str in flat(field.annotation) and "reason" not in said:
        said = said | {"reason": reason}
    told = json.dumps([kind, said, str(sender), reason], sort_keys=True)
    return check(complete(kind, {"message_id": f"many-{short(told).hex()}"} | said, sender))


class Telling:
    """One run that tells many; `plan` first, then `run`."""

    def __init__(self, message: Message, reason: str, where: Where, results: Results) -> None:
        self._message, self._reason, self._where, self._results = message, reason, where, results
        self._silent = 0
        self._done: dict[str, str] = {}
        self._planned: int | None = None
        self._listed_from = 0
        """The row at which the list of who is meant begins: a run that was killed while it chose left a part of one."""
        for number, row in enumerate(results.earlier()):
            self._read(number, row)

    def _read(self, number: int, row: dict[str, Any]) -> None:
        if "choosing" in row:
            self._listed_from = number
        elif "chosen" in row:
            self._planned = row["chosen"]
        elif row["state"] in FINAL:
            self._done[row["complaint"]] = row["state"]

    @property
    def left(self) -> int:
        """How many have not answered yet."""
        return (self._planned or 0) - len(self._done)

    async def plan(self, files: Files) -> int:
        """Write down who is meant, unless an earlier run did; returns how many they are."""
        if self._planned is None:
            self._listed_from = sum(1 for _ in self._results.earlier())
            self._results.add({"choosing": self._where})
            self._planned = 0
            async for one in chosen(files.cases, self._where):
                self._results.add({"complaint": one.complaint, "state": "chosen"})
                self._planned += 1
            self._results.add({"chosen": self._planned})
        return self._planned

    async def run(self, files: Files, client: Complaints, far: HowFar, stop: asyncio.Event) -> None:
        """Put the reason on record, then tell those who have not answered yet; raises Unreachable if nobody does."""

        async def tell(complaint: str) -> None:
            await self._tell(client, complaint, far)

        assert self._planned, "nobody is told who was not written down"  # noqa: S101 - by `plan`
        await keep_told_to_many(files.pool, self._message, self._reason, self._where, self._planned)
        await side_by_side(self._to_do(far), tell, at_once=AT_ONCE, stop=stop)

    def _to_do(self, far: HowFar) -> Iterator[str]:
        for row in islice(self._results.earlier(), self._listed_from + 1, None):
            if "chosen" in row:
                return
            if state := self._done.get(row["complaint"]):
                far.known(state)
            else:
                yield row["complaint"]

    async def _tell(self, client: Complaints, complaint: str, far: HowFar) -> None:
        try:
            answer = await client.tell(complaint, self._message)
        except (Unreachable, NotFound) as wrong:
            self._keep(complaint, "unanswered", far, text=str(wrong).partition(": ")[0])
            self._silent += isinstance(wrong, Unreachable)
            if self._silent >= _SILENT:
                raise
            return
        self._silent = 0
        if isinstance(answer, Refusal):
            self._keep(complaint, "refused", far, code=str(answer.code), rule=answer.rule, text=answer.text)
        else:
            self._keep(complaint, "heard", far, phase=str(answer.phase), step=answer.steps)

    def _keep(self, complaint: str, state: str, far: HowFar, **more: Any) -> None:
        self._results.add({"complaint": complaint, "state": state} | more)
        far.came_of_it(state)
