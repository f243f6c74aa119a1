"""Every message kind in words, for the people who send one by hand: what it is, who sends it, what it carries."""

from collections.abc import Iterator

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import KINDS, BaseMessage
from workflows.complaint.rules.tables import HEARINGS
from workflows.vocabulary import Role

_COMMON = frozenset(BaseMessage.model_fields)


def senders(case: Case) -> dict[str, frozenset[Role]]:
    """Return the kinds that can be sent now, and by whom."""
    return {
        kind: frozenset().union(*by)
        for kind, hearings in HEARINGS.items()
        if (by := [one.by for one in hearings if one.applies(case)])
    }


def offered(case: Case | None) -> Iterator[tuple[str, str]]:
    """Yield every kind that a rule hears with its description, those first that can be sent now."""
    now = senders(case) if case else {}
    for kind in sorted(HEARINGS, key=lambda kind: (kind not in now, kind)):
        yield kind, f"NOW: {DESCRIPTIONS[kind]}" if kind in now else DESCRIPTIONS[kind]


def _fields(model: type[BaseMessage]) -> str:
    told: list[str] = []
    for name, field in model.model_fields.items():
        if name not in _COMMON:
            shown = field.alias or name
            told.append(shown if field.is_required() else f"{shown}?")
    return ", ".join(told) or "nothing more"


def _describe(kind: str) -> str:
    by = sorted({str(role).replace("_", " ") for hearing in HEARINGS.get(kind, []) for role in hearing.by})
    what = (KINDS[kind].__doc__ or "").strip()
    who = f"From {', '.join(by)}, with" if by else "With"
    return f"{what}\n{who} {_fields(KINDS[kind])}."


DESCRIPTIONS: dict[str, str] = {kind: _describe(kind) for kind in sorted(KINDS)}
"""Kind to description; the first line is what the message is."""
