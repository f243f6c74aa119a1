"""Verify that provider, ledger, record and workflow agree on money; unreachable ones are named, not guessed."""

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
from starter.client.accounts import NOT_ASKED, Accounts, Difference, ProviderEntry, differences
from starter.client.endpoints import Endpoints
from starter.client.errors import NotFound, Unreachable
from starter.client.record import Record
from starter.client.temporal_calls import QUERY_TIMEOUT, NoWorker, WorkflowNotFound, mapped_errors
from workers.config.payments import payment_provider
from workers.config.settings import Settings
from workflows import wire
from workflows.complaint.domain.view import View
from workflows.values import Value
from workflows.vocabulary import Phase

_MAX_CONCURRENT = 20
_ATTEMPTS = 4
_RETRY_SECONDS = 0.5
"""Seconds between attempts: differences of payments in flight disappear."""

_PROVIDER_STATES = {"settled": "settled", "pending": "pending", "refused": "declined"}


class VerificationResult(Value):
    """Result of a comparison."""

    complaints: int
    movements: int
    differences: tuple[Difference, ...]
    faults: tuple[str, ...]
    """Contradictions within the ledger."""
    contradictions: tuple[Contradiction, ...]
    """Reports of the provider that contradict a proven state; for a single complaint only."""
    not_asked: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Tell whether everything that could be compared agrees."""
        return not self.differences and not self.faults


async def verify(endpoints: Endpoints, complaint: str | None) -> VerificationResult:
    """Compare one complaint or all; raises NotFound for an unknown one, Unreachable without the database."""
    async with AsyncExitStack() as opened:
        files = await opened.enter_async_context(connection.files(endpoints))
        verifier = Verifier(files)
        await verifier.connect(endpoints, opened)
        return await verifier.verdict(complaint)


class Verifier:
    """Reads the four accounts; one that fails is not called again and is listed in `not_asked`."""

    def __init__(self, record: Record) -> None:
        self._record, self._book = record, Ledger(record.pool)
        self._client: Client | None = None
        self._provider: Any = None
        self._missing: dict[str, str] = {}

    async def connect(self, endpoints: Endpoints, opened: AsyncExitStack) -> None:
        """Connect to Temporal and the provider, as far as they are reachable."""
        try:
            self._client = await connection.temporal(endpoints)
        except Unreachable as wrong:
            self._missing["Temporal"] = str(wrong)
        settings = Settings()
        if endpoints.partners is None and settings.payment_provider == "partners":
            self._missing["the provider"] = "no address of the payment provider is known: set REDRESS_PARTNERS_URL"
            return
        secret = SecretStr(endpoints.payment_secret) if endpoints.payment_secret else None
        settings = settings.model_copy(update={"partners_url": endpoints.partners or "", "payment_secret": secret})
        self._provider = await opened.enter_async_context(payment_provider(settings)(HeldMoney(self._record.pool)))

    async def verdict(self, complaint: str | None) -> VerificationResult:
        """Compare; differences are rechecked before they are reported."""
        names = [complaint] if complaint else list(await self._book.to_verify())
        kept = await self._book.movements(names)
        theirs = await self._provider_book(complaint)
        names += sorted(set(theirs or ()) - set(names))
        places = asyncio.Semaphore(_MAX_CONCURRENT)

        async def one(name: str) -> tuple[Difference, ...]:
            async with places:
                return await self._compare(name, kept.get(name, ()), theirs, alone=complaint is not None)

        found = await asyncio.gather(*(one(name) for name in names))
        return VerificationResult(
            complaints=len(names),
            movements=sum(map(len, kept.values())),
            differences=tuple(difference for some in found for difference in some),
            faults=await self._book.faults(complaint),
            contradictions=await self._book.contradictions(complaint) if complaint else (),
            not_asked=tuple(self._missing.values()),
        )

    async def _compare(
        self, name: str, kept: Sequence[Kept], theirs: Mapping[str, Mapping[str, ProviderEntry]] | None, *, alone: bool
    ) -> tuple[Difference, ...]:
        book = None if theirs is None else theirs.get(name, {})
        found: tuple[Difference, ...] = ()
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_RETRY_SECONDS)
                kept = (await self._book.movements([name])).get(name, ())
                again = await self._provider_book(name)
                book = None if again is None else again.get(name, {})
            found = tuple(differences(await self._accounts(name, kept, book, alone=alone)))
            if not found:
                return ()
        return found

    async def _accounts(
        self, name: str, kept: Sequence[Kept], book: Mapping[str, ProviderEntry] | None, *, alone: bool
    ) -> Accounts:
        if book is None:
            book = await self._look_up_each(kept)
        record = await self._record.cases.view(name)
        status, workflow = NOT_ASKED, None
        if alone or record is None or record.phase is not Phase.CLOSED:
            status, workflow = await self._workflow_view(name)
            record = await self._record.cases.view(name)
        if alone and record is None and workflow is None and not kept and not book and status == "gone":
            raise NotFound(f"there is no complaint {name}: check the number, or find it with `redress list`")
        advance = await self._book.advance(name)
        return Accounts(name, kept, advance, record, workflow, status, book, datetime.now(UTC))

    async def _workflow_view(self, name: str) -> tuple[str, View | None]:
        """Return status and view of the workflow; no view if it cannot be queried."""
        if self._client is None:
            return NOT_ASKED, None
        handle = self._client.get_workflow_handle(name)
        try:
            async with mapped_errors(name):
                described = await handle.describe(rpc_timeout=QUERY_TIMEOUT)
                status = WorkflowExecutionStatus(described.status or 0).name.lower()
            if status not in {"running", "completed"}:
                return status, None
            async with mapped_errors(name):
                return status, await handle.query(wire.VIEW, result_type=View, rpc_timeout=QUERY_TIMEOUT)
        except WorkflowNotFound:
            return "gone", None
        except NoWorker as nobody:
            self._missing.setdefault("the workflows", str(nobody))
        except Unreachable as wrong:
            self._missing.setdefault("Temporal", str(wrong))
        return NOT_ASKED, None

    async def _provider_book(self, complaint: str | None) -> dict[str, dict[str, ProviderEntry]] | None:
        """Return the provider's entries by complaint and key; None if it has no readable book or does not answer."""
        if not isinstance(self._provider, PaymentProvider):
            return None
        found: dict[str, dict[str, ProviderEntry]] = defaultdict(dict)
        try:
            async for entry in self._provider.entries(complaint=complaint):
                theirs = ProviderEntry(entry.state, entry.amount, entry.from_deposit)
                found[entry.key.split(":")[0]][entry.key] = theirs
        except PartnerError as wrong:
            self._drop_provider(wrong)
            return None
        return found

    async def _look_up_each(self, kept: Sequence[Kept]) -> dict[str, ProviderEntry] | None:
        """Look up each movement by its key; None if the provider does not answer."""
        if self._provider is None:
            return None
        found: dict[str, ProviderEntry] = {}
        for one in kept:
            if one.is_only_ours:
                continue
            try:
                answer = await self._provider.look_up(one.movement)
            except PartnerProtocolError as odd:
                found[one.key] = ProviderEntry(f"confused: {odd}"[:120])
            except PartnerError as wrong:
                self._drop_provider(wrong)
                return None
            else:
                if answer is not None:
                    reversed_ = (
                        one.state == "reversed" and answer.result == "settled"
                    )  # a look-up does not show reversals
                    found[one.key] = ProviderEntry("reversed" if reversed_ else _PROVIDER_STATES[answer.result])
        return found

    def _drop_provider(self, wrong: PartnerError) -> None:
        self._missing["the provider"] = str(wrong)
        self._provider = None
