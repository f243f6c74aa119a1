"""Every message kind in words, for the people who send one by hand: what it is, who sends it, what it carries."""

from workflows.domain.messages import KINDS, Message
from workflows.rules.registry import HEARINGS

_COMMON = frozenset(Message.model_fields)


def _fields(model: type[Message]) -> str:
    told: list[str] = []
    for name, field in model.model_fields.items():
        if name not in _COMMON:
            shown = field.alias or name
            told.append(shown if field.is_required() else f"{shown}?")
    return ", ".join(told) or "nothing more"


def _describe(kind: str, model: type[Message]) -> str:
    by = sorted({str(role) for hearing in HEARINGS.get(kind, []) for role in hearing.by})
    who = f"From {', '.join(by)}. " if by else ""
    what = (model.__doc__ or "").strip()
    return f"{what}\n{who}Carries {_fields(model)}; besides message_id, sender {{role, id}}."


DESCRIPTIONS: dict[str, str] = {kind: _describe(kind, model) for kind, model in sorted(KINDS.items())}
"""Kind to description; the first line is what the message is."""
