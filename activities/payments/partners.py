"""The payment provider: one payment per movement, looked up by its key before anything is sent again (R6.10)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from activities.partners.http import Answer, PartnerClient, segment
from workflows.money.amount import NOTHING, Money
from workflows.money.movement import LineRef, Movement, PaymentAnswer
from workflows.parties import Party
from workflows.values import Id, Instant, ShortText

_State = Literal["settled", "pending", "declined", "failed", "reversed"]
_Result = Literal["settled", "pending", "refused"]

_RESULTS: dict[_State, _Result] = {
    "settled": "settled",
    "pending": "pending",
    "declined": "refused",
    "failed": "refused",
    "reversed": "settled",
}
"""Declined at once or failed after it was pending: both are proven, nothing has moved. What was reversed had settled:
that it was taken back is a fact of its own, which the provider reports."""


PAGE = 500
"""Entries asked for at once, and how many bytes they may take: about 2 kB each with the longest remark."""

BIGGEST_PAGE = 2 * 1024 * 1024


class _Account(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    role: str
    id: str


class _Payment(BaseModel):
    """The provider's word on one payment."""

    model_config = ConfigDict(frozen=True, strict=True)

    key: str
    purpose: str
    payer: _Account = Field(alias="from")
    payee: _Account = Field(alias="to")
    amount: Money
    state: _State
    reference: Id
    reason: ShortText | None = None
    line: LineRef | None = None
    rest: Money | None = None
    from_deposit: Money = NOTHING
    available: Money | None = None

    def is_for(self, movement: Movement) -> bool:
        """Tell whether this is the payment we asked for, in all that matters."""
        asked = (movement.key, movement.purpose.value, movement.amount)
        parties = [(party.role.value, party.id) for party in (movement.payer, movement.payee)]
        named = [(account.role, account.id) for account in (self.payer, self.payee)]
        whose = (self.line, self.rest) == (movement.line, movement.rest)
        return (self.key, self.purpose, self.amount) == asked and named == parties and whose

    @property
    def result(self) -> _Result:
        """What it means for the movement."""
        return _RESULTS[self.state]


class Booked(_Payment):
    """One line of the provider's own book, whether we know it or not."""

    time: Instant
    changed: Instant
    """When its state last changed."""


class _Page(BaseModel):
    model_config = ConfigDict(strict=True)

    payments: tuple[Booked, ...]
    next: int | None = None


class _Cover(BaseModel):
    model_config = ConfigDict(strict=True)

    available: Money | None


class PaymentProvider(PartnerClient):
    """Pays over HTTP; raises PartnerUnreachable or PartnerConfused, neither of which proves that nothing was paid."""

    NAME = "the payment provider"

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        """Pay a movement once and return the provider's word: settled, pending, or refused for a business reason.

        Safe to call any number of times with the same movement. `first_attempt` spares the look-up when nothing
        can have been sent yet; anything else looks the key up first, since providers forget keys in time.
        """
        known = None if first_attempt else await self.look_up(movement)
        return known if known is not None else await self._send(movement)

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return what the provider knows of a movement; None if it says it never heard of the key."""
        answer = await self._partner.call("GET", f"/payments/{segment(movement.key)}")
        if answer.status == 404 and self._partner.code_of(answer) == "no_such_payment":
            return None
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return self._understand(answer, movement)

    async def entries(
        self, complaint: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Booked]:
        """Go through the provider's book in its order: of one complaint, or what changed in a time, or all of it.

        `until` itself is not in it any more. What is written meanwhile may be in it or not.
        """
        wanted = {"complaint": complaint, "since": _rfc(since), "until": _rfc(until), "limit": PAGE}
        given: dict[str, object] = {name: value for name, value in wanted.items() if value is not None}
        after: int | None = 0
        while after is not None:
            page = await self._page(given | {"after": after})
            for entry in page.payments:
                yield entry
            if page.next is not None and page.next <= after:
                raise self._partner.confused(f"turns the pages of its book backwards, from {after} to {page.next}")
            after = page.next

    async def greet(self) -> None:
        """Ask for next to nothing, to learn whether the provider answers and believes that it is we who ask."""
        await self._page({"limit": 1})

    async def cover(self, seller: Party, line: LineRef) -> Money | None:
        """Return what a line's held money and its seller's deposit could give now; None if the provider cannot say."""
        path = f"/cover/{segment(seller.id)}/{segment(line.order_id)}/{line.line}"
        answer = await self._partner.call("GET", path)
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return self._partner.read(_Cover, answer).available

    async def _page(self, wanted: dict[str, object]) -> _Page:
        answer = await self._partner.call("GET", f"/payments?{urlencode(wanted)}", biggest=BIGGEST_PAGE)
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return self._partner.read(_Page, answer)

    async def _send(self, movement: Movement) -> PaymentAnswer:
        answer = await self._partner.call("POST", "/payments", _request(movement), key=movement.key)
        if answer.status not in (200, 201, 202, 402):
            raise self._partner.unexpected(answer)
        understood = self._understand(answer, movement)
        if (answer.status == 402) != (understood.result == "refused"):
            raise self._partner.confused(f"answered {answer.status} for {movement.key} but says {understood.result}")
        return understood

    def _understand(self, answer: Answer, movement: Movement) -> PaymentAnswer:
        payment = self._partner.read(_Payment, answer)
        if not payment.is_for(movement):
            raise self._partner.confused(f"holds another payment under the key {movement.key}")
        if payment.amount < payment.from_deposit:
            raise self._partner.confused(f"took more than the whole from the deposit for {movement.key}")
        return PaymentAnswer(
            result=payment.result,
            provider_reference=payment.reference,
            reason=payment.reason,
            from_deposit=payment.from_deposit,
            available=payment.available if payment.result == "refused" else None,
        )


def _rfc(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def _request(movement: Movement) -> dict[str, object]:
    wanted = movement.model_dump(mode="json", by_alias=True)
    names = ("key", "purpose", "from", "to", "amount", "remark", "line", "rest")
    return {name: wanted[name] for name in names if wanted[name] is not None}
