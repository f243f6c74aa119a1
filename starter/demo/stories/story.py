"""What a story is: a complaint told from filing to its end, with what must come of it.

Stories are told in people's words and in time that passes, never in dates, so they hold on any day of any year. The
demo lives through them; the tests run them through the rules alone, on the real server, replayed and cut in two.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from workflows.answers import Code
from workflows.complaint.domain.filing import Contact, Evidence, Filing, OrderLine, Request
from workflows.complaint.domain.messages import KINDS, Message
from workflows.money.amount import NOTHING, Money
from workflows.parties import Party
from workflows.time.limits import end_of
from workflows.values import BEIJING
from workflows.vocabulary import Channel, MoneyState, Outcome, Phase, Problem, Purpose, Remedy, Role

ProviderAnswer = Literal["settled", "pending", "declined"]


@dataclass(frozen=True, kw_only=True)
class Goods:
    """The order line in dispute; its instants are told as time before (or, negative, after) the filing."""

    title: str
    spec: str = ""
    quantity: int = 1
    paid: Money
    shipping: Money = NOTHING
    delivered: timedelta | None = timedelta(days=1)
    promised: timedelta | None = None
    buyer: str = "b-lihua"
    seller: str = "shop-qinghe"
    held: Money | None = None
    """What is still in escrow of the line; said, it is all that the seller has: the rest of a payment is missing."""

    def line(self, story: str, run: str, filed_at: datetime) -> OrderLine:
        """Return the line as the order system knows it, for a complaint filed at that instant."""
        return OrderLine(
            order_id=f"o-{story}-{run}",
            line=1,
            buyer_id=self.buyer,
            seller_id=self.seller,
            item_id=f"i-{story}",
            title=self.title,
            spec=self.spec,
            quantity=self.quantity,
            paid=self.paid,
            shipping_fee=self.shipping,
            paid_at=filed_at - (self.delivered or timedelta()) - timedelta(days=4),
            promised_ship_by=None if self.promised is None else filed_at - self.promised,
            shipped_at=None if self.delivered is None else filed_at - self.delivered - timedelta(days=2),
            carrier=None if self.delivered is None else "sf",
            tracking=None if self.delivered is None else f"SF-{story}-{run}"[:128],
            delivered_at=None if self.delivered is None else filed_at - self.delivered,
            held=self.held,
        )


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """What the buyer files."""

    problem: Problem
    description: str
    remedy: Remedy
    amount: Money | None = None
    channel: Channel = Channel.ORDER_PAGE
    name: str = "李华"
    filed_by: Party | None = None
    """Somebody other than the buyer of the order."""


@dataclass(frozen=True)
class Tell:
    """Somebody says something; `code` is the refusal that is expected, None when it must be heard."""

    role: Role
    kind: str
    body: dict[str, Any]
    by: str | None = None
    code: Code | None = None

    def refused(self, code: Code) -> "Tell":
        """The same words, expected to be refused."""
        return replace(self, code=code)


@dataclass(frozen=True)
class Pass:
    """Time passes, and nobody says a word."""

    time: timedelta


@dataclass(frozen=True)
class Reaches:
    """The complaint comes to that phase (and its last movement of money to that state) by itself; wait for it."""

    phase: Phase
    money: MoneyState | None = None


@dataclass(frozen=True)
class Reports:
    """The payment provider reports what became of the pending movement with that number."""

    result: Literal["settled", "failed", "reversed"]
    purpose: Purpose = Purpose.REFUND
    number: int = 1


Act = Tell | Pass | Reaches | Reports


@dataclass(frozen=True)
class Paid:
    """A movement of money as it must stand in the end."""

    purpose: Purpose
    amount: Money
    state: MoneyState = MoneyState.SETTLED


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What must come of it; `steps` and `told` name what matters, in order, and say nothing of the rest."""

    phases: tuple[Phase, ...]
    outcome: Outcome | None
    steps: tuple[str, ...]
    """Such as `seller_answered R3.1`: event and rule."""
    money: tuple[Paid, ...] = ()
    told: tuple[str, ...] = ()
    """Such as `closed buyer`: notice and to whom."""
    level: int = 0
    cycle: int = 1


