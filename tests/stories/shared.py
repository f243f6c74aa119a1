"""What many stories have in common: proof that is asked for and given, rulings and requests in a line."""

from typing import Literal

from starter.demo.stories.story import Complaint, Tell, seller, yuan
from workflows.vocabulary import Channel, Problem, Remedy, Role


def refuses(reason: str) -> Tell:
    """The seller refuses, for a reason of the closed list."""
    return seller("seller_answered", answer="refuse", reason=reason)


def proof_is_asked(*of: Literal["buyer", "seller"], what: str) -> Tell:
    """The handler says who is to prove what."""
    return Tell(Role.AGENT, "evidence_requested", {"from": [*of], "to_prove": what})


def gives_proof(who: Literal["buyer", "seller"], kind: str) -> Tell:
    """A party gives one piece of evidence and locks it in."""
    item = {"id": f"e-{who}", "kind": kind, "uri": f"oss://evidence/{who}", "sha256": "a" * 64}
    return Tell(Role(who), "evidence_submitted", {"evidence": [item], "final": True})


def asks(
    problem: Problem,
    remedy: Remedy,
    description: str,
    amount: str | None = None,
    channel: Channel = Channel.ORDER_PAGE,
) -> Complaint:
    """A complaint of which only this matters."""
    return Complaint(
        problem=problem,
        remedy=remedy,
        description=description,
        amount=yuan(amount) if amount else None,
        channel=channel,
    )


def rules(liability: str, remedy: str, reason: str, amount: str | None = None, freight: str = "seller") -> Tell:
    """The handler rules."""
    body = {
        "liability": liability,
        "remedy": remedy,
        "reason": reason,
        "freight": freight,
        "text": "依据现有证据判定。",
    }
    return Tell(Role.AGENT, "ruled", {**body, **({"amount": yuan(amount)} if amount else {})})
