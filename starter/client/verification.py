"""Whether provider, ledger, record and workflow agree; asks what can be asked, and says what could not."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from temporalio.client import Client, WorkflowExecutionStatus

from activities.errors import PartnerError, PartnerProtocolError
from activities.payments.partners import PaymentProvider
from activities.store.held_money import HeldMoney
from activities.store.ledger import Contradiction, Kept, Ledger
from starter.client import connection
from starter.client.accounts import NOT_ASKED, Accounts, Difference, Theirs, differences
from starter.client.endpoints import Whereabouts
from starter.client.errors import NotFound, Unreachable
from starter.client.record import Files
from starter.client.temporal_calls import ASK_WITHIN, Gone, NoWorker, worded
from workers.config.payments import payment_provider
from workers.config.settings import Settings
from workflows import wire
from workflows.complaint.domain.view import View
from workflows.values import Value
from workflows.vocabulary import Phase

_AT_ONCE = 20
_LOOKS = 4
_LOOK_AGAIN = 0.5
"""Seconds: what differs because money was just under way agrees at the next look."""

_SAYS = {"settled": "settled", "pending": "pending", "refused": "declined"}


class Verdict(Value):
    """What came of a comparison."""

    complaints: int
    movements: int
    differences: tuple[Difference, ...]
    faults: tuple[str, ...]
    """Where the ledger contradicts itself."""
    contradictions: tuple[Contradiction, ...]
    """Words of the provider against what was proven before, of the one complaint that was asked for."""
    not_asked: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Say whether nothing differs of what could be compared."""
        return not self.differences and not self.faults


async def verified(where: Whereabouts, complaint: str | None) -> Verdict:
    """Compare one complaint or all; raises NotFound for one that nobody knows, Unreachable without the database."""
    async with AsyncExitStack() as opened:
        files = await opened.enter_async_context(connection.files(where))
        asking = Asking(files)
        await asking.find(where, opened)
        return await asking.verdict(complaint)


class Asking:
    """Asks the four; what does not answer once is not asked again, and named at the end."""

    def __init__(self, files: Files) -> None:
        self._files, self._book = files, Ledger(files.pool)
        self._client: Client | None = None
        self._provider: Any = None
        self._missing: dict[str, str] = {}

    async def find(self, where: Whereabouts, opened: AsyncExitStack) -> None:
        """Find Temporal and the provider, as far as they are there."""
        try:
            self._client = await connection.temporal(where)
        except Unreachable as wrong:
            self._missing["Temporal"] = str(wrong)
        settings = Settings()
        if where.partners is None and settings.payment_provider == "partners":
            self._missing["the provider"] = "no address of the payment provider is known: set REDRESS_PARTNERS_URL"
            return
        secret = SecretStr(where.payment_secret) if where.payment_secret else None
        settings = settings.model_copy(update={"partners_url": where.partners or "", "payment_secret": secret})
        self._provider = await opened.enter_async_context(payment_provider(settings)(HeldMoney(self._files.pool)))

    async def verdict(self, complaint: str | None) -> Verdict:
        """Compare; whatever differs is looked at again before it is said."""
        names = [complaint] if complaint else list(await self._book.to_verify())
        kept = await self._book.movements(names)
        theirs = await self._their_book(complaint)
        names += sorted(set(theirs or ()) - set(names))
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(name: str) -> tuple[Difference, ...]:
            async with places:
                return await self._differs(name, kept.get(name, ()), theirs, alone=complaint is not None)

        found = await asyncio.gather(*(one(name) for name in names))
        return Verdict(
            complaints=len(names),
            movements=sum(map(len, kept.values())),
            differences=tuple(difference for some in found for difference in some),
            faults=await self._book.faults(complaint),
            contradictions=await self._book.contradictions(complaint) if complaint else (),
            not_asked=tuple(self._missing.values()),
        )

    async def _differs(
        self, name: str, kept: Sequence[Kept], theirs: Mapping[str, Mapping[str, Theirs]] | None, *, alone: bool
    ) -> tuple[Difference, ...]:
        book = None if theirs is None else theirs.get(name, {})
        found: tuple[Difference, ...] = ()
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_LOOK_AGAIN)
                kept = (await self._book.movements([name])).get(name, ())
                again = await self._their_book(name)
                book = None if again is None else again.get(name, {})
            found = tuple(differences(await self._accounts(name, kept, book, alone=alone)))
            if not found:
                return ()
        return found

    async def _accounts(
        self, name: str, kept: Sequence[Kept], book: Mapping[str, Theirs] | None, *, alone: bool
    ) -> Accounts:
        if book is None:
            book = await self._looked_up(kept)
        record = await self._files.cases.view(name)
        status, workflow = NOT_ASKED, None
        if alone or record is None or record.phase is not Phase.CLOSED:
            status, workflow = await self._running(name)
            record = await self._files.cases.view(name)
        if alone and record is None and workflow is None and not kept and not book and status == "gone":
            raise NotFound(f"there is no complaint {name}: check the number, or find it with `redress list`")
        advance = await self._book.advance(name)
        return Accounts(name, kept, advance, record, workflow, status, book, datetime.now(UTC))

    async def _running(self, name: str) -> tuple[str, View | None]:
        """Return how the workflow stands with Temporal and what it says, None where it cannot say anything."""
        if self._client is None:
            return NOT_ASKED, None
        handle = self._client.get_workflow_handle(name)
        try:
            async with worded(name):
                described = await handle.describe(rpc_timeout=ASK_WITHIN)
                status = WorkflowExecutionStatus(described.status or 0).name.lower()
            if status not in {"running", "completed"}:
                return status, None
            async with worded(name):
                return status, await handle.query(wire.VIEW, result_type=View, rpc_timeout=ASK_WITHIN)
        except Gone:
            return "gone", None
        except NoWorker as nobody:
            self._missing.setdefault("the workflows", str(nobody))
        except Unreachable as wrong:
            self._missing.setdefault("Temporal", str(wrong))
        return NOT_ASKED, None

    async def _their_book(self, complaint: str | None) -> dict[str, dict[str, Theirs]] | None:
        """Return the provider's book by complaint and key; None where it shows none, or does not answer."""
        if not isinstance(self._provider, PaymentProvider):
            return None
        found: dict[str, dict[str, Theirs]] = defaultdict(dict)
        try:
            async for entry in self._provider.entries(complaint=complaint):
                theirs = Theirs(entry.state, entry.amount, entry.from_deposit)
                found[entry.key.split(":")[0]][entry.key] = theirs
        except PartnerError as wrong:
            self._not_answered(wrong)
            return None
        return found

    async def _looked_up(self, kept: Sequence[Kept]) -> dict[str, Theirs] | None:
        """Ask the provider for each movement by its key; None if it does not answer."""
        if self._provider is None:
            return None
        found: dict[str, Theirs] = {}
        for one in kept:
            if one.is_only_ours:
                continue
            try:
                answer = await self._provider.look_up(one.movement)
            except PartnerProtocolError as odd:
                found[one.key] = Theirs(f"confused: {odd}"[:120])
            except PartnerError as wrong:
                self._not_answered(wrong)
                return None
            else:
                if answer is not None:
                    reversed_ = one.state == "reversed" and answer.result == "settled"  # a look-up tells no more
                    found[one.key] = Theirs("reversed" if reversed_ else _SAYS[answer.result])
        return found

    def _not_answered(self, wrong: PartnerError) -> None:
        self._missing["the provider"] = str(wrong)
        self._provider = None
