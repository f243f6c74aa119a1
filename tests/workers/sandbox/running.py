"""A sandbox in a process of its own, as `redress up` runs it, for tests to use, stop and kill."""

import asyncio
import itertools
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, Self

from tests import ROOT
from tests.workers.sandbox.gateway import a_clients_file
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import SandboxOrder, read_orders
from workflows.money.amount import Money
from workflows.money.movement import Movement
from workflows.parties import Party
from workflows.vocabulary import MoneyState, Purpose, Role

NOWHERE = "http://127.0.0.1:1"
"""Nothing listens there: a gateway that is down."""

_numbers = itertools.count(1)


BUYER, SELLER = Party(role=Role.BUYER, id="b-1"), Party(role=Role.SELLER, id="sl-1")
PLATFORM, FUND = Party(role=Role.SYSTEM, id="platform"), Party(role=Role.SYSTEM, id="fund")
PARTIES = {
    Purpose.ADVANCE: (FUND, BUYER),
    Purpose.UNFREEZE: (BUYER, BUYER),
    Purpose.CLAW_BACK: (BUYER, FUND),
    Purpose.RECOVERY: (SELLER, FUND),
    Purpose.PAYOUT: (SELLER, SELLER),
    Purpose.RESTITUTION: (PLATFORM, SELLER),
}
"""From whom to whom each purpose moves money; all others from the seller to the buyer."""


class RunningSandbox:
    """`async with RunningSandbox(home)`: listens at `url`; its standard error is `errors`."""

    def __init__(
        self, home: Path, gateway: str = NOWHERE, callback_after: float = 0.2, slow: float = 0.3, secret: str = ""
    ) -> None:
        self._environment = {**os.environ, "REDRESS_PAYMENT_SECRET": secret}
        self.book, self._log = home / "book.db", home / "sandbox.log"
        self._wishes = [
            "--gateway",
            gateway,
            "--clients",
            str(a_clients_file(home / "clients.toml")),
            "--callback-after",
            str(callback_after),
            "--slow",
            str(slow),
        ]
        self.url, self._port = "", 0
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    @property
    def errors(self) -> str:
        return self._log.read_text()

    async def start(self) -> None:
        """Start it, the second time on the same port, and wait until it says that it listens."""
        command = ["-m", "workers.sandbox", "--port", str(self._port), "--book", str(self.book), *self._wishes]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *command, stdout=PIPE, stderr=log, cwd=ROOT, env=self._environment
            )
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 20)
        assert line, f"the sandbox did not start: {self.errors}"
        self.url = json.loads(line)["url"]
        self._port = int(self.url.rpartition(":")[2])

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    async def stop(self, signal: int) -> int:
        """End it with a signal and return its exit code."""
        self.process.send_signal(signal)
        await asyncio.wait_for(self.process.communicate(), 10)
        assert self.process.returncode is not None
        return self.process.returncode

    def client(self) -> SandboxClient:
        return SandboxClient(self.url)


def a_movement(fen: int = 29900, complaint: str | None = None) -> Movement:
    """A refund nobody has asked for yet."""
    return a_payment(Purpose.REFUND, fen, complaint)


def a_payment(purpose: Purpose, fen: int, complaint: str | None = None, number: int = 1, **more: Any) -> Movement:
    """A movement nobody has asked for yet, of a purpose, between its usual parties."""
    payer, payee = PARTIES.get(purpose, (SELLER, BUYER))
    given: dict[str, Any] = {
        "key": f"{complaint or f'C20261122-TEST{next(_numbers):06d}'}:{purpose}:{number}", "purpose": purpose,
        "payer": payer, "payee": payee, "amount": Money(amount=fen), "state": MoneyState.REQUESTED, "rule": "R6.1",
        "ordered_by": Party(role=Role.SYSTEM, id="redress"), "remark": "退款 refund",
    }  # fmt: skip
    return Movement(**(given | more))


def complaint_of(movement: Movement) -> str:
    return movement.key.split(":")[0]


def an_order(order_id: str = "o-20261101-7", line: int = 1) -> SandboxOrder:
    """An order line as an operator writes it."""
    (order,) = read_orders(json.dumps(an_order_document(order_id, line)))
    return order


def an_order_document(order_id: str = "o-20261101-7", line: int = 1) -> dict[str, object]:
    return {
        "order_id": order_id, "line": line, "buyer_id": "b-1", "seller_id": "sl-1", "item_id": "i-1",
        "title": "青瓷茶具", "spec": "六件套", "quantity": 1, "paid": {"amount": 29900, "currency": "CNY"},
        "shipping_fee": {"amount": 1000, "currency": "CNY"}, "paid_at": "2026-11-01T10:00:00+08:00",
        "delivered_at": "2026-11-05T10:00:00+08:00",
    }  # fmt: skip
