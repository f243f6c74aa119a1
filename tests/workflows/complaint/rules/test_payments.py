"""Payments that fail or dawdle: who owns them, since when, and how the provider's time ended (R6.1, R6.10)."""

from dataclasses import replace

from tests.stories import BY_NAME
from tests.workflows.complaint.playing import Play
from tests.workflows.complaint.saying import DAY, HOUR, due_at, hears, on_stage, passes, tell
from workflows.answers import Code, Receipt, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.rules.dispatch import allowed, paid
from workflows.money.movement import PaymentAnswer
from workflows.policy.model import LimitName
from workflows.vocabulary import MoneyState, Phase, Role

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


# -- the provider takes its word back (R6.10) ----------------------------------------------------------------------


def says(play: Play, number: int, result: str) -> Receipt | Refusal:
    body = {"movement": f"{play.case.complaint}:refund:{number}", "result": result, "provider_reference": "p-1"}
    return tell(play, "payment_reported", Role.PAYMENT, "provider", **body)


def retries(play: Play, number: int) -> None:
    hears(play, "payment_retried", Role.AGENT, "a-1", movement=f"{play.case.complaint}:refund:{number}", reason="重试")


def stands(play: Play) -> list[MoneyState]:
    return [entry.movement.state for entry in play.case.money]


def test_what_has_settled_after_all_is_nobodys_to_retry_and_the_follow_up_begins() -> None:
    play = paying()
    says(play, 1, "failed")
    assert says(play, 1, "settled").accepted
    assert (stands(play), play.case.phase) == ([MoneyState.SETTLED], Phase.FOLLOW_UP)
    assert play.case.money[0].owned_since is None
    assert "payment_retried" not in allowed(play.case)


def test_what_was_ordered_anew_does_not_settle_after_all_as_well() -> None:
    play = paying()
    says(play, 1, "failed")
    retries(play, 1)
    answer = says(play, 1, "settled")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.text) == (
        Code.ALREADY_DONE,
        f"{play.case.complaint}:refund:1 is failed; it cannot become settled",
    )
    assert stands(play) == [MoneyState.FAILED, MoneyState.SETTLED]


def test_what_settled_after_all_ends_the_tries_that_failed_in_its_place() -> None:
    play = paying()
    play.story = replace(play.story, provider=("pending", "declined"))
    says(play, 1, "failed")
    retries(play, 1)
    assert stands(play) == [MoneyState.FAILED, MoneyState.FAILED]
    assert says(play, 1, "settled").accepted
    assert stands(play) == [MoneyState.SETTLED, MoneyState.FAILED]
    assert (play.case.phase, [entry.owned_since for entry in play.case.money]) == (Phase.FOLLOW_UP, [None, None])


def test_an_answer_that_comes_after_the_report_of_a_failure_settles_it_after_all() -> None:
    play = paying()
    says(play, 1, "failed")
    answer = PaymentAnswer(result="settled", provider_reference="p-1")
    case = paid(play.case, play.case.money[0].movement.key, answer, play.now)
    assert (case.money[0].movement.state, case.phase) == (MoneyState.SETTLED, Phase.FOLLOW_UP)


def test_what_has_failed_after_all_is_the_handlers_as_if_it_was_taken_back() -> None:
    play = paying()
    says(play, 1, "settled")
    assert says(play, 1, "failed").accepted
    assert (stands(play), play.case.phase) == ([MoneyState.REVERSED], Phase.FULFILMENT)
    assert due_at(play, LimitName.PAYMENT_OWNED) > play.now
    assert isinstance(says(play, 1, "settled"), Refusal)
    retries(play, 1)
    assert stands(play) == [MoneyState.REVERSED, MoneyState.SETTLED]
