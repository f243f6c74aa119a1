"""`python -m tests.replay.save RELEASE`: tells the stories of a release on stacks of its own and saves their histories.

Its name begins the names of the files. Until 1.0 there is one release, `unreleased`, whose histories take the place of
those saved before. From 1.0 on (`histories.BINDING`) each is saved once, a second time is refused at once, and a new
release names here, under a name of its own, what it can do that none before could.
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
    "unreleased": Release(
        whole=(
            "the_seller_agrees_at_once",
            "the_seller_is_silent_and_the_platform_steps_in",
            "sent_back_on_appeal_and_ruled_anew",
            "discontent_twice_ends_with_a_letter",
            "a_damaged_return_goes_back_to_the_handler",
            "a_calendar_that_nobody_has_changes_nothing",
            "no_material_comes_and_the_complaint_is_abandoned",
            "found_unfounded_and_left_at_that",
            "the_buyer_goes_to_the_regulator_before_any_ruling",
            "filed_too_late_and_explained_by_phone",
            "nothing_is_returned_and_the_advance_goes_back",
            "what_cannot_be_recovered_is_a_debt_of_the_seller",
        ),
        cut=("both_appeal_and_the_supervisor_changes_the_ruling",),
        cut_late=("half_comes_back_and_half_of_the_advance_with_it",),
        sealed=("more_is_asked_for_than_was_paid",),
        kept=(in_time_and_overtaken,),
    ),
}
"""Together they go through every phase, every activity and every kind of ending; `test_saved.py` sees to it."""

_started = asynccontextmanager(running)


async def save(name: str, *, binding: bool = histories.BINDING) -> None:
    """Tell and save; where histories bind, raises AlreadySaved before anything is started."""
    release = RELEASES[name]
    saved = {f"{name}-{one}" for one in of(release)} & {*histories.names()}
    if binding and saved:
        raise histories.AlreadySaved(f"{name} has its {len(saved)} histories: give the new ones a name of their own")
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
