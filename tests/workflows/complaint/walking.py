"""Random histories of a complaint: what may be said and much that may not, time that passes, money that comes and goes.

A walk is made of small numbers, so that it shrinks to something readable and can be walked again in another manner.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.stories import BY_NAME
from tests.workflows.complaint.playing import MONDAY_MORNING, act, opened
from workflows.answers import Answer
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import KINDS, Message
from workflows.complaint.rules.deadlines import next_moment
from workflows.complaint.rules.dispatch import allowed, expire, hear, paid, reprojected
from workflows.complaint.rules.money.settlement import owed, requested
from workflows.complaint.views.examples import example
from workflows.money.amount import Money
from workflows.money.movement import PaymentAnswer
from workflows.policy.loading import packaged
from workflows.time.calendar import Calendar
from workflows.vocabulary import Role

STARTS = (
    ("the_seller_agrees_at_once", 0),
    ("a_counter_offer_is_confirmed", 0),
    ("a_ruling_above_the_limit_is_returned_and_then_approved", 0),
    ("an_apology_is_all_that_is_asked", 0),
    ("the_goods_come_back_intact_and_are_refunded", 0),
    ("the_goods_are_exchanged", 0),
    ("what_never_arrived_is_sent_again", 0),
    ("a_claim_for_a_counterfeit_is_countersigned_and_paid_threefold", 0),
    ("without_photos_on_opening_a_no_reason_return_goes_through", 0),
    ("the_platform_erred_and_pays_the_way_to_the_repair", 0),
    ("the_missing_part_is_sent_by_ruling", 0),
    ("a_seller_who_has_confirmed_is_asked_for_the_money_first", 4),
    ("an_advance_goes_back_when_the_ruling_is_overturned", 5),
    ("an_advance_is_unfrozen_when_the_return_is_intact", 8),
    ("the_handler_orders_an_advance_where_the_sellers_money_does_not_cover", 7),
)
"""Stories, and how many of their acts are behind a complaint when it begins to walk: advances come late in its life."""
_KNOWN = packaged().calendar
_EVERY_TUESDAY = {date(2026, 1, 6) + timedelta(weeks=week): "Extra Day" for week in range(50)}
CALENDARS = (
    None,
    _KNOWN.but(version="cn-more-off", days_off=_KNOWN.days_off | _EVERY_TUESDAY),
    _KNOWN.but(version="cn-none-off", days_off={}),
)
"""What may come when a calendar is asked for: none, one with more days off, one without any."""

_AFTER_THE_END = 8
_TICK = timedelta(microseconds=1)
_GAPS = (timedelta(), timedelta(), timedelta(minutes=5), timedelta(hours=7), timedelta(days=1), timedelta(days=6))
_TO_THE_DEADLINE = {6: -_TICK, 7: timedelta(), 8: _TICK}
"""Gaps that land a hair before, at and after the next deadline."""


class Move(NamedTuple):
    """One move: how long it takes, who says what about it, and how the provider answers what is owed then."""

    gap: int
    choice: int
    twist: int
    wild: bool
    payment: int


_MOVE = st.builds(
    Move,
    gap=st.integers(0, 8),
    choice=st.integers(0, 999),
    twist=st.integers(0, 14),
    wild=st.integers(0, 4).map(lambda number: number == 0),
    payment=st.integers(0, 7),
)
MOVES = st.lists(_MOVE, max_size=12) | st.lists(_MOVE, min_size=13, max_size=40)
"""Short ways and long ones; without the second kind few ways would get as far as a second cycle."""


class Said(NamedTuple):
    """A message, when it was received, and the case just before and after it was heard."""

    at: datetime
    message: Message
    before: Case
    after: Case
    answer: Answer


class Banked(NamedTuple):
    """The provider was asked for a movement at that instant and answered."""

    at: datetime
    key: str
    answer: PaymentAnswer


class Counted(NamedTuple):
    """The calendar that was wanted came at that instant, or there is none of that version."""

    at: datetime
    calendar: Calendar | None


class Walk:
    """A complaint on a random way, with all that happened on it."""

    def __init__(self, case: Case, now: datetime) -> None:
        self.case, self.now = case, now
        self.events: list[Said | Banked | Counted] = []
        self.cases: list[Case] = [case]

    def become(self, case: Case) -> None:
        """Take over the next case."""
        self.case = case
        self.cases.append(case)


def walk(moves: list[Move], start: int = 0, filed_at: datetime = MONDAY_MORNING) -> Walk:
    """Walk those moves from one of the starts."""
    name, acts = STARTS[start % len(STARTS)]
    play = opened(BY_NAME[name], filed_at)
    for number in range(acts):
        act(play, number)
    on_way = Walk(play.case, play.now)
    for number, move in enumerate(moves):
        if sum(case.closed for case in on_way.cases) > _AFTER_THE_END:
            break
        on_way.now += gap(on_way, move.gap)
        on_way.become(expire(on_way.case, on_way.now, at_the_instant=False))
        _say(on_way, message(on_way.case, number, move))
        _bank(on_way, move.payment)
        _count(on_way, move.payment)
    return on_way


def gap(on_way: Walk, chosen: int) -> timedelta:
    """Return how long a move takes."""
    if chosen < len(_GAPS):
        return _GAPS[chosen]
    moment = next_moment(on_way.case)
    return max(moment.at - on_way.now + _TO_THE_DEADLINE[chosen], timedelta()) if moment else timedelta()


def _say(on_way: Walk, said: Message) -> None:
    before = on_way.case
    after, answer = hear(before, said, on_way.now)
    on_way.events.append(Said(on_way.now, said, before, after, answer))
    on_way.become(after)


def _bank(on_way: Walk, choice: int) -> None:
    while (movement := owed(on_way.case)) and not on_way.case.closed:
        answer = bank_answer(choice)
        on_way.events.append(Banked(on_way.now, movement.key, answer))
        on_way.become(happened(on_way.case, on_way.events[-1]))


def _count(on_way: Walk, choice: int) -> None:
    wanted = on_way.case.calendar_wanted
    if wanted is not None and choice % 2:  # else it is still on its way
        on_way.events.append(Counted(on_way.now, CALENDARS[choice % len(CALENDARS)]))
        on_way.become(happened(on_way.case, on_way.events[-1]))


def bank_answer(choice: int) -> PaymentAnswer:
    """The provider settles more often than not."""
    if choice == 5:
        return PaymentAnswer(result="refused", reason="not covered", available=Money(amount=100))
    if choice in {6, 7}:
        return PaymentAnswer(result="pending" if choice == 6 else "refused", reason="said no")
    return PaymentAnswer(result="settled", provider_reference="p-1")


def happened(case: Case, event: Banked | Counted | Said) -> Case:
    """Ask for a movement and take the answer, or take over a calendar, as the complaint's own strands do."""
    if isinstance(event, Counted):
        return reprojected(case, event.calendar, event.at)
    assert isinstance(event, Banked)
    asked = requested(expire(case, event.at, at_the_instant=False), event.key, event.at)
    return paid(asked, event.key, event.answer, event.at)


