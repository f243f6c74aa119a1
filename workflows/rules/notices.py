"""Who is told what, and when (R1.5, R7.2, R10.1, R10.3): one row per event of the timeline."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from workflows.domain.case import Case
from workflows.domain.explained import due_in_words
from workflows.domain.filing import Party
from workflows.domain.records import Notice
from workflows.domain.timeline import Step
from workflows.domain.vocabulary import STAFF, Outcome, Phase, Role
from workflows.rules.deadlines import deadlines, expected
from workflows.rules.movements import entry_of

Recipients = Callable[[Case, Step], Iterator[Party]]


def _buyer(case: Case, step: Step) -> Iterator[Party]:
    del step
    yield case.buyer


def _filer(case: Case, step: Step) -> Iterator[Party]:
    del step
    yield case.filing.filed_by


def _seller(case: Case, step: Step) -> Iterator[Party]:
    del step
    if case.seller:
        yield case.seller


def _handler(case: Case, step: Step) -> Iterator[Party]:
    del step
    if case.handler:
        agent = case.staff.knows(Role.AGENT, case.handler)
        yield Party(role=Role.AGENT if agent else Role.SUPERVISOR, id=case.handler)


def _who_sees_to_it(case: Case, step: Step) -> Iterator[Party]:
    """The handler, unless the failure leads on by itself: to an advance, or to a debt (R6.11, R9.5)."""
    entry = entry_of(case, (step.reason or "").split(": ")[0])
    if entry is None or entry.owned_since:
        yield from _handler(case, step)


def _repaid_by(case: Case, step: Step) -> Iterator[Party]:
    entry = entry_of(case, (step.reason or "").split(": ")[0])
    if entry and entry.movement.payer.role is Role.SELLER:
        yield entry.movement.payer


def _department(case: Case, step: Step) -> Iterator[Party]:
    """The department of the work order that the step names, of the latest where it names none."""
    named = [one for one in case.work_orders if step.reason == f"work order {one.number}"]
    for order in named or case.work_orders[-1:]:
        yield Party(role=Role.DEPARTMENT, id=order.department)


def _departments(case: Case, step: Step) -> Iterator[Party]:
    """Every department that had a work order, and the sales side, which learns each result (R10.3)."""
    del step
    asked = (order.department for order in case.work_orders)
    for one in dict.fromkeys((*asked, _SALES)):
        if case.staff.knows(Role.DEPARTMENT, one):
            yield Party(role=Role.DEPARTMENT, id=one)


_SALES = "operations"
"""The department of promises and page content is the platform's side of the sale."""


def _waiting_buyer(case: Case, step: Step) -> Iterator[Party]:
    """Who waits is told when to expect news; after the end nobody waits."""
    del step
    if not case.closed:
        yield case.buyer


def _holder(case: Case, step: Step) -> Iterator[Party]:
    """Who owes the act that the step is about: the handler, the department, or everybody of the role (R7.2)."""
    limits = case.policy.limits.values()
    actor = next((one.actor for one in limits if step.reason == f"{one.act} ({one.rule})"), Role.AGENT)
    if actor is Role.DEPARTMENT:
        yield from _department(case, step)
    elif actor in STAFF and actor is not Role.AGENT:
        yield from _all(Role(actor))(case, step)
    else:
        yield from _handler(case, step)


def _all(role: Role) -> Recipients:
    def everybody(case: Case, step: Step) -> Iterator[Party]:
        del step
        for one in case.staff.of(role):
            yield Party(role=role, id=one)

    return everybody


def _asked(case: Case, step: Step) -> Iterator[Party]:
    del step
    asked = case.ruling.asked if case.ruling else ()
    yield from (party for party in (case.buyer, case.seller) if party and party.role in asked)


def _others(case: Case, step: Step) -> Iterator[Party]:
    for party in (case.buyer, case.seller):
        if party and party.role is not step.role:
            yield party


_supervisors, _operations_manager = _all(Role.SUPERVISOR), _all(Role.OPERATIONS_MANAGER)
_general_manager = _all(Role.GENERAL_MANAGER)

