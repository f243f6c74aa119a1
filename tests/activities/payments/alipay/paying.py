"""Movements as the rules order them, and the adapter under test."""

import functools

import httpx2

from activities.payments.alipay.adapter import Alipay
from activities.payments.alipay.gateway import App
from activities.payments.alipay.signing import Certificates
from tests.activities.payments.alipay.gateway import APP_ID
from tests.activities.payments.alipay.keys import alipays, certified, ours, written
from workflows.complaint.domain.parts import PLATFORM
from workflows.money.amount import Money
from workflows.money.movement import LineRef, Movement
from workflows.parties import Party
from workflows.vocabulary import MoneyState, Purpose, Role

BUYER, SELLER = Party(role=Role.BUYER, id="b-1"), Party(role=Role.SELLER, id="sl-1")
FUND = Party(role=Role.SYSTEM, id="fund")
SELLERS = {"sl-1": "2088000000000099"}


class Books:
    """Our own books, as a test has them."""

    def __init__(self) -> None:
        self.held = Money(amount=30900)

    async def left(self, movement: Movement) -> Money:
        assert movement.payer.role is Role.SELLER
        return self.held


def an_app() -> App:
    """The application in certificate mode, without which Alipay takes no transfer."""
    return App(APP_ID, ours().signs, alipays().tells, certificates())


@functools.cache
def certificates() -> Certificates:
    files = certified()
    return Certificates.read(written(files.app), written(files.roots), written(files.alipay), ours().signs)


def an_adapter(url: str, client: httpx2.AsyncClient, books: Books | None = None, *, seconds: float = 3.0) -> Alipay:
    return Alipay(an_app(), books or Books(), SELLERS, gateway=url, client=client, seconds=seconds)


def a_movement(
    purpose: Purpose = Purpose.REFUND,
    fen: int = 29900,
    *,
    payer: Party = SELLER,
    payee: Party = BUYER,
    number: int = 1,
    order: str | None = "o-1",
) -> Movement:
    return Movement(
        key=f"C20261122-TEST00000A:{purpose}:{number}", purpose=purpose, payer=payer, payee=payee,
        amount=Money(amount=fen), state=MoneyState.REQUESTED, rule="R6.1", ordered_by=PLATFORM,
        remark="退款 / refund & more", line=None if order is None else LineRef(order_id=order, line=1),
    )  # fmt: skip


def number_of(movement: Movement) -> str:
    """The movement's number at Alipay, written down here by hand."""
    return movement.key.replace("-", "_").replace(":", "_")