def message(case: Case, number: int, move: Move) -> Message:
    """Return something to say: mostly what is allowed now, sometimes anything from anybody."""
    kind, role = _choose(case, move)
    bodies = [*variants(case, kind, role)]
    body = bodies[move.twist % len(bodies)]
    sender = {"role": str(role), "id": _sender(case, role)}
    if move.wild and move.twist % 3 == 0:
        sender["id"] = "somebody-else"
    return KINDS[kind].model_validate(
        {**body, "kind": kind, "message_id": f"m-{number}", "sender": sender}, strict=False
    )


def _choose(case: Case, move: Move) -> tuple[str, Role]:
    offered = [(kind, role) for role in Role for kind in allowed(case, role)]
    if move.wild or not offered:
        kinds = list(KINDS)
        return kinds[move.choice % len(kinds)], list(Role)[move.choice % len(Role)]
    # What leads on is offered as often as what does not: notes and handovers are always allowed.
    moving = [one for one in offered if one[0] not in {"noted", "handed_over", "external_recourse_noted", "withdrawn"}]
    chosen = moving if moving and move.choice % 25 else offered
    return chosen[move.choice % len(chosen)]


def _sender(case: Case, role: Role) -> str:
    return str(example(case, "noted", role)["sender"]["id"])


def variants(case: Case, kind: str, role: Role) -> Iterator[dict[str, Any]]:
    """Yield bodies of a kind: the example, if there is one, and others that bring the case elsewhere."""
    if kind in allowed(case):
        given = example(case, kind, role)
        yield {key: value for key, value in given.items() if key not in {"message_id", "sender"}}
    yield from _OTHERS.get(kind, lambda _: [])(case)


