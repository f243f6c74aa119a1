"""A sweep over a hundred thousand movements finds the two that differ; how long it takes is printed, not asserted."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.partners import PaymentProvider
from activities.reconciliation.cases import CaseReconciliation
from activities.reconciliation.provider_book import ProviderBookComparison
from activities.store.migrate import migrate
from activities.store.pool import Connection, Pool, connect, open_pool
from tests.activities.conftest import Databases
from tests.activities.world import World
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.book import Book
from workers.sandbox.payments import send
from workers.sandbox.shapes import PaymentRequest
from workflows.policy.loading import packaged
from workflows.upkeep.tasks import Look

EACH = 10
"""Movements of one complaint."""

_COMPLAINTS = """
INSERT INTO complaints SELECT (jsonb_populate_record(c, jsonb_build_object(
    'complaint', 'C20261117-' || lpad(n::text, 10, '0'), 'request_id', 'many-' || n, 'order_id', 'o-many-' || n,
    'phase', 'closed', 'outcome', 'settled', 'closed_at', now(),
    'opening', jsonb_set(c.opening::jsonb, '{order,order_id}', to_jsonb('o-many-' || n))))).*
FROM complaints c, generate_series(1, $2::integer) n WHERE complaint = $1
"""
_MOVEMENTS = """
INSERT INTO movements (key, complaint, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, rule,
    ordered_by_role, ordered_by_id, remark, state)
SELECT complaint || ':refund:' || n, complaint, 'refund', 'system', 'platform', 'buyer', 'b-1', 1, 'R6.1',
    'agent', 'a-1', '', 'decided'
FROM complaints, generate_series(1, $1::integer) n WHERE request_id LIKE 'many-%'
"""


async def _ours(connection: Connection, complaint: str, complaints: int) -> list[str]:
    """Settle the movements in our book, by the way every movement goes; returns their keys."""
    await connection.execute(_COMPLAINTS, complaint, complaints)
    await connection.execute(_MOVEMENTS, EACH)
    for state in ("requested", "settled"):
        await connection.execute("UPDATE movements SET state = $1", state)
    await connection.execute("ANALYZE")
    return [row["key"] for row in await connection.fetch("SELECT key FROM movements ORDER BY key")]


async def _theirs(path: Path, keys: list[str]) -> None:
    """Write the same into the provider's book, before it opens."""
    book = await Book.open(path)
    try:
        await book.transact(lambda opened: [send(opened, one, 0.0) for one in _requests(keys)])
    finally:
        await book.close()


def _requests(keys: list[str]) -> Iterator[PaymentRequest]:
    for key in keys:
        yield PaymentRequest.model_validate({
            "key": key, "purpose": "refund", "from": {"role": "system", "id": "platform"},
            "to": {"role": "buyer", "id": "b-1"}, "amount": {"amount": 1, "currency": "CNY"},
        })  # fmt: skip


async def _swept(pool: Pool, provider: PaymentProvider) -> tuple[float, float]:
    """Sweep once; returns the seconds of all of it, and of its longest page."""
    look, longest, begun = Look(sweep_at=datetime.now(UTC)), 0.0, time.perf_counter()
    comparing = ProviderBookComparison(pool, packaged(), provider, under_way=timedelta())
    reconciling, page = CaseReconciliation(pool, packaged()), look
    await ActivityEnvironment().run(reconciling.find_ownerless, look)
    while True:
        turned = time.perf_counter()
        looked = await ActivityEnvironment().run(comparing.compare_with_provider, page)
        longest = max(longest, time.perf_counter() - turned)
        if looked.after is None:
            break
        page = look.but(after=looked.after)
    await ActivityEnvironment().run(reconciling.end_sweep, look)
    return time.perf_counter() - begun, longest


@pytest.mark.parametrize("movements", [1000, pytest.param(100_000, marks=pytest.mark.chaos)])
async def test_a_sweep_finds_what_differs_among_many(databases: Databases, tmp_path: Path, movements: int) -> None:
    async with databases.fresh() as url:
        await migrate(url)
        pool, connection = await open_pool(url, most=4), await connect(url)
        first = await World(pool).opened()
        await pool.execute(
            "UPDATE complaints SET phase = 'closed', outcome = 'withdrawn', closed_at = now() WHERE complaint = $1",
            first.complaint,
        )
        keys = await _ours(connection, first.complaint, movements // EACH)
        assert len(keys) == movements
        await _theirs(tmp_path / "book.db", [*keys[1:], f"{first.complaint}:refund:1"])
        async with RunningSandbox(tmp_path) as sandbox, PaymentProvider(sandbox.url) as provider:
            whole, longest = await _swept(pool, provider)
            again, _ = await _swept(pool, provider)
        rows = await pool.fetch("SELECT key FROM tasks WHERE resolved_at IS NULL ORDER BY key")
        await connection.close()
        await pool.close()
    assert [row["key"] for row in rows] == [
        f"unknown_to_provider:{keys[0]}",
        f"unknown_to_us:{first.complaint}:refund:1",
    ]
    figures = f"{whole:.1f} s (longest page {longest:.1f} s), the next {again:.1f} s"
    print(f"a sweep over {movements} movements: {figures}")  # noqa: T201 - for whoever asks for it with -s
