"""An example of each message, ready to be sent: valid for this very case, as far as a case can know."""

from typing import Any

from workflows.domain.case import Case
from workflows.domain.vocabulary import Role

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
        **_body(case, kind),
    }


def _who(case: Case, role: Role) -> str:
    if role is Role.BUYER:
        return case.buyer.id
    if role is Role.SELLER and case.seller:
        return case.seller.id
    if role is Role.AGENT and case.handler and case.staff.knows(role, case.handler):
        return case.handler
    known = case.staff.of(role)
    return known[0] if known else "provider"


def _body(case: Case, kind: str) -> dict[str, Any]:
    bodies: dict[str, dict[str, Any]] = {
        "reviewed": {"decision": "accept", "text": "符合受理条件"},
        "material_supplied": {"text": "补充材料见附件"},
        "seller_answered": {"answer": "agree"},
        "offer_made": {**_award(case), "text": "协商方案"},
        "offer_confirmed": {"offer": case.offer.number if case.offer else 1},
        "offer_rejected": {"offer": case.offer.number if case.offer else 1},
        "intervention_requested": {"text": "请平台介入"},
        "evidence_requested": {"from": ["seller"], "to_prove": "发货凭证或物流单号"},
        "evidence_submitted": {"evidence": [_EVIDENCE], "final": True},
        "late_evidence_admitted": {"evidence_ids": _late(case), "reason": "因物流延误，理由成立"},
        "ruled": {
            "liability": "seller",
            **_award(case),
            "freight": "seller",
            "reason": "not_as_described",
            "text": "经核实支持买家诉求",
        },
        "ruling_countersigned": {"ruling": len(case.rulings) or 1, "decision": "approve"},
        "ruling_confirmed": {"ruling": len(case.rulings) or 1},
        "ruling_appealed": {"ruling": len(case.rulings) or 1, "grounds": "有新的证据"},
        "appeal_decided": {"decision": "uphold", "text": "维持原裁决"},
        "withdrawn": {"reason": "已自行解决"},
        "payment_reported": {
            "movement": case.money[-1].movement.key if case.money else "",
            "result": "settled",
            "provider_reference": "p-1",
        },
        "payment_retried": {"movement": case.money[-1].movement.key if case.money else "", "reason": "重新付款"},
        "survey_answered": {"score": 5, "comment": "满意"},
        "callback_made": {"result": "reached", "score": 5},
        "letter_sent": {"text": "致歉信"},
        "buyer_contacted": {"result": "reached", "text": "已电话联系买家"},
        "noted": {"text": "已联系双方"},
        "handed_over": {"to": _next_agent(case), "open_points": "等待卖家举证"},
        "goods_sent": {
            "leg": case.goods[-1].leg if case.goods else "return",
            "carrier": "sf",
            "tracking": "SF1234567890",
        },
        "parcel_reported": {
            "tracking": (case.goods[-1].tracking if case.goods else None) or "SF1234567890",
            "event": "delivered",
            "at": case.now.isoformat(),
        },
        "goods_received": {"leg": _leg(case), "condition": "intact"},
        "fulfilment_declined": {"reason": "out_of_stock"},
        "apology_made": {"text": "非常抱歉给您带来不便"},
        "external_recourse_noted": {"forum": "regulator", "reference": "12315-1"},
    }
    return bodies[kind]


def _award(case: Case) -> dict[str, Any]:
    request = case.filing.request
    amount = {"amount": request.amount.model_dump()} if request.amount else {}
    return {"remedy": str(request.remedy), **amount}


def _next_agent(case: Case) -> str:
    return next(one for one in case.staff.of(Role.AGENT) if one != case.handler)


def _leg(case: Case) -> str:
    return case.goods[-1].leg if case.goods else "return"


def _late(case: Case) -> list[str]:
    return [one.item.id for one in case.exhibits if one.state == "late"] or ["e-1"]
