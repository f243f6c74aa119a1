"""Alipay as the payment provider: which movement becomes which call, and which stays in our own books (ADR 9)."""

from collections.abc import Mapping
from typing import Protocol

import httpx2

from activities.partners.http import PartnerClient
from activities.payments.alipay import GATEWAY
from activities.payments.alipay.codes import Unwritable, request_number
from activities.payments.alipay.gateway import App, Gateway
from activities.payments.alipay.operations import Refunds, Transfers
from workflows.money.amount import Money
from workflows.money.movement import LineRef, Movement, PaymentAnswer
from workflows.vocabulary import MoneyState, Purpose, Role

CALL_SECONDS = 3.0
"""One call in all. A retried transfer makes three: look-up, whose account, transfer; together below 10 s."""

_BACK_THE_WAY_IT_CAME = frozenset({Purpose.REFUND, Purpose.PRICE_DIFFERENCE})
"""Never above what was paid for the order (R1.8), so its trade can always give them."""

_INSIDE_OUR_ACCOUNT = frozenset({Purpose.ADVANCE, Purpose.CLAW_BACK, Purpose.RECOVERY})
"""Fund, frozen and held money lie in the platform's one account: between them Alipay has nothing to move."""


class Held(Protocol):
    """Our own books, as the adapter needs them: Alipay does not know whose the money in the account is."""

    async def line_of(self, movement: Movement) -> LineRef | None:
        """Return the order line of a movement that does not name it itself."""

    async def left(self, movement: Movement) -> Money:
        """Return what the line's held money can still give for a movement that a seller pays."""


class _Way(Protocol):
    """One way of paying."""

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return what is known of the movement; None if nothing was done."""

    async def send(self, movement: Movement) -> PaymentAnswer:
        """Pay, once per movement whatever is sent and however often."""


class Alipay(PartnerClient):
    """Pays over Alipay; raises PartnerUnreachable or PartnerConfused, neither of which proves that nothing was paid."""

    NAME = "Alipay"

    def __init__(
        self,
        app: App,
        held: Held,
        sellers: Mapping[str, str],
        *,
        scene: str = "",
        gateway: str = GATEWAY,
        client: httpx2.AsyncClient | None = None,
        seconds: float = CALL_SECONDS,
    ) -> None:
        super().__init__(gateway, client=client, seconds=seconds)
        self._held = held
        asked = Gateway(self._partner, app)
        self._refunds, self._transfers, self._own = Refunds(asked), Transfers(asked, sellers, scene), _OwnBooks()

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        """Pay a movement once and return Alipay's word: settled, pending, or refused for a business reason.

        What a seller pays is first held against the line's held money: what that does not cover is refused whole,
        with what it could still give (R6.11).
        """
        movement = await self._placed(movement)
        known = None if first_attempt else await self.look_up(movement)
        if known is not None:
            return known
        if movement.payer.role is Role.SELLER:
            left = await self._held.left(movement)
            if left < movement.amount:
                return PaymentAnswer(result="refused", reason=f"held money leaves {left} yuan (R6.11)", available=left)
        try:
            return await self._way(movement).send(movement)
        except Unwritable as wrong:
            raise self._partner.confused(f"cannot be asked: {wrong}") from None

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return what is known of a movement; None if Alipay has carried out nothing under its number."""
        movement = await self._placed(movement)
        try:
            return await self._way(movement).look_up(movement)
        except Unwritable as wrong:
            raise self._partner.confused(f"cannot be asked: {wrong}") from None

    async def _placed(self, movement: Movement) -> Movement:
        """Return the movement with its order line; complaints of earlier editions leave it to our books to know."""
        return movement if movement.line else movement.but(line=await self._held.line_of(movement))

    def _way(self, movement: Movement) -> _Way:
        if movement.purpose in _INSIDE_OUR_ACCOUNT:
            return self._own
        return self._refunds if movement.purpose in _BACK_THE_WAY_IT_CAME else self._transfers


class _OwnBooks:
    """A way of paying: inside the platform's account, where our ledger's entry is all that moves."""

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return what our books say, which the movement carries: nobody else knows of it."""
        if movement.state in {MoneyState.SETTLED, MoneyState.REVERSED}:
            return await self.send(movement)
        return PaymentAnswer(result="refused") if movement.state is MoneyState.FAILED else None

    async def send(self, movement: Movement) -> PaymentAnswer:
        return PaymentAnswer(result="settled", provider_reference=f"own_{request_number(movement.key)}")
