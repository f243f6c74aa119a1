"""`python -m tests.replay.save RELEASE`: tells the telling stories on a stack of its own and saves their histories.

Once per release: its name (such as 2026-11) begins the names of the files; a second time is refused at once.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from starter.stories import BY_NAME
from tests.conftest import running
from tests.engine.cutting import EVERY_FEW_EVENTS
from tests.engine.telling import tell_all
from tests.replay import histories

TELLING = (
    "the_seller_agrees_at_once",
    "a_replaced_offer_can_no_longer_be_confirmed",
    "an_offer_lapses_and_then_the_complaint",
    "contested_and_ruled_for_the_buyer",
    "the_seller_is_silent_and_the_platform_steps_in",
    "an_overdue_ruling_climbs_but_is_never_made_by_the_system",
    "a_ruling_above_the_limit_is_returned_and_then_approved",
    "material_is_asked_for_twice_at_most",
    "more_is_asked_for_than_was_paid",
    "sent_back_on_appeal_and_ruled_anew",
    "withdrawn_during_appeal",
    "a_payment_that_takes_too_long_gets_an_owner",
    "discontent_twice_ends_with_a_letter",
)
"""Together these go through every phase, every activity and every kind of ending of the main line."""

CUT = ("the_buyers_own_proposal_is_accepted", "both_appeal_and_the_supervisor_changes_the_ruling")
"""Saved from their second run: what one run hands over must be readable to every later code too."""


async def save(release: str) -> None:
    """Tell and save; raises AlreadySaved before anything is started."""
    if known := [name for name in histories.names() if name.startswith(f"{release}-")]:
        raise histories.AlreadySaved(f"{release} has its {len(known)} histories: give the new ones a name of their own")
    with tempfile.TemporaryDirectory() as home:
        await _tell(release, TELLING, Path(home) / "whole", cut=False)
        await _tell(release, CUT, Path(home) / "cut", cut=True)


async def _tell(release: str, names: tuple[str, ...], home: Path, *, cut: bool) -> None:
    await asyncio.to_thread(home.mkdir)
    config = EVERY_FEW_EVENTS if cut else {}
    async for stack in running(home, time_skipping=True, dynamic_config=config):
        for name, told in (await tell_all(stack, [BY_NAME[name] for name in names])).items():
            runs = await told.runs()
            ending = ".run-2" if cut else ""
            path = histories.save(f"{release}-{name}{ending}", runs[1 if cut else 0])
            print(f"{path.name}: {path.stat().st_size} bytes")  # noqa: T201 - a person waits for it


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("give the release whose histories are saved, such as: python -m tests.replay.save 2026-11")
    try:
        asyncio.run(save(sys.argv[1]))
    except histories.AlreadySaved as saved:
        sys.exit(str(saved))
