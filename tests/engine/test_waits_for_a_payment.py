"""A complaint that should continue as new lives on while it waits for a payment, however long the provider takes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.conftest import Running, running
from tests.engine.attacker import AGENT, Handle, Json, in_phase, message, submit, unhurt, until
from tests.engine.stand_in import StandIn, a_case
from tests.engine.telling import runs_of
from tests.replay.histories import replayer

_started = asynccontextmanager(running)


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack with time skipping, whose complaints should give way after some hundred events."""
    config = {"limit.historyCount.suggestContinueAsNew": 100}
    async with _started(tmp_path_factory.mktemp("waits"), time_skipping=True, dynamic_config=config) as stack:
        yield stack


async def test_a_complaint_lives_on_while_it_should_give_way_and_waits_for_a_payment(house: Running) -> None:
    case = a_case()
    assert case.seller
    platform = StandIn(case)
    notes = [message("noted", AGENT, text=f"第{number}次") for number in range(100)]
    late = message("noted", AGENT, text="来晚了")
    async with platform.worker(house):
        handle = await platform.open(house)
        await in_phase(handle, "negotiation")
        agrees = message("seller_answered", ("seller", case.seller.id), answer="agree")
        assert (await submit(handle, agrees))["accepted"]
        for note in notes:
            await handle.signal("noted", note)
        assert (await submit(handle, late))["accepted"]
        await until(lambda: _on_record(platform, late, *notes), what="everything on record")
        assert len(await runs_of(house, handle.id)) == 1
        platform.provider_answers.set()
        await in_phase(handle, "follow_up")
        await until(lambda: _has_runs(house, handle, 2), what="the next run")
        first, *_ = await runs_of(house, handle.id)
        await unhurt(handle)
        await replayer().replay_workflow(first)
        await handle.terminate("the test is over")


async def _on_record(platform: StandIn, *said: Json) -> bool:
    return {one["message_id"] for one in said} <= platform.recorded


async def _has_runs(stack: Running, handle: Handle, number: int) -> bool:
    return len(await runs_of(stack, handle.id)) == number
