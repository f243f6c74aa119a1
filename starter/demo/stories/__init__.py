"""The process as stories: told once, lived through by the demo, and run four ways by the tests."""

from starter.demo.stories.admitting import ADMITTING
from starter.demo.stories.advancing import ADVANCING
from starter.demo.stories.advancing_returns import ADVANCING_RETURNS
from starter.demo.stories.appealing import APPEALING
from starter.demo.stories.asking import ASKING
from starter.demo.stories.authority import AUTHORITY
from starter.demo.stories.burdens import BURDENS
from starter.demo.stories.covering import COVERING
from starter.demo.stories.finishing import FINISHING
from starter.demo.stories.graver import GRAVER
from starter.demo.stories.holding import faults
from starter.demo.stories.late import LATE
from starter.demo.stories.negotiating import NEGOTIATING
from starter.demo.stories.overturning import OVERTURNING
from starter.demo.stories.platform import PLATFORM
from starter.demo.stories.proving import PROVING
from starter.demo.stories.remedies import REMEDIES
from starter.demo.stories.replacing import REPLACING
from starter.demo.stories.returning import RETURNING
from starter.demo.stories.reviewing import REVIEWING
from starter.demo.stories.standing import STANDING
from starter.demo.stories.story import Act, Pass, Reaches, Reports, Story, Tell, unique
from starter.demo.stories.withdrawing import WITHDRAWING

STORIES = unique(
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

FOR_THE_DEMO = tuple(
    BY_NAME[name]
    for name in (
        "the_seller_agrees_at_once",
        "a_counter_offer_is_confirmed",
        "the_seller_is_silent_and_the_platform_steps_in",
        "contested_and_ruled_for_the_buyer",
        "contested_and_ruled_for_the_seller",
        "found_unfounded_and_left_at_that",
        "withdrawn_during_negotiation",
        "both_are_silent_on_the_ruling",
        "a_ruling_above_the_limit_is_returned_and_then_approved",
        "both_appeal_and_the_supervisor_changes_the_ruling",
        "the_seller_was_asked_for_proof_and_gave_none",
        "the_goods_come_back_intact_and_are_refunded",
        "the_provider_declines_and_the_payment_is_retried",
        "an_advance_is_unfrozen_when_the_return_is_intact",
        "nothing_is_returned_and_the_advance_goes_back",
        "discontent_twice_ends_with_a_letter",
    )
)
"""The stories of the guided tour, the plainest first."""

__all__ = ["BY_NAME", "FOR_THE_DEMO", "STORIES", "Act", "Pass", "Reaches", "Reports", "Story", "Tell", "faults"]
