"""An example of each message, ready to be sent: valid for this very case, as far as a case can know."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from workflows.complaint.domain.case import Case
from workflows.complaint.rules.advances.balance import debt_of
from workflows.complaint.rules.advances.entitlement import most_to_be_advanced
from workflows.complaint.rules.advances.ordering import to_be_tried_again
from workflows.complaint.rules.burden import burden
from workflows.complaint.rules.offers import GOODWILL, goodwill
from workflows.vocabulary import Role

_EVIDENCE = {
    "id": "e-1",
    "kind": "photo",
    "uri": "https://evidence.example/e-1",
    "sha256": "0" * 64,
    "note": "开箱照片",
}


def example(case: Case, kind: str, role: Role) -> dict[str, Any]:
    """Return a payload of that kind, from somebody of that role who may send it now."""
    return {
        "message_id": f"{kind}-{case.steps + 1}",
        "sender": {"role": str(role), "id": _who(case, role)},
        **BODIES[kind](case),
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


def _fixed(**body: Any) -> Body:
    return lambda _: body


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


BODIES: dict[str, Body] = {
    "reviewed": _fixed(decision="accept", text="符合受理条件"),
    "material_supplied": _fixed(text="补充材料见附件"),
    "handed_over": lambda case: {"to": _next_agent(case), "open_points": "等待卖家举证"},
    "seller_answered": _fixed(answer="agree"),
    "offer_made": lambda case: {**_proposal(case), "text": "协商方案"},
    "offer_confirmed": _offer,
    "offer_rejected": _offer,
    "intervention_requested": _fixed(text="请平台介入"),
    "evidence_requested": _request,
    "evidence_submitted": _fixed(evidence=[_EVIDENCE], final=True),
    "late_evidence_admitted": lambda case: {"evidence_ids": _late(case), "reason": "因物流延误，理由成立"},
    "buyer_contacted": _fixed(result="reached", text="已电话联系买家"),
    "ruled": lambda case: {
        "liability": "seller",
        **_award(case),
        "freight": "seller",
        "reason": "not_as_described",
        "text": "经核实支持买家诉求",
    },
    "ruling_countersigned": lambda case: {**_ruling(case), "decision": "approve"},
    "ruling_confirmed": _ruling,
    "ruling_appealed": lambda case: {**_ruling(case), "grounds": "有新的证据"},
    "appeal_decided": _fixed(decision="uphold", text="维持原裁决"),
    "external_recourse_noted": _fixed(forum="regulator", reference="12315-1"),
    "withdrawn": _fixed(reason="已自行解决"),
    "goods_sent": lambda case: {**_leg(case), "carrier": "sf", "tracking": "SF1234567890"},
    "parcel_reported": lambda case: {"tracking": _tracking(case), "event": "delivered", "at": case.now.isoformat()},
    "goods_received": lambda case: {**_leg(case), "condition": "intact"},
    "fulfilment_declined": _fixed(reason="out_of_stock"),
    "apology_made": _fixed(text="非常抱歉给您带来不便"),
    "payment_reported": lambda case: {**_movement(case), "result": "settled", "provider_reference": "p-1"},
    "payment_retried": lambda case: {**_failed(case), "reason": "重新付款"},
    "advance_ordered": lambda case: {**_advanced(case), "reason": "卖家资金不足，平台先行垫付"},
    "debt_written_off": lambda case: {**_debt(case), "reason": "多次追偿无果"},
    "survey_answered": _fixed(score=5, comment="满意"),
    "callback_made": _fixed(result="reached", score=5),
    "letter_sent": _fixed(text="致歉信"),
    "work_order_opened": _fixed(department="purchasing", question="请核实该批次面料成分"),
    "work_order_answered": _fixed(cause="供应商以次充好", responsible="采购二组", plan="下架该批次并全额退款"),
    "work_order_plan_decided": _fixed(decision="accept", text="同意"),
    "calendar_reprojected": _fixed(calendar_version="cn-2027-1", reason="新年度放假安排已公布"),
    "hold_placed": lambda case: {"reason": "等待司法协助", "until": (case.now + timedelta(days=7)).isoformat()},
    "hold_released": _fixed(reason="情况已查明"),
    "noted": _fixed(text="已联系双方"),
}
"""Kind to its body; a kind that no rule hears has none."""
