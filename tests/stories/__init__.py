"""The process as stories: told once, those of the tour in `starter/demo/stories`, and run four ways by the tests."""

from collections.abc import Sequence

from starter.demo.stories import Story
from tests.stories.admitting import ADMITTING
from tests.stories.advancing import ADVANCING
from tests.stories.advancing_returns import ADVANCING_RETURNS
from tests.stories.appealing import APPEALING
from tests.stories.asking import ASKING
from tests.stories.authority import AUTHORITY
from tests.stories.burdens import BURDENS
from tests.stories.covering import COVERING
from tests.stories.finishing import FINISHING
from tests.stories.graver import GRAVER
from tests.stories.late import LATE
from tests.stories.negotiating import NEGOTIATING
from tests.stories.overturning import OVERTURNING
from tests.stories.platform import PLATFORM
from tests.stories.proving import PROVING
from tests.stories.remedies import REMEDIES
from tests.stories.replacing import REPLACING
from tests.stories.returning import RETURNING
from tests.stories.reviewing import REVIEWING
from tests.stories.standing import STANDING
from tests.stories.withdrawing import WITHDRAWING


def _unique(stories: Sequence[Story]) -> tuple[Story, ...]:
    """Return the stories, every name of which is one of its kind."""
    names = [story.name for story in stories]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"told under one name: {', '.join(sorted(twice))}")
    return tuple(stories)


STORIES = _unique(
    (
        *NEGOTIATING,
        *PLATFORM,
        *AUTHORITY,
        *PROVING,
        *BURDENS,
        *REMEDIES,
        *STANDING,
        *ASKING,
        *GRAVER,
        *REVIEWING,
        *ADMITTING,
        *APPEALING,
        *WITHDRAWING,
        *RETURNING,
        *REPLACING,
        *FINISHING,
        *LATE,
        *OVERTURNING,
        *ADVANCING,
        *ADVANCING_RETURNS,
        *COVERING,
    )
)
"""Every story, in the order in which they are best read."""

BY_NAME = {story.name: story for story in STORIES}
