"""A small platform around the activities: orders, the real rules, the packaged rulebook, and what people were told."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.cases.record import CaseRecorder
from activities.cases.registry import CaseRegistry
from activities.partner_events.publishing import OutboxPublisher
from activities.store.pool import Pool
from tests.activities.partner_events.receiving import Subscribers
from tests.workflows.complaint.steps import facts_of
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.filing import Filing, OrderLine, Request
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.domain.parcels import Parcel, on_their_way
from workflows.complaint.domain.records import Notice, Record, Registration
from workflows.complaint.rules.dispatch import expire, hear
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.money.orders import decided_for_the_buyer
from workflows.complaint.rules.registration import open_case
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.partner_events import Stream
from workflows.complaint.views.view import view_of
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.policy.loading import packaged
from workflows.policy.rulebook import Rulebook
from workflows.vocabulary import Channel, MoneyState, Phase, Problem, Remedy, Role

MORNING = datetime(2026, 11, 18, 2, tzinfo=UTC)
"""Wednesday 10:00 in Beijing: agents a-1 and a-3 are on shift."""

BUYER, SELLER = Party(role=Role.BUYER, id="b-1"), Party(role=Role.SELLER, id="sl-1")
AGENT = Party(role=Role.AGENT, id="a-1")

_numbers = itertools.count(1)


class World:
    """Everything an activity needs, on one database; `told` is every notice that was started, as often as it was."""

    def __init__(self, pool: Pool, rulebook: Rulebook | None = None) -> None:
        self.pool, self.rulebook = pool, rulebook or packaged()
        self.told: list[Notice] = []
        self.asked = 0
        self.subscribers, self.started = Subscribers(), list[Stream]()
        self.partners = OutboxPublisher(pool, self.subscribers, start_deliveries=self.start)
        self.registry = CaseRegistry(
            pool, self, self.rulebook, open_case=open_case, view_of=view_of, notices_of=notices_of,
            start_notices=self.tell, partners=self.partners,
        )  # fmt: skip
        self.watched: list[Parcel] = []
        self.records = CaseRecorder(pool, start_notices=self.tell, partners=self.partners, watch=self.watch)

    async def tell(self, notices: Sequence[Notice]) -> None:
        self.told.extend(notices)

    async def start(self, streams: Sequence[Stream]) -> None:
        self.started.extend(streams)

    async def watch(self, burst: Record) -> None:
        self.watched.extend(on_their_way(burst.view))

    async def line(self, order_id: str, line: int) -> OrderLine | None:
        self.asked += 1
        return None if order_id == "o-unknown" else an_order(order_id, line)

    async def register(self, registration: Registration) -> Case:
        return await ActivityEnvironment().run(self.registry.register, registration)

    async def opened(self, **changes: Any) -> Case:
        return await self.register(a_registration(**changes))

    async def record(self, burst: Record) -> None:
        await ActivityEnvironment().run(self.records.record, burst)


def an_order(order_id: str, line: int = 1) -> OrderLine:
    return OrderLine(
        order_id=order_id, line=line, buyer_id="b-1", seller_id="sl-1", item_id="i-1", title="青瓷茶具",
        paid=Money(amount=29900), shipping_fee=Money(amount=1000), paid_at=MORNING - timedelta(days=9),
        delivered_at=MORNING - timedelta(days=2),
    )  # fmt: skip


def a_registration(at: datetime = MORNING, complaint: str | None = None, **changes: object) -> Registration:
    """A filing nobody has made yet, about an order of its own, unless told otherwise."""
    number = next(_numbers)
    refund = Request(remedy=Remedy.REFUND, amount=Money(amount=29900))
    filing = Filing(
        request_id=f"r-{number}", channel=Channel.ORDER_PAGE, filed_by=BUYER, order_id=f"o-{number}", line=1,
        problem=Problem.QUALITY, description="壶嘴有裂纹", request=refund,
    )  # fmt: skip
    return Registration(complaint=complaint or f"C20261118-{number:010d}", filing=filing.but(**changes), at=at)


def burst(before: Case, after: Case) -> Record:
    """What the workflow hands over to be recorded when a case has moved on."""
    steps = tuple(one for one in after.timeline if one.number > before.steps)
    return Record(
        complaint=after.complaint, steps=steps, ended=after.ended[len(before.ended) :], ended_from=len(before.ended),
        view=view_of(after), decided=decided_for_the_buyer(after), notices=notices_of(after, steps),
        movements=tuple(entry.movement for entry in after.money),
        goods_since=after.goods[-1].since if after.goods else None,
    )  # fmt: skip


def said(case: Case, kind: str, sender: Party, after: timedelta = timedelta(minutes=5), **body: object) -> Case:
    """Return the case after a message that it must take."""
    number = len(case.heard)
    message = KINDS[kind].model_validate({"kind": kind, "message_id": f"m-{number}", "sender": sender, **body})
    heard, answer = hear(case, message, case.now + after)
    assert answer.accepted, answer
    return heard


def accepted(case: Case) -> Case:
    assert case.handler is not None
    return said(case, "reviewed", Party(role=Role.AGENT, id=case.handler), decision="accept")


def agreed(case: Case) -> Case:
    return said(accepted(case), "seller_answered", SELLER, answer="agree")


def shipped(case: Case, tracking: str, carrier: str = "sf", buyer: Party = BUYER) -> Case:
    """Return the case after the buyer has sent the goods back."""
    return said(case, "goods_sent", buyer, leg="return", carrier=carrier, tracking=tracking)


def reported(case: Case, state: MoneyState, reference: str | None = None) -> Case:
    """Return the case after its first movement has come to that state."""
    entry = case.money[0]
    movement = entry.movement.but(state=state, provider_reference=reference)
    case = emit(case, case.now, facts_of(f"payment_{state}", movement=movement.key), "R6.10", amount=movement.amount)
    return case.but(money=(entry.but(movement=movement), *case.money[1:]))


def withdrawn(case: Case) -> Case:
    ended = said(case, "withdrawn", BUYER, reason="问题已解决")
    assert ended.phase is Phase.CLOSED
    return ended


def later(case: Case, by: timedelta) -> Case:
    return expire(case, case.now + by)
