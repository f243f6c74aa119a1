"""Thousands of histories of money, each step held against a model of the ledger and all its laws."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from activities.store.migrate import migrate
from activities.store.pool import Connection, connect, open_pool
from tests.activities.conftest import Databases
from tests.activities.store.book_model import PAID, SHIPPING, Complaint, Model, Moved, Refused
from tests.activities.store.moving import PARTIES, PLATFORM, Moving
from tests.activities.store.test_ledger_guards import BY_HAND
from tests.activities.world import World
from tests.chance import SEED
from workflows.complaint.domain.filing import Request
from workflows.vocabulary import Problem, Remedy

T = TypeVar("T")

AMOUNTS = st.sampled_from([1, 100, 1000, 5000, 14950, 15950, PAID, PAID + SHIPPING, 2 * PAID, 3 * PAID])
NEVER = [orders for orders in BY_HAND if "from_deposit_minor" not in orders[0]]
"""What is refused in every history; the split of a payment that is still under way may be told."""
STATES = st.sampled_from(["requested", "settled", "settled", "failed", "failed", "reversed", "decided"])
AT_ONCE = st.sampled_from(
    [(), ("requested",), ("requested", "settled"), ("requested", "settled"), ("requested", "failed")]
)

_SAID = """
SELECT json_build_object(
    'movements', (SELECT json_object_agg(key, state) FROM movements),
    'lines', (SELECT json_object_agg(order_id || '/' || line, ARRAY[refunded_minor, given_minor]) FROM lines),
    'advances', (SELECT json_object_agg(complaint, ARRAY[advanced_minor, frozen_minor, unfrozen_minor,
        clawed_back_minor, leaving_minor, repaid_minor]) FROM advances),
    'balances', (SELECT json_object_agg(account, total) FROM (
        SELECT account, sum(amount_minor) AS total FROM postings GROUP BY account) AS b WHERE total <> 0),
    'transactions', (SELECT count(*) FROM transactions),
    'states', (SELECT count(*) FROM movement_states),
    'unbalanced', (SELECT count(*) FROM (
        SELECT transaction FROM postings GROUP BY transaction HAVING sum(amount_minor) <> 0) AS u)
)
"""
_COMPENSATION = """UPDATE complaints SET view = jsonb_set(view, '{ruling}', '{"remedy": "compensation"}')"""
APOLOGY = Request(remedy=Remedy.APOLOGY)


@pytest.fixture
async def ready(databases: Databases) -> AsyncIterator[tuple[str, list[Complaint]]]:
    """A database with three complaints in it, two of them about one line, and no money moved."""
    async with databases.fresh() as url:
        await migrate(url)
        pool = await open_pool(url, most=1)
        world = World(pool)
        first = await world.opened(order_id="o-7", request=APOLOGY)
        second = await world.opened(order_id="o-7", request=APOLOGY, problem=Problem.OTHER)
        third = await world.opened(order_id="o-8", request=APOLOGY)
        await pool.execute(f"{_COMPENSATION} WHERE complaint = $1", second.complaint)
        await pool.close()
        yield (
            url,
            [
                Complaint(first.complaint, "o-7/1"),
                Complaint(second.complaint, "o-7/1", compensates=True),
                Complaint(third.complaint, "o-8/1", freight=True),
            ],
        )


class Histories(RuleBasedStateMachine):
    """Whatever is tried: the database takes it exactly where the model does, and then says the same."""

    runner: ClassVar[asyncio.Runner]
    connection: ClassVar[Connection]
    complaints: ClassVar[list[Complaint]]
    tried: ClassVar[dict[str, int]]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.transaction = self.connection.transaction()
        self.states = 0

    def run(self, what: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await what

        return self.runner.run(awaited())

    @initialize()
    def begins(self) -> None:
        self.run(self.transaction.start())
        self.tried["histories"] += 1

    def teardown(self) -> None:
        self.run(self.transaction.rollback())

    @contextmanager
    def refused_together(self) -> Iterator[None]:
        """Assert that model and database agree on whether what is done within may be done."""
        database = False
        try:
            yield
        except asyncpg.IntegrityConstraintViolationError:
            database = True
        assert database == self.refused, f"model refuses: {self.refused}, database: {database}"
        self.tried["refused" if database else "taken"] += 1

    async def _at_once(self, *steps: Awaitable[object]) -> list[object]:
        async with self.connection.transaction():
            done = [await step for step in steps]
            await self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        return done

    def _modelled(self, *arguments: Any) -> None:
        self.refused = False
        try:
            what, *given = arguments
            what(*given)
        except Refused:
            self.refused = True

    @rule(
        which=st.integers(0, 2), purpose=st.sampled_from(sorted(PARTIES)), amount=AMOUNTS, by_platform=st.booleans(),
        rest=st.sampled_from([0, 0, 0, 1, 500]), again=st.integers(0, 9), at_once=AT_ONCE,
    )  # fmt: skip
    def decides(
        self, which: int, purpose: str, amount: int, by_platform: bool, rest: int, again: int, at_once: tuple[str, ...]
    ) -> None:
        """Decide a movement, and mostly ask for it and settle it as well."""
        complaint = self.complaints[which]
        known = sum(one.of == complaint and one.purpose == purpose for one in self.model.moved.values())
        number = known if again == 0 and known else known + 1
        payer = PARTIES[purpose][0]
        if by_platform and payer[0] == "seller" and purpose != "payout":
            payer = PLATFORM
        rest = rest if purpose == "unfreeze" or again == 1 else 0
        key = f"{complaint.number}:{purpose}:{number}"
        self._modelled(self.model.decide, Moved(key, complaint, purpose, payer, amount, rest))
        rule_ = "R6.8" if complaint.freight else "R6.1"
        moving = Moving(self.connection, complaint.number)
        decided = moving.decided(purpose, amount, number=number, rest=rest, payer=payer, rule=rule_)
        with self.refused_together():
            self.run(self._at_once(decided))
        for state in () if self.refused else at_once:
            self._turns(key, state, None)
            if self.refused:
                return

    @rule(place=st.integers(0, 99), state=STATES, deposit=st.sampled_from([None, None, 0, 1, 10**6]))
    def turns(self, place: int, state: str, deposit: int | None) -> None:
        """Let any movement come to any state."""
        if keys := list(self.model.moved):
            self._turns(keys[place % len(keys)], state, deposit if state == "settled" else None)

    def _turns(self, key: str, state: str, deposit: int | None) -> None:
        self._modelled(self.model.turn, key, state, deposit)
        moving = Moving(self.connection, key.split(":", maxsplit=1)[0])
        with self.refused_together():
            self.run(self._at_once(moving.becomes(key, state, from_deposit=deposit)))

    @rule(orders=st.sampled_from(NEVER))
    def writes_by_hand(self, orders: tuple[str, ...]) -> None:
        """Write, change or delete by hand: never taken."""
        found = self.run(self.connection.fetchrow("SELECT number, movement FROM transactions ORDER BY number LIMIT 1"))
        if found is None:
            return
        complaint = found["movement"].split(":")[0]
        order = orders[0].replace("{tx}", str(found["number"])).replace("{c}:refund:1", found["movement"])
        self.refused = True
        with self.refused_together():
            [done] = self.run(self._at_once(self.connection.execute(order.replace("{c}", complaint))))
            self.refused = not str(done).endswith(" 0")  # what meets no row tries nothing

    @invariant()
    def the_book_says_what_the_model_says(self) -> None:
        said = json.loads(self.run(self.connection.fetchval(_SAID)))
        model = self.model
        assert (said["movements"] or {}) == {key: one.state for key, one in model.moved.items()}
        assert said["lines"] == {one.line: list(model.of_the_line(one.line)) for one in self.complaints}
        known = {one.number: list(model.advance(one.number)) for one in self.complaints}
        assert (said["advances"] or {}) == {name: known[name] for name in said["advances"] or {}}
        assert {name for name in known if any(known[name])} <= set(said["advances"] or {})
        assert (said["balances"] or {}) == {name: fen for name, fen in model.balances().items() if fen}
        assert (said["transactions"], said["unbalanced"]) == (model.transactions(), 0)
        self._laws(known)

    def _laws(self, known: dict[str, list[int]]) -> None:
        assert sum(self.model.balances().values()) == 0
        for advanced, frozen, unfrozen, back, leaving, repaid in known.values():
            assert advanced == frozen + unfrozen + back
            assert 0 <= leaving <= frozen
            assert repaid >= 0
        for one in self.complaints:
            refunded, given = self.model.of_the_line(one.line)
            assert 0 <= refunded <= PAID + SHIPPING
            assert refunded <= given <= 3 * PAID


def live_through(ready: tuple[str, list[Complaint]], histories: int, *sabotage: str) -> None:
    """Try that many histories on one connection, each in a transaction that is rolled back."""
    url, Histories.complaints = ready
    Histories.tried = dict.fromkeys(("histories", "taken", "refused"), 0)
    with asyncio.Runner() as Histories.runner:
        Histories.connection = Histories.runner.run(connect(url))
        try:
            for order in sabotage:
                Histories.runner.run(Histories.connection.execute(order))
            seed(SEED)(Histories)
            run_state_machine_as_test(Histories, settings=_settings(histories, shrink=not sabotage))
        finally:
            Histories.runner.run(Histories.connection.close())


@pytest.mark.parametrize("histories", [150, pytest.param(5000, marks=pytest.mark.chaos)])
def test_whatever_is_tried_the_ledger_and_its_model_agree(ready: tuple[str, list[Complaint]], histories: int) -> None:
    live_through(ready, histories)
    assert Histories.tried["refused"] > histories / 3, Histories.tried
    assert Histories.tried["taken"] > histories / 3, Histories.tried
    print(f"the ledger against its model: {Histories.tried}")  # noqa: T201 - for whoever asks for it with -s


@pytest.mark.parametrize(
    "sabotage",
    [
        "ALTER TABLE advances DROP CONSTRAINT an_advance_ends_once",
        "ALTER TABLE lines DROP CONSTRAINT refunds_within_the_price",
        "ALTER TABLE postings DISABLE TRIGGER ALL",
        "ALTER TABLE movements DISABLE TRIGGER guarded",
        "CREATE OR REPLACE FUNCTION deposit_part(m movements) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
    ],
)
def test_a_ledger_without_one_of_its_guards_would_be_found(ready: tuple[str, list[Complaint]], sabotage: str) -> None:
    with pytest.raises(AssertionError):
        live_through(ready, 200, sabotage)


def _settings(histories: int, *, shrink: bool) -> settings:
    return settings(
        max_examples=histories,
        stateful_step_count=25,
        deadline=None,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
