"""What a message costs: an event or two of its own, and a timer only where it moves a deadline."""

from tests.conftest import Running
from tests.engine.attacker import AGENT, SELLER, Handle, events, in_phase, message, opened, submit, unhurt

_MANY = 10


async def _timers(handle: Handle) -> tuple[int, int]:
    """Return how many timers were started, and how many of them were given up."""
    return len(await events(handle, "TIMER_STARTED")), len(await events(handle, "TIMER_CANCELED"))


async def test_a_message_that_moves_no_deadline_adds_no_timer_and_one_that_does_adds_one(stack: Running) -> None:
    handle = await opened(stack)
    assert (await submit(handle, message("reviewed", AGENT, decision="accept")))["accepted"]
    started, given_up = await _timers(handle)
    for number in range(_MANY):
        assert (await submit(handle, message("noted", AGENT, text=f"第{number}次跟进")))["accepted"]
        await handle.signal("noted", message("noted", AGENT, text=f"第{number}次补记"))
        assert not (await submit(handle, message("offer_confirmed", SELLER, offer=1)))["accepted"]
    await _heard(handle, _MANY)
    assert await _timers(handle) == (started, given_up)
    refuses = message("seller_answered", SELLER, answer="refuse", reason="goods_as_described")
    assert (await submit(handle, refuses))["accepted"]
    assert await _timers(handle) == (started + 1, given_up + 1)
    await unhurt(handle)


async def _heard(handle: Handle, signals: int) -> None:
    view = await in_phase(handle, "negotiation")
    assert len(await events(handle, "WORKFLOW_EXECUTION_SIGNALED")) == signals
    assert view["waiting_on"][0]["actor"] == "seller"