@dataclass(frozen=True, kw_only=True)
class Story:
    """One complaint from beginning to end. `name` is a sentence in snake case, `zh` and `en` its titles for people."""

    name: str
    zh: str
    en: str
    rules: tuple[str, ...]
    goods: Goods | None
    complaint: Complaint
    acts: tuple[Act, ...]
    ends: Ending
    provider: tuple[ProviderAnswer, ...] = ()
    """The provider's answers to the movements in their order; it settles at once what is not named."""
    another_is_open: bool = False
    """A complaint of the same line and problem is open already."""

    def filing(self, run: str = "1") -> Filing:
        """Return the filing; `run` keeps several tellings of one story apart."""
        told = self.complaint
        buyer = Party(role=Role.BUYER, id=self.goods.buyer if self.goods else "b-lihua")
        return Filing(
            request_id=f"app-{self.name}-{run}",
            channel=told.channel,
            filed_by=told.filed_by or buyer,
            order_id=f"o-{self.name}-{run}",
            line=1,
            problem=told.problem,
            description=told.description,
            request=Request(remedy=told.remedy, amount=told.amount),
            contact=Contact(name=told.name, phone="13800000000"),
            evidence=(Evidence(id="e-1", kind="photo", uri="oss://evidence/e-1.jpg", sha256="0" * 64),),
        )

    def order(self, filed_at: datetime, run: str = "1") -> OrderLine | None:
        """Return the order line as the order system knows it, None where it knows none."""
        return self.goods.line(self.name, run, filed_at) if self.goods else None

    def payload(
        self, number: int, complaint: str, *, agent: str = "a-1", now: datetime | None = None
    ) -> dict[str, Any]:
        """Return what act `number` (from 0) says, as JSON goes over the wire, with its `kind`.

        In a body `{complaint}` stands for the complaint's number, `{now}` for the sender's own clock, and a time
        for the end of the day so long after `now`, the complaint's own time.
        """
        act = self.acts[number]
        if isinstance(act, Reports):
            act = _reported(act)
        if not isinstance(act, Tell):
            raise TypeError(f"act {number} of {self.name} says nothing")
        body = {key: _filled(value, complaint, now or datetime.now(UTC)) for key, value in act.body.items()}
        sender = {"role": str(act.role), "id": act.by or self._sender(act.role, agent)}
        return {"kind": act.kind, "message_id": f"{act.kind}-{number}", "sender": sender, **body}

    def message(self, number: int, complaint: str, *, agent: str = "a-1", now: datetime | None = None) -> Message:
        """Return what act `number` (from 0) says, as a message."""
        payload = self.payload(number, complaint, agent=agent, now=now)
        return KINDS[payload["kind"]].model_validate(payload, strict=False)

    def _sender(self, role: Role, agent: str) -> str:
        goods = self.goods
        ids = {Role.BUYER: goods.buyer if goods else "b-lihua", Role.SELLER: goods.seller if goods else "shop-qinghe"}
        return {**ids, **_STAFF, Role.AGENT: agent}[role]


_STAFF = {
    Role.SUPERVISOR: "s-1",
    Role.OPERATIONS_MANAGER: "o-1",
    Role.GENERAL_MANAGER: "g-1",
    Role.CARRIER: "sf",
    Role.PAYMENT: "provider",
}


def _filled(value: Any, complaint: str, now: datetime) -> Any:
    if isinstance(value, timedelta):
        return end_of((now + value).astimezone(BEIJING).date()).isoformat()  # people name days, not instants
    if isinstance(value, Money):
        return value.model_dump(mode="json")
    if isinstance(value, str):
        return value.replace("{complaint}", complaint).replace("{now}", datetime.now(UTC).isoformat())
    return value


def _reported(act: Reports) -> Tell:
    movement = f"{{complaint}}:{act.purpose}:{act.number}"
    body = {"movement": movement, "result": act.result, "provider_reference": f"p-{act.number}"}
    return Tell(Role.PAYMENT, "payment_reported", body)


def buyer(kind: str, **body: Any) -> Tell:
    """The buyer says something."""
    return Tell(Role.BUYER, kind, body)


def seller(kind: str, **body: Any) -> Tell:
    """The seller says something."""
    return Tell(Role.SELLER, kind, body)


def agent(kind: str, by: str | None = None, **body: Any) -> Tell:
    """An agent says something: the handler, unless another is named."""
    return Tell(Role.AGENT, kind, body, by=by)


def supervisor(kind: str, by: str = "s-1", **body: Any) -> Tell:
    """A supervisor says something."""
    return Tell(Role.SUPERVISOR, kind, body, by=by)


def manager(kind: str, **body: Any) -> Tell:
    """The operations manager says something."""
    return Tell(Role.OPERATIONS_MANAGER, kind, body)


def department(kind: str, by: str, **body: Any) -> Tell:
    """A department says something."""
    return Tell(Role.DEPARTMENT, kind, body, by=by)


def general_manager(kind: str, **body: Any) -> Tell:
    """The general manager says something."""
    return Tell(Role.GENERAL_MANAGER, kind, body)


def carrier(event: str, tracking: str) -> Tell:
    """The carrier reports on a parcel."""
    return Tell(Role.CARRIER, "parcel_reported", {"tracking": tracking, "event": event, "at": "{now}"})


def passes(*, days: int = 0, hours: int = 0, minutes: int = 0) -> Pass:
    """Time passes."""
    return Pass(timedelta(days=days, hours=hours, minutes=minutes))


def yuan(text: str) -> Money:
    """Return an amount written as `299.00`."""
    return Money.parse(text)


def refund(text: str, state: MoneyState = MoneyState.SETTLED) -> Paid:
    """A refund as it must stand in the end."""
    return Paid(Purpose.REFUND, yuan(text), state)
