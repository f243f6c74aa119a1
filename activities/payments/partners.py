"""Adapter of the partners' payment provider: one payment per key, looked up before any resend (R6.10)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from activities.partners.http import Answer, PartnerClient, path_segment
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
"""`declined` (at once) and `failed` (after pending) both prove that nothing moved. A reversed payment had settled; its
reversal is an event of its own."""


PAGE_SIZE = 500
"""Entries per page; an entry takes about 2 kB with the longest remark."""

MAX_PAGE_BYTES = 2 * 1024 * 1024


class _Account(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    role: str
    id: str


class _Payment(BaseModel):
    """A payment as the provider returns it."""

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

    def matches(self, movement: Movement) -> bool:
        """Tell whether this is the payment of the movement: key, purpose, amount, parties, line."""
        ours = (movement.key, movement.purpose.value, movement.amount)
        parties = [(party.role.value, party.id) for party in (movement.payer, movement.payee)]
        parties_named = [(account.role, account.id) for account in (self.payer, self.payee)]
        whose = (self.line, self.rest) == (movement.line, movement.rest)
        return (self.key, self.purpose, self.amount) == ours and parties_named == parties and whose

    @property
    def result(self) -> _Result:
        """The result for the movement."""
        return _RESULTS[self.state]


class BookEntry(_Payment):
    """One entry of the provider's book."""

    time: Instant
    changed: Instant
    """When its state last changed."""


class _Page(BaseModel):
    model_config = ConfigDict(strict=True)

    payments: tuple[BookEntry, ...]
    next: int | None = None


class _Coverage(BaseModel):
    model_config = ConfigDict(strict=True)

    available: Money | None


class PaymentProvider(PartnerClient):
    """Client of the payment provider; raises PartnerError, which never proves that nothing was paid."""

    NAME = "the payment provider"

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        """Pay a movement and return the provider's answer: settled, pending, or refused for a business reason.

        Idempotent. `first_attempt` skips the look-up, as nothing can have been sent yet; any other attempt looks the
        key up first, since providers expire idempotency keys.
        """
        known = None if first_attempt else await self.look_up(movement)
        return known if known is not None else await self._send(movement)

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the provider's answer to a movement; None if it does not know the key."""
        answer = await self._partner.call("GET", f"/payments/{path_segment(movement.key)}")
        if answer.status == 404 and self._partner.error_code(answer) == "no_such_payment":
            return None
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return self._decode(answer, movement)

    async def entries(
        self, complaint: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[BookEntry]:
        """Yield the provider's entries in order: of one complaint, or changed in [since, until), or all.

        Entries written meanwhile may be missing.
        """
        wanted = {"complaint": complaint, "since": _rfc(since), "until": _rfc(until), "limit": PAGE_SIZE}
        given: dict[str, object] = {name: value for name, value in wanted.items() if value is not None}
        after: int | None = 0
        while after is not None:
            page = await self._page(given | {"after": after})
            for entry in page.payments:
                yield entry
            if page.next is not None and page.next <= after:
                raise self._partner.protocol_error(
                    f"turns the pages of its book backwards, from {after} to {page.next}"
                )
            after = page.next

    async def ping(self) -> None:
        """Check that the provider answers and accepts our signature."""
        await self._page({"limit": 1})

    async def cover(self, seller: Party, line: LineRef) -> Money | None:
        """Return what held money and the seller's deposit could pay now; None if the provider cannot tell."""
        path = f"/cover/{path_segment(seller.id)}/{path_segment(line.order_id)}/{line.line}"
        answer = await self._partner.call("GET", path)
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return self._partner.decode(_Coverage, answer).available

    async def _page(self, wanted: dict[str, object]) -> _Page:
        answer = await self._partner.call("GET", f"/payments?{urlencode(wanted)}", biggest=MAX_PAGE_BYTES)
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return self._partner.decode(_Page, answer)

    async def _send(self, movement: Movement) -> PaymentAnswer:
        answer = await self._partner.call("POST", "/payments", _request(movement), key=movement.key)
        if answer.status not in (200, 201, 202, 402):
            raise self._partner.unexpected(answer)
        decoded = self._decode(answer, movement)
        if (answer.status == 402) != (decoded.result == "refused"):
            raise self._partner.protocol_error(f"answered {answer.status} for {movement.key} but says {decoded.result}")
        return decoded

    def _decode(self, answer: Answer, movement: Movement) -> PaymentAnswer:
        payment = self._partner.decode(_Payment, answer)
        if not payment.matches(movement):
            raise self._partner.protocol_error(f"holds another payment under the key {movement.key}")
        if payment.amount < payment.from_deposit:
            raise self._partner.protocol_error(f"took more than the whole from the deposit for {movement.key}")
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
