"""After every story the provider's book, our ledger, the record and the workflow say the same of its money."""

from starter.client.endpoints import Endpoints
from starter.client.verification import verify
from starter.demo.stories import Story
from tests.conftest import Running
from tests.engine.telling import Told
from tests.engine.test_stories import ON_THE_ENGINE


@ON_THE_ENGINE
async def test_every_book_says_the_same_of_the_money_of_a_story(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    verdict = await verify(_where(one.stack), one.number)
    assert verdict.not_asked == ()
    assert verdict.differences == ()
    assert verdict.faults == ()
    taken_back = [step for step in await one.whole_timeline() if getattr(step.facts, "corrected", False)]
    assert len(verdict.contradictions) == len(taken_back)  # kept as evidence, although all books agree in the end


@ON_THE_ENGINE
async def test_an_advance_is_whole_in_the_ledger(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    advance = (await one.view()).advance
    row = await one.stack.pool.fetchrow("SELECT * FROM advances WHERE complaint = $1", one.number)
    assert (row is None) == (advance is None)
    if row is not None and advance is not None and advance.state in {"unfrozen", "clawed_back"}:
        assert row["frozen_minor"] == row["leaving_minor"] == 0
        owed = row["unfrozen_minor"] - row["repaid_minor"]
        assert (owed > 0) == (advance.recovery in {"debt", "due"})


def _where(stack: Running) -> Endpoints:
    ready = stack.ready
    return Endpoints(
        connect={"target_host": ready.temporal},
        database=ready.database,
        partners=ready.partners,
        payment_secret=ready.payment_secret,
        ui=ready.ui,
        time_skipping=ready.time_skipping,
    )
