"""Who may say what of whose complaint: one table for every door, read from the rules and the stories."""

from functools import cache
from typing import Any, Literal, NamedTuple

from tests.stories import STORIES
from tests.workflows.complaint.playing import scenes
from workflows.answers import Code, Receipt
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.rules.dispatch import hear
from workflows.complaint.rules.tables import HEARINGS
from workflows.complaint.views.catalogue import senders
from workflows.complaint.views.examples import example
from workflows.values import Instant
from workflows.vocabulary import Role

Whose = Literal["their own", "somebody else's", "known in another role"]
OWNERSHIP: tuple[Whose, ...] = ("their own", "somebody else's", "known in another role")


class Scene(NamedTuple):
    """A moment of a story in which something can be said, and how it is said then."""

    case: Case
    now: Instant
    said: dict[str, Any]


def roles_of(kind: str) -> frozenset[Role]:
    """Return who may ever say it, as the rules announce it."""
    return frozenset().union(*(hearing.by for hearing in HEARINGS[kind]))


@cache
def heard() -> dict[tuple[str, Role], Scene]:
    """Return for each kind and each role that may say it a moment of a story in which it is heard from them."""
    wanted = {(kind, role) for kind in HEARINGS for role in roles_of(kind)}
    found: dict[tuple[str, Role], Scene] = {}
    for story in STORIES:
        for scene in scenes(story):
            now = senders(scene.case)
            for kind, role in [one for one in wanted - found.keys() if one[1] in now.get(one[0], ())]:
                said = example(scene.case, kind, role)
                message = KINDS[kind].model_validate({"kind": kind, **said}, strict=False)
                if isinstance(hear(scene.case, message, scene.now)[1], Receipt):
                    found[kind, role] = Scene(scene.case, scene.now, said)
        if found.keys() == wanted:
            break
    assert found.keys() == wanted, f"no story in which these are heard: {sorted(wanted - found.keys())}"
    return found


def scene(kind: str, role: Role) -> Scene:
    """Return a moment in which that kind is heard, from that role if it ever is, else from another."""
    speaker = role if role in roles_of(kind) else min(roles_of(kind))
    return heard()[kind, speaker]


def sender(case: Case, role: Role, whose: Whose, own: str) -> str:
    """Return the id of who says it: who may, a stranger, or somebody who is known here in another role."""
    if whose == "their own":
        return own
    return "somebody-else" if whose == "somebody else's" else case.buyer.id if role is not Role.BUYER else "a-1"


def refusal(kind: str, role: Role, whose: Whose) -> Code | None:
    """Return what the rules' tables make of it: None where it is heard."""
    if role is Role.SYSTEM:
        return Code.WRONG_SENDER
    if role not in roles_of(kind):
        return Code.WRONG_ROLE
    known = role is Role.PAYMENT or whose == "their own"  # the provider is believed for its signature, not for its id
    return None if known else Code.WRONG_SENDER
