"""What goes on around complaints while canaries fly: an import, a partner told, parcels watched, books compared."""

import json
import uuid
from pathlib import Path
from typing import Any

from starter.client.complaints import Complaints
from starter.client.message_input import decode_message, parse_party, with_envelope
from tests.activities.partner_events.receiving import SECRET, Receiver, an_answer
from tests.conftest import Running
from tests.engine import canaries
from tests.engine.attacker import until
from tests.starter.cli.running import Ran, filing, order, ran
from workers.sandbox.faults import Mode, Partner
from workers.sandbox.shapes import Happening, SandboxOrder
from workflows import wire

_PAID = {"paid": {"amount": 29900, "currency": "CNY"}, "shipping_fee": {"amount": 0, "currency": "CNY"}}
_SAID = f"{canaries.MARK}-around"


class Around:
    """A shop whose own system subscribes to what happens to the one complaint against it."""

    def __init__(self, stack: Running, complaints: Complaints, receiver: Receiver, folder: Path) -> None:
        self.stack, self.complaints, self.receiver, self.folder = stack, complaints, receiver, folder
        self.shop, self.number = f"shop-{uuid.uuid4().hex[:8]}", ""

    async def live(self) -> None:
        """Live through all of it; whatever is done is seen to be done."""
        clients = self.stack.data_dir / "clients.toml"
        before = clients.read_text()
        clients.write_text(self._subscribed(before))
        await self._all()
        clients.write_text(before)

    async def _all(self) -> None:
        self.receiver.next.append(an_answer(500, body=_SAID.encode()))
        await self._imported()
        await self._told("reviewed", "agent:a-1", decision="accept", text=_SAID)
        await self._taken(3)
        self.receiver.always = 410
        await self._told("seller_answered", f"seller:{self.shop}", answer="agree")
        await until(lambda: self._are(1, "dead"), what="an event that is given up")
        self.receiver.always = None
        await self._sent_back()
        await self._many_told()
        await self._replayed()
        for upkeep in (wire.PARCEL_WATCH, wire.RECONCILIATION):
            await self._looked(upkeep)

    async def both_are_told(self) -> bool:
        """Say whether buyer and seller have read of it, in words."""
        arrived = [one for one in await self.stack.sandbox.inbox() if one.key.startswith(f"{self.number}:")]
        told = {str(one.to) for one in arrived if one.subject and one.text}
        return told >= {"buyer:b-1", f"seller:{self.shop}"}

    def _subscribed(self, clients: str) -> str:
        events = f'{{url = "{self.receiver.url}&{_SAID}", allow = ["127.0.0.1/32"]}}'
        lines = (f'id = "{self.shop}"', 'role = "seller"', f'speaks_for = ["{self.shop}"]', f'secrets = ["{SECRET}"]')
        return "\n".join((clients, "[[clients]]", *lines, f"events = {events}", ""))

    async def _imported(self) -> None:
        name, file = f"{self.shop}-o", self.folder / f"{self.shop}.jsonl"
        line = order(name, seller_id=self.shop, **_PAID)
        await self.stack.sandbox.put_orders([SandboxOrder.model_validate_json(json.dumps(line))])
        words = {"request": {"remedy": "return_refund", "amount": "299.00"}} | canaries.texts_of_a_filing()
        file.write_text(json.dumps(filing(name, name, **words)) + "\n")
        assert (await self._command("import", str(file), "--json")).code == 0
        number = "SELECT complaint FROM complaints WHERE order_id = $1"
        self.number = await self.stack.pool.fetchval(number, name)

    async def _told(self, kind: str, sender: str, **body: Any) -> None:
        message = decode_message(with_envelope(kind, {"kind": kind, **body}, parse_party(sender)))
        answer = await self.complaints.tell(self.number, message)
        assert answer.accepted, answer

    async def _sent_back(self) -> None:
        """Send the goods back with a carrier that fails at first, and let it pick them up."""
        tracking = f"SF-{self.shop}"
        await self.stack.sandbox.fault(Partner.CARRIER, Mode.ERROR_500, operation="subscribe")
        await self._told("goods_sent", "buyer:b-1", leg="return", carrier="sf", tracking=tracking)
        subscribed = "SELECT count(*) FROM parcels WHERE tracking = $1 AND subscribed_at IS NOT NULL"
        await until(lambda: self._counts(1, subscribed, tracking), what="a subscription at the carrier")
        assert await self.stack.sandbox.faults() == []
        await self.stack.sandbox.happen(Happening(carrier="sf", tracking=tracking, event="picked_up"))
        heard = "SELECT count(*) FROM steps WHERE complaint = $1 AND event = 'parcel_reported'"
        await until(lambda: self._counts(1, heard, self.number), what="what the carrier pushed")

    async def _many_told(self) -> None:
        where = ("--where", f"seller={self.shop}", "--as", "agent:a-1", "--results", str(self.folder / "told.jsonl"))
        words = ("--set", f"text={_SAID}", "--reason", _SAID, "--yes", "--json")
        assert (await self._command("tell", "noted", *where, *words)).data["states"] == {"heard": 1}

    async def _replayed(self) -> None:
        replayed = await self._command("events", "replay", "--all", "--subscription", self.shop, "--json")
        assert replayed.data["replayed"] == 1
        events = "SELECT count(*) FROM outbound_events WHERE subscription = $1"
        await self._taken(await self.stack.pool.fetchval(events, self.shop))

    async def _looked(self, upkeep: str) -> None:
        await self.stack.client.get_schedule_handle(upkeep).trigger()
        over = f"WorkflowType = '{upkeep}' AND ExecutionStatus = 'Completed'"

        async def done() -> bool:
            return (await self.stack.client.count_workflows(over)).count > 0

        await until(done, what=f"{upkeep} to be over")

    async def _taken(self, number: int) -> None:
        await until(lambda: self._are(number, "delivered"), what=f"{number} events that were taken")

    async def _are(self, number: int, state: str) -> bool:
        counted = "SELECT count(*) FROM outbound_events WHERE subscription = $1 AND state = $2"
        return await self._counts(number, counted, self.shop, state)

    async def _counts(self, number: int, counted: str, *of: str) -> bool:
        return int(await self.stack.pool.fetchval(counted, *of)) == number

    async def _command(self, *words: str) -> Ran:
        done = await ran(self.stack.environment, *words)
        assert done.code == 0, done
        return done
