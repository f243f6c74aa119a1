"""Alipay as the payment provider: chooses refund, transfer or ledger only for each movement (ADR 9)."""

from collections.abc import Mapping
from typing import Protocol

import httpx2

from activities.partners.http import PartnerClient
from activities.payments.alipay import GATEWAY
from activities.payments.alipay.codes import NotRepresentable, request_number
from activities.payments.alipay.gateway import App, Gateway
from activities.payments.alipay.operations import Refunds, Transfers
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.vocabulary import MoneyState, Purpose, Role

CALL_SECONDS = 3.0
"""Timeout of one call. A retried transfer makes three (look-up, payee, transfer); together below 10 s."""

_REFUNDED_TO_TRADE = frozenset({Purpose.REFUND, Purpose.PRICE_DIFFERENCE})
"""Paid as refunds of the order's trade; never above what was paid for it (R1.8)."""

_LEDGER_ONLY = frozenset({Purpose.ADVANCE, Purpose.CLAW_BACK, Purpose.RECOVERY})
"""Fund, frozen and held money are in the platform's one account, so Alipay has nothing to move."""


class HeldFunds(Protocol):
    """Port to our ledger: Alipay does not know whose money is in the platform's account."""

    async def left(self, movement: Movement) -> Money:
        """Return the line's remaining held money for a movement that a seller pays."""


class _PaymentMethod(Protocol):
    """One method of payment."""

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the known answer; None if nothing was done."""

    async def send(self, movement: Movement) -> PaymentAnswer:
        """Pay; idempotent per movement."""


class Alipay(PartnerClient):
    """Pays over Alipay; raises PartnerError, which never proves that nothing was paid."""

    NAME = "Alipay"

    def __init__(
        self,
        app: App,
        held: HeldFunds,
        sellers: Mapping[str, str],
        *,
        scene: str = "",
        gateway: str = GATEWAY,
        client: httpx2.AsyncClient | None = None,
        seconds: float = CALL_SECONDS,
    ) -> None:
        super().__init__(gateway, client=client, seconds=seconds)
        self._held = held
        api = Gateway(self._partner, app)
        self._refunds, self._transfers, self._own = Refunds(api), Transfers(api, sellers, scene), _LedgerOnly()

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        """Pay a movement and return Alipay's answer: settled, pending, or refused for a business reason. Idempotent.

        A seller's payment that the line's held money does not cover is refused as a whole, with what is left (R6.11).
        """
        known = None if first_attempt else await self.look_up(movement)
        if known is not None:
            return known
        if movement.payer.role is Role.SELLER:
            left = await self._held.left(movement)
            if left < movement.amount:
                return PaymentAnswer(result="refused", reason=f"held money leaves {left} yuan (R6.11)", available=left)
        try:
            return await self._method_for(movement).send(movement)
        except NotRepresentable as wrong:
            raise self._partner.protocol_error(f"cannot be asked: {wrong}") from None

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the known answer; None if Alipay has carried out nothing under the request number."""
        try:
            return await self._method_for(movement).look_up(movement)
        except NotRepresentable as wrong:
            raise self._partner.protocol_error(f"cannot be asked: {wrong}") from None

    def _method_for(self, movement: Movement) -> _PaymentMethod:
        if movement.purpose in _LEDGER_ONLY:
            return self._own
        return self._refunds if movement.purpose in _REFUNDED_TO_TRADE else self._transfers


class _LedgerOnly:
    """Method of payment within the platform's account: only our ledger changes."""

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the answer by the movement's own state in our ledger."""
        if movement.state in {MoneyState.SETTLED, MoneyState.REVERSED}:
            return await self.send(movement)
        return PaymentAnswer(result="refused") if movement.state is MoneyState.FAILED else None

    async def send(self, movement: Movement) -> PaymentAnswer:
        return PaymentAnswer(result="settled", provider_reference=f"own_{request_number(movement.key)}")
