"""An example of each message, ready to be sent: valid for this very case, as far as a case can know."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.rules.advances.balance import debt_of
from workflows.complaint.rules.advances.entitlement import most_to_be_advanced
from workflows.complaint.rules.advances.ordering import to_be_tried_again
from workflows.complaint.rules.burden import burden
from workflows.complaint.rules.offers import GOODWILL, goodwill
from workflows.vocabulary import Role


def example(case: Case, kind: str, role: Role) -> dict[str, Any]:
    """Return a payload of that kind, from somebody of that role who may send it now."""
    return {
        "message_id": f"{kind}-{case.steps + 1}",
        "sender": {"role": str(role), "id": _who(case, role)},
        **KINDS[kind].catalogue.example,
        **ADAPTED.get(kind, _nothing)(case),
    }


def _who(case: Case, role: Role) -> str:
    if role is Role.BUYER:
        return case.buyer.id
    if role is Role.SELLER and case.seller:
        return case.seller.id
    if role is Role.AGENT and case.handler and case.staff.knows(role, case.handler):
        return case.handler
    if role is Role.DEPARTMENT and case.work_orders:
        return case.work_orders[-1].department
    known = case.staff.of(role)
    free = [one for one in known if one not in _involved(case)]  # who ruled does not decide the appeal (R5.4)
    return (free or list(known) or ["provider"])[0]


def _involved(case: Case) -> set[str]:
    return {party.id for one in case.rulings for party in (one.by, one.countersigned_by) if party}


Body = Callable[[Case], dict[str, Any]]


def _nothing(_: Case) -> dict[str, Any]:
    return {}


def _award(case: Case) -> dict[str, Any]:
    if case.money:  # the line cannot give the same once more (R1.8)
        return {"remedy": "apology"}
    request = case.filing.request
    amount = {"amount": request.amount.model_dump()} if request.amount else {}
    return {"remedy": str(request.remedy), **amount}


def _proposal(case: Case) -> dict[str, Any]:
    award = _award(case)
    if award["remedy"] not in GOODWILL or "amount" not in award or case.order is None:
        return award
    _, most = goodwill(case, case.order)  # staff may not offer all that is asked for (R3.6)
    return {**award, "amount": {**award["amount"], "amount": min(award["amount"]["amount"], most.amount)}}


def _offer(case: Case) -> dict[str, Any]:
    return {"offer": case.offer.number if case.offer else 1}


def _ruling(case: Case) -> dict[str, Any]:
    return {"ruling": case.ruling.number if case.ruling else 1}


def _movement(case: Case) -> dict[str, Any]:
    return {"movement": case.money[-1].movement.key if case.money else ""}


def _failed(case: Case) -> dict[str, Any]:
    return {"movement": next((one.movement.key for one in case.money if to_be_tried_again(case, one)), "")}


def _advanced(case: Case) -> dict[str, Any]:
    return {"amount": most_to_be_advanced(case).model_dump()}


def _debt(case: Case) -> dict[str, Any]:
    debt = debt_of(case)
    return {"movement": debt.advance if debt else ""}


def _leg(case: Case) -> dict[str, Any]:
    return {"leg": case.goods[-1].leg if case.goods else "return"}


def _request(case: Case) -> dict[str, Any]:
    row = burden(case)
    return {"from": list(row.provers) if row else ["buyer", "seller"], "to_prove": row.proof if row else "请举证"}


def _tracking(case: Case) -> str:
    return (case.goods[-1].tracking if case.goods else None) or "SF1234567890"


def _late(case: Case) -> list[str]:
    return [one.item.id for one in case.exhibits if one.state == "late"] or ["e-1"]


def _next_agent(case: Case) -> str:
    return next(one for one in case.staff.of(Role.AGENT) if one != case.handler)


ADAPTED: dict[str, Body] = {
    "handed_over": lambda case: {"to": _next_agent(case)},
    "offer_made": _proposal,
    "offer_confirmed": _offer,
    "offer_rejected": _offer,
    "evidence_requested": _request,
    "late_evidence_admitted": lambda case: {"evidence_ids": _late(case)},
    "ruled": _award,
    "ruling_countersigned": _ruling,
    "ruling_confirmed": _ruling,
    "ruling_appealed": _ruling,
    "goods_sent": _leg,
    "parcel_reported": lambda case: {"tracking": _tracking(case), "at": case.now.isoformat()},
    "goods_received": _leg,
    "payment_reported": _movement,
    "payment_retried": _failed,
    "advance_ordered": _advanced,
    "debt_written_off": _debt,
    "hold_placed": lambda case: {"until": (case.now + timedelta(days=7)).isoformat()},
}
"""What of the example of a kind depends on the case; the rest stands in the catalogue of its class."""