def _amount(fen: int) -> dict[str, Any]:
    return {"amount": fen, "currency": "CNY"}


def _rulings(case: Case) -> list[dict[str, Any]]:
    paid_for = case.order.ceiling.amount if case.order else 1
    told = {"text": "判定", "freight": "seller"}
    seller = {**told, "liability": "seller", "reason": "quality_defect"}
    return [
        {**told, "liability": "buyer", "remedy": "none", "reason": "buyer_misuse"},
        {**seller, "remedy": "refund", "amount": _amount(paid_for)},
        {**seller, "remedy": "refund", "amount": _amount(paid_for + 1)},
        {**seller, "remedy": "compensation", "amount": _amount(paid_for * 2)},
        {**seller, "remedy": "return_refund", "amount": _amount(paid_for)},
        {**seller, "remedy": "exchange"},
        {**seller, "remedy": "repair"},
        {**seller, "remedy": "reship"},
        {**seller, "remedy": "apology"},
        {**told, "liability": "nobody", "remedy": "refund", "amount": _amount(1), "reason": "seller_silent"},
        {**told, "liability": "carrier", "remedy": "refund", "amount": _amount(paid_for), "reason": "lost_in_transit"},
        {**seller, "liability": "both", "seller_share": 60, "remedy": "price_difference", "amount": _amount(900)},
        {**told, "liability": "platform", "remedy": "coupon", "amount": _amount(2000), "reason": "platform_error"},
    ]


