"""Before silence is acted on, the inbox is asked: who is in it was not silent (R7.4)."""

from datetime import UTC, datetime, timedelta

from tests.conftest import Running
from tests.engine.attacker import Handle, in_phase, message, timeline, unhurt, until
from tests.engine.stand_in import StandIn, a_case
from tests.replay.histories import replayer


async def test_a_complaint_asks_before_silence_is_acted_on(stack: Running) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    accepted = due - timedelta(hours=48)
    case = a_case(accepted - timedelta(minutes=1))
    assert case.seller
    in_time = (due - timedelta(seconds=1)).isoformat()
    seller = ("seller", case.seller.id)
    held = message("seller_answered", seller, answer="refuse", reason="goods_as_described", received_at=in_time)
    platform = StandIn(case, held)
    async with platform.worker(stack):
        handle = await platform.open(stack, received_at=accepted.isoformat())
        await until(lambda: _has_answered(handle), what="the seller to be heard")
        assert (await in_phase(handle, "negotiation"))["phase"] == "negotiation"
        assert platform.asked[-1].until >= due
        await unhurt(handle)
        await replayer().replay_workflow(await handle.fetch_history())
        await handle.terminate("the test is over")


async def _has_answered(handle: Handle) -> bool:
    return "seller_answered" in [step["event"] for step in await timeline(handle)]
