"""`python -m tests.replay.save RELEASE`: tells the stories of a release on stacks of its own and saves their histories.

Once per release: its name (such as 2026-11) begins the names of the files; a second time is refused at once. A new
release names here what it can do that none before could.
"""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

from tests.conftest import Running, running
from tests.engine.cutting import EVERY_FEW_EVENTS
from tests.engine.telling import runs_of, tell_all
from tests.replay import histories
from tests.replay.overdue import in_time_and_overtaken
from tests.stories import BY_NAME
from workers.composition.whole_stack import whole_stack

Tells = Callable[[Running], Awaitable[str]]
"""Tells on a stack what no story can, and returns the number of the complaint."""


class Release(NamedTuple):
    """What is told for a release: stories in one run, in many, sealed; and what needs a stack without a gateway."""

    whole: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    """Saved from the second run: what one run hands over must be readable to every later code too."""
    cut_late: tuple[str, ...] = ()
    """Saved from the last run."""
    sealed: tuple[str, ...] = ()
    kept: tuple[Tells, ...] = ()


RELEASES = {
    "2026-11": Release(
        whole=(
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
            "a_damaged_return_goes_back_to_the_handler",
            "the_goods_are_exchanged",
            "the_seller_was_asked_for_proof_and_gave_none",
            "the_platform_apologises_for_a_silent_seller",
        ),
        cut=(
            "the_buyers_own_proposal_is_accepted",
            "both_appeal_and_the_supervisor_changes_the_ruling",
            "the_repaired_goods_come_back_and_silence_is_content",
        ),
    ),
    "2026-11-doors": Release(
        whole=(
            "an_advance_is_unfrozen_when_the_return_is_intact",
            "nothing_is_returned_and_the_advance_goes_back",
            "what_cannot_be_recovered_is_a_debt_of_the_seller",
        ),
        cut_late=("half_comes_back_and_half_of_the_advance_with_it",),
        sealed=("more_is_asked_for_than_was_paid",),
        kept=(in_time_and_overtaken,),
    ),
}
"""The first went through every phase, every activity and every kind of ending; the second advances money, asks the
inbox before silence is acted on, and seals."""

_started = asynccontextmanager(running)


async def save(name: str) -> None:
    """Tell and save; raises AlreadySaved before anything is started."""
    release, prefix = RELEASES[name], f"{name}-"
    if known := [
        one for one in histories.names() if one.startswith(prefix) and one.removeprefix(prefix) in of(release)
    ]:
        raise histories.AlreadySaved(f"{name} has its {len(known)} histories: give the new ones a name of their own")
    with tempfile.TemporaryDirectory() as home:
        ring = histories.ring(Path(home) / "ring.toml")
        await _tell(f"{name}-{{}}", release.whole, Path(home) / "whole", 0)
        await _tell(f"{name}-{{}}{_SECOND}", release.cut, Path(home) / "cut", 1, dynamic_config=EVERY_FEW_EVENTS)
        await _tell(f"{name}-{{}}{_LAST}", release.cut_late, Path(home) / "late", -1, dynamic_config=EVERY_FEW_EVENTS)
        await _tell(f"{name}-{{}}{histories.SEALED}", release.sealed, Path(home) / "sealed", 0, key_ring=ring)
        await _keep(f"{name}-{{}}", release.kept, Path(home) / "kept")


def of(release: Release) -> set[str]:
    """Return how the histories of a release are called, without its name."""
    kept = (tells.__name__ for tells in release.kept)
    ended = {_SECOND: release.cut, _LAST: release.cut_late, histories.SEALED: release.sealed}
    return {*release.whole, *kept, *(f"{one}{ending}" for ending, names in ended.items() for one in names)}


async def _tell(called: str, names: tuple[str, ...], home: Path, run: int, **more: object) -> None:
    if not names:
        return
    async with _started(home, time_skipping=True, **more) as stack:
        for name, told in (await tell_all(stack, [BY_NAME[name] for name in names])).items():
            _saved(histories.save(called.format(name), (await told.runs())[run]))


async def _keep(called: str, told: tuple[Tells, ...], home: Path) -> None:
    if not told:
        return
    partners = [word.replace("{gateway}", "http://127.0.0.1:9") for word in whole_stack(home).partners]
    async with _started(home, time_skipping=True, gateway=(), partners=partners) as stack:
        for tells in told:
            first, *_ = await runs_of(stack, await tells(stack))
            _saved(histories.save(called.format(tells.__name__), first))


def _saved(path: Path) -> None:
    print(f"{path.name}: {path.stat().st_size} bytes")  # noqa: T201 - a person waits for it


_SECOND, _LAST = ".run-2", ".last-run"


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in RELEASES:
        sys.exit(f"give the release whose histories are saved: python -m tests.replay.save {'|'.join(RELEASES)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        asyncio.run(save(sys.argv[1]))
    except histories.AlreadySaved as saved:
        sys.exit(str(saved))
