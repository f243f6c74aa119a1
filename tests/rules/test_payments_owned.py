"""Payments that fail or dawdle: who owns them, since when, and how the provider's time ended (R6.1, R6.10)."""

from starter.stories import BY_NAME
from tests.rules.playing import Play
from tests.rules.saying import DAY, HOUR, due_at, hears, on_stage, passes
from workflows.domain.case import Case
from workflows.domain.policy import LimitName
from workflows.domain.vocabulary import Role

PENDING = BY_NAME["a_payment_that_takes_too_long_gets_an_owner"]


def paying() -> Play:
    """The provider was asked for a refund and has said neither yes nor no."""
    play = on_stage(PENDING, 2)
    assert play.case.money[-1].movement.state == "requested"
    return play


def reported(play: Play, result: str) -> None:
    key = play.case.money[-1].movement.key
    body = {"movement": key, "result": result, "provider_reference": "p-1"}
    hears(play, "payment_reported", Role.PAYMENT, "provider", **body)


def how(case: Case, name: LimitName) -> list[str]:
    return [one.how for one in case.ended if one.name is name]


def test_a_settlement_meets_the_providers_time_a_failure_does_not() -> None:
    settled, failed = paying(), paying()
    reported(settled, "settled")
    reported(failed, "failed")
    assert how(settled.case, LimitName.PAYMENT) == ["met"]
    assert how(failed.case, LimitName.PAYMENT) == ["superseded"]


def test_a_failure_of_an_overdue_payment_gives_its_owner_no_fresh_day() -> None:
    play = paying()
    passes(play, DAY + HOUR)
    owned = due_at(play, LimitName.PAYMENT_OWNED)
    passes(play, 15 * HOUR)  # after midnight: a day of its own would end a day later
    reported(play, "failed")
    assert due_at(play, LimitName.PAYMENT_OWNED) == owned


def test_a_complaint_of_the_first_edition_keeps_counting_from_the_failure() -> None:
    play = paying()
    play.case = play.case.but(edition=1)
    passes(play, 2 * DAY)
    reported(play, "failed")
    assert play.case.money[-1].owned_since == play.now