def _offers(case: Case) -> list[dict[str, Any]]:
    most = case.order.ceiling.amount if case.order else 1
    return [
        {"remedy": "refund", "amount": _amount(most), "text": "全退"},
        {"remedy": "coupon", "amount": _amount(max(most // 10, 1)), "text": "券"},
        {"remedy": "compensation", "amount": _amount(most * 5), "text": "多赔"},
        {"remedy": "exchange", "text": "换货"},
        {"remedy": "none", "text": "算了"},
    ]


def _numbers(name: str) -> Any:
    return lambda case: [{name: number} for number in (len(case.offers), len(case.rulings), 1) if number]


def _of_ruling(**body: Any) -> Any:
    return lambda case: [{"ruling": len(case.rulings) or 1, **body}, {"ruling": 9, **body}]


def _movements(**body: Any) -> Any:
    def bodies(case: Case) -> list[dict[str, Any]]:
        keys = [entry.movement.key for entry in case.money] or ["C:refund:1"]
        return [{"movement": key, **body} for key in keys]

    return bodies


def _reports(case: Case) -> list[dict[str, Any]]:
    results = ("failed", "reversed", "settled")
    return [one for result in results for one in _movements(result=result, provider_reference="p-9")(case)]


def _legs(case: Case) -> list[str]:
    return [case.goods[-1].leg] if case.goods else ["return"]


def _sent(case: Case) -> list[dict[str, Any]]:
    freight = [_amount(1200), _amount(9900)]
    body = {"leg": _legs(case)[0], "carrier": "sf", "tracking": f"T-{len(case.goods)}"}
    return [body, *({**body, "freight": one} for one in freight), {**body, "carrier": "turtle"}]


def _parcel(case: Case) -> list[dict[str, Any]]:
    tracking = case.goods[-1].tracking if case.goods and case.goods[-1].tracking else "T-0"
    events = ("delivered", "picked_up", "in_transit", "lost", "refused", "returned")
    return [{"tracking": tracking, "event": event, "at": case.now.isoformat()} for event in events]


def _received(case: Case) -> list[dict[str, Any]]:
    leg = {"leg": _legs(case)[0]}
    conditions = ("intact", "damaged", "wrong_or_empty", "not_received")
    return [*({**leg, "condition": one} for one in conditions), {**leg, "condition": "short", "quantity": 1}]


_OTHERS: dict[str, Any] = {
    "reviewed": lambda _: [
        *({"decision": one} for one in ("accept", "need_material", "unfounded", "need_material", "accept")),
        *({"decision": "accept", "severity": severity} for severity in ("major", "claim")),
        {"decision": "not_applicable"},
    ],
    "material_supplied": lambda _: [{"text": "材料"}],
    "handed_over": lambda case: [{"to": case.handler or "a-1"}, {"to": "s-2"}, {"to": "nobody"}],
    "seller_answered": lambda case: [
        {"answer": "refuse", "reason": "buyer_misuse"},
        *({"answer": "counter", **{k: v for k, v in one.items() if k != "text"}} for one in _offers(case)),
        {"answer": "agree"},
    ],
    "offer_made": _offers,
    "offer_confirmed": _numbers("offer"),
    "offer_rejected": _numbers("offer"),
    "intervention_requested": lambda _: [{}],
    "evidence_requested": lambda _: [{"from": ["buyer"], "to_prove": "照片"}, {"from": ["seller"], "to_prove": "单号"}],
    "evidence_submitted": lambda _: [{"evidence": [], "final": True}, {"evidence": [_photo()], "final": False}],
    "late_evidence_admitted": lambda _: [{"evidence_ids": ["e-1"], "reason": "关键"}],
    "ruled": _rulings,
    "ruling_countersigned": _of_ruling(decision="return"),
    "ruling_confirmed": _of_ruling(),
    "ruling_appealed": _of_ruling(grounds="新证据"),
    "appeal_decided": lambda case: [
        {"decision": "uphold"},
        {"decision": "send_back"},
        *({"decision": "change", **one} for one in _rulings(case)),
    ],
    "external_recourse_noted": lambda _: [
        {"forum": "court", "reference": "2026-1"},
        {"forum": "court", "reference": "2026-1", "result": "overturned"},
    ],
    "withdrawn": lambda _: [{}],
    "goods_sent": _sent,
    "fulfilment_declined": lambda _: [{"reason": "out_of_stock"}],
    "apology_made": lambda _: [{"text": "对不起"}],
    "parcel_reported": _parcel,
    "goods_received": _received,
    "payment_reported": _reports,
    "payment_retried": _movements(reason="重试"),
    "advance_ordered": lambda _: [{"amount": _amount(100), "reason": "垫付"}],
    "debt_written_off": _movements(reason="核销"),
    "buyer_contacted": lambda _: [{"result": one} for one in ("unreachable", "disputed", "confirmed")],
    "work_order_opened": lambda _: [{"department": "order", "question": "为何破损"}],
    "work_order_answered": lambda case: [
        {"cause": "c", "responsible": "r", "plan": "p"},
        {"expected_at": (case.now + timedelta(days=2)).isoformat()},
    ],
    "work_order_plan_decided": lambda _: [{"decision": "reject"}],
    "survey_answered": lambda _: [{"score": score} for score in (5, 2, 1)],
    "callback_made": lambda _: [{"result": "unreachable"}, {"result": "reached"}, {"result": "reached", "score": 1}],
    "letter_sent": lambda _: [{"text": "信"}],
    "noted": lambda _: [{"text": "记"}],
    "hold_placed": lambda case: [{"reason": "调查", "until": (case.now + timedelta(days=3)).isoformat()}],
    "hold_released": lambda _: [{"reason": "完毕"}],
    "calendar_reprojected": lambda _: [{"calendar_version": "cn-2027-1", "reason": "新历"}],
}


def _photo() -> dict[str, Any]:
    return {"id": "e-2", "kind": "photo", "uri": "oss://e-2", "sha256": "0" * 64}