TOLD: dict[str, tuple[tuple[str, tuple[Recipients, ...]], ...]] = {
    "filed": (("filed", (_buyer, _seller)),),
    "filing_refused": (("filing_refused", (_filer,)),),
    "assigned": (("assigned", (_handler,)),),
    "courtesy_call_given": (("not_applicable", (_buyer,)), ("courtesy_call_given", (_handler,))),
    "first_response_missed": (("first_response_missed", (_supervisors,)),),
    "reviewed: need_material": (("material_asked", (_buyer,)),),
    "reviewed: accept": (("accepted", (_buyer, _seller)),),
    "material_supplied": (("material_supplied", (_handler,)),),
    "handed_over": (("assigned", (_handler,)),),
    "seller_answered": (("seller_answered", (_buyer,)),),
    "offer_made": (("offer_made", (_others,)),),
    "offer_confirmed": (("offer_confirmed", (_others,)),),
    "offer_rejected": (("offer_rejected", (_others,)),),
    "appeal_decided": (("appeal_decided", (_buyer, _seller, _handler)),),
    "offer_lapsed": (("offer_lapsed", (_buyer, _seller)),),
    "intervention_started": (("intervention_started", (_buyer, _seller, _handler)),),
    "ruling_sent": (("ruling_sent", (_asked,)),),
    "countersign_awaited": (("countersign_awaited", (_supervisors,)), ("passed_up", (_buyer,))),
    "ruling_appealed": (("appealed", (_supervisors, _others)),),
    "ruling_final": (("ruling_final", (_buyer, _seller)),),
    "amount_cut": (("amount_cut", (_handler,)),),
    "payment_settled: advance": (("advance_frozen", (_buyer, _seller)),),
    "payment_settled: unfreeze": (("advance_unfrozen", (_buyer,)),),
    "payment_settled: claw_back": (("advance_clawed_back", (_buyer,)),),
    "payment_settled: recovery": (("advance_recovered", (_repaid_by,)),),
    "payment_settled: restitution": (("restitution_paid", (_seller,)),),
    "ruling_overturned": (("ruling_overturned", (_seller, _handler)),),
    "payment_settled: payout": (("held_money_paid_out", (_seller,)),),
    "payment_settled: write_off": (),
    "advance_wanted": (("advance_wanted", (_handler,)),),
    "buyer_to_be_asked": (("buyer_to_be_asked", (_handler, _buyer)),),
    "debt_recorded": (("debt_recorded", (_seller, _operations_manager)),),
    "payment_settled": (("payment_settled", (_buyer,)),),
    "payment_failed": (("payment_failed", (_who_sees_to_it,)),),
    "payment_reversed": (("payment_failed", (_who_sees_to_it,)),),
    "payment_overdue": (("payment_overdue", (_handler,)),),
    "follow_up_started": (("follow_up_started", (_buyer,)),),
    "survey_reminded": (("survey_reminded", (_buyer,)),),
    "callback_task_given": (("callback_task_given", (_handler,)),),
    "second_cycle_started": (("second_cycle_started", (_handler,)),),
    "duty_warned": (("duty_warned", (_holder,)),),
    # A duty is missed at its due instant, often at midnight; that is told with the first rung, which is quiet by night.
    "escalated_to_supervisor": (
        ("duty_missed", (_holder,)),
        ("escalated_to_supervisor", (_supervisors,)),
        ("expected_time_told", (_waiting_buyer,)),
    ),
    "escalated_to_operations_manager": (
        ("escalated_to_operations_manager", (_operations_manager,)),
        ("expected_time_told", (_waiting_buyer,)),
    ),
    "duty_reminded": (("duty_reminded", (_holder, _operations_manager)),),
    "refused: overtaken": (("message_overtaken", (_supervisors,)),),
    "evidence_requested": (("evidence_requested", (_buyer, _seller)),),
    "evidence_silence": (("evidence_silence", (_handler,)),),
    "goods_sent": (("goods_sent", (_others,)),),
    "carrier_inquiry_given": (("carrier_inquiry_given", (_handler,)),),
    "became_a_refund": (("became_a_refund", (_buyer, _seller)),),
    "work_order_opened": (("work_order_opened", (_department,)),),
    "date_named": (("date_named", (_buyer, _handler)),),
    "work_order_superseded": (("work_order_superseded", (_department,)),),
    "plan_put_to_buyer": (("plan_put_to_buyer", (_buyer,)),),
    "plan_put_to_manager": (("plan_put_to_manager", (_general_manager,)), ("passed_up", (_buyer,))),
    "hold_ended": (("hold_ended", (_operations_manager,)),),
    "of a grave complaint": (("grave_step", (_general_manager,)),),
    "closed": (("closed", (_buyer, _seller, _handler, _departments)),),
}
"""Event of a step (with its decision or code where that matters) to notices and their recipients."""


def notices_of(case: Case, steps: Iterable[Step]) -> tuple[Notice, ...]:
    """Return what those steps give to tell; who is meant twice, as holder and by rank, is told once."""
    return tuple({notice.key: notice for step in steps for notice in _notices(case, step)}.values())


def _notices(case: Case, step: Step) -> Iterator[Notice]:
    if case.outcome is Outcome.REFUSED and step.event != "filing_refused":
        return  # only who filed hears of it: the order may be somebody else's (R1.3)
    for event, recipients in (*_told(step), *_told_above(case, step)):
        for recipient in recipients:
            for party in recipient(case, step):
                key, data = _key(case, step, event, party), _data(case, step, event)
                yield Notice(key=key, complaint=case.complaint, to=party, event=event, data=data)


def _key(case: Case, step: Step, event: str, party: Party) -> str:
    """Return the notice's own key, at most 128 characters; two long ids that begin alike still have two."""
    key = f"{case.complaint}:{step.number}:{event}:{party.role}:{party.id}"
    return key if len(key) <= _LONGEST_KEY else f"{key[:95]}:{sha256(key.encode()).hexdigest()[:32]}"


_LONGEST_KEY = 128


def _told_above(case: Case, step: Step) -> tuple[tuple[str, tuple[Recipients, ...]], ...]:
    # Major, batch and claim: the general manager gets every further step (R2.4).
    grave = case.grave_from is not None and step.number >= case.grave_from
    return TOLD["of a grave complaint"] if grave else ()


def _told(step: Step) -> tuple[tuple[str, tuple[Recipients, ...]], ...]:
    # A refused message names its kind first, then the code; a review its decision.
    words = (step.reason or "").replace(":", " ").split()
    detailed = [f"{step.event}: {word}" for word in words[:2]]
    return next((TOLD[event] for event in (*detailed, step.event) if event in TOLD), ())


def _data(case: Case, step: Step, event: str) -> dict[str, str]:
    by = expected(case) if event in _NEWS else min((one.due_at for one in deadlines(case)), default=None)
    return {
        "complaint": case.complaint,
        "order": case.filing.order_id,
        "item": case.order.title if case.order else "",
        "problem": case.filing.problem,
        "phase": case.phase,
        "outcome": case.outcome or "",
        "amount": str(step.amount) if step.amount else "",
        "reason": step.reason or "",
        "step": step.event,
        "rule": step.rule,
        "expected": due_in_words(by) if by and case.phase is not Phase.CLOSED else "",
    }


_NEWS = frozenset({"expected_time_told", "passed_up"})
"""Notices that promise the buyer a time: never one that is over already."""
