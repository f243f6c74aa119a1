"""Who is told what, when, and of which time: holders of duties, waiting buyers, everybody at the end (R7.2, R10.3)."""

from datetime import datetime

from tests.stories import BY_NAME
from tests.workflows.complaint.playing import Play, play
from tests.workflows.complaint.saying import DAY, HOUR, MONDAY, WOOL, asked, beijing, hears, on_stage, passes
from workflows.complaint.domain.records import Notice
from workflows.complaint.views.details import current_details
from workflows.complaint.views.notices import notices_of
from workflows.vocabulary import Role
from workflows.words.sentences import sentence

RULING = {"liability": "seller", "remedy": "apology", "freight": "seller", "reason": "quality_defect", "text": "判定"}


def told(play: Play, event: str) -> list[Notice]:
    return [notice for notice in play.notices if notice.event == event]


def to(play: Play, event: str) -> set[str]:
    return {f"{notice.to}" for notice in told(play, event)}


def step_at(play: Play, event: str) -> str:
    return next(step.at.isoformat() for step in play.case.timeline if step.event == event)


def test_each_notice_has_a_key_of_its_own_however_long_the_ids_are() -> None:
    play = asked()
    step = next(one for one in play.case.timeline if one.event == "filed")
    keys = set()
    for end in "12":
        long = play.case.filing.filed_by.but(id="b" * 127 + end)
        filed = play.case.but(filing=play.case.filing.but(filed_by=long), order=None)
        keys |= {notice.key for notice in notices_of(filed, [step]) if notice.to == long}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {128}


# -- the ladder (R7.2) ------------------------------------------------------------------------------------------------


def test_the_holder_of_a_duty_is_warned_and_reminded_whoever_it_is() -> None:
    play = asked()
    hears(play, "noted", Role.AGENT, "a-1", text="?")
    hears(play, "work_order_opened", Role.AGENT, "a-1", department="purchasing", question="?")
    passes(play, 7 * DAY)
    assert to(play, "duty_warned") >= {"department:purchasing"}
    assert to(play, "duty_missed") == {"department:purchasing"}
    passes(play, DAY)
    assert to(play, "duty_reminded") == {"department:purchasing", "operations_manager:o-1"}


def test_nobody_is_roused_at_midnight_when_a_duty_is_missed() -> None:
    play = asked()
    passes(play, 3 * DAY)  # stepping in was due at 24:00 on Wednesday
    assert step_at(play, "duty_missed") == beijing("2026-11-26 00:00").isoformat()
    keys = [notice.key for notice in told(play, "duty_missed")]
    first_rung = next(step for step in play.case.timeline if step.event == "escalated_to_supervisor")
    assert first_rung.at == beijing("2026-11-26 08:30")
    assert [f":{first_rung.number}:" in key for key in keys] == [True]


def test_at_each_rung_the_buyer_is_told_a_time_that_lies_ahead() -> None:
    play = asked()
    for _ in range(6 * 24):
        before = len(told(play, "expected_time_told"))
        passes(play, HOUR)
        for notice in told(play, "expected_time_told")[before:]:
            assert datetime.fromisoformat(notice.data["expected"]) > play.now - HOUR, notice.data["expected"]
    assert len(told(play, "expected_time_told")) == 2


def test_after_the_end_no_buyer_is_told_to_wait() -> None:
    ended = play(BY_NAME["silence_to_the_end_closes_the_complaint"])
    assert "escalated_to_supervisor" in {notice.event for notice in ended.notices}
    assert told(ended, "expected_time_told") == []


# -- what is beyond the handler (R11.2) -------------------------------------------------------------------------------


def test_the_buyer_is_answered_at_once_when_a_decision_goes_up() -> None:
    ended = play(BY_NAME["a_ruling_above_the_limit_is_returned_and_then_approved"])
    assert {str(notice.to.role) for notice in told(ended, "passed_up")} == {"buyer"}
    assert all(notice.data["expected"] for notice in told(ended, "passed_up"))


# -- first response, handover, courtesy, hidden defects (R1.6, R2.5, R1.7) --------------------------------------------


def test_a_complaint_nobody_responded_to_is_flagged_until_somebody_does() -> None:
    play = on_stage(WOOL, 0)
    assert "NO FIRST RESPONSE" not in current_details(play.case)
    passes(play, HOUR)
    assert "NO FIRST RESPONSE" in current_details(play.case)
    hears(play, "noted", Role.AGENT, "a-1", text="?")
    assert "NO FIRST RESPONSE" not in current_details(play.case)


def test_a_handover_says_from_whom_to_whom_and_what_is_open() -> None:
    play = on_stage(WOOL, 0)
    before = play.case.handler
    hears(play, "handed_over", Role.AGENT, "a-1", to="s-2", open_points="等待商家答复")
    assert sentence(play.case.timeline[-1]) == f"from {before} to s-2 · 等待商家答复"


def test_a_review_that_finds_it_not_applicable_gives_one_courtesy_call() -> None:
    play = on_stage(WOOL, 0)
    hears(play, "reviewed", Role.AGENT, "a-1", decision="not_applicable", text="属于店铺售后范围")
    assert play.case.closed
    assert [step.event for step in play.case.timeline][-2:] == ["courtesy_call_given", "closed"]
    assert to(play, "courtesy_call_given") == {f"agent:{play.case.handler}"}


def test_accepting_a_quality_complaint_after_30_days_finds_a_hidden_defect() -> None:
    for days, hidden in ((29, False), (31, True)):
        play = on_stage(BY_NAME["on_quality_the_handler_moves_only_after_72_hours"], 0)
        assert play.case.order is not None
        play.case = play.case.but(order=play.case.order.but(delivered_at=MONDAY - days * DAY))
        hears(play, "reviewed", Role.AGENT, "a-1", decision="accept")
        assert ("hidden_defect_found" in {step.event for step in play.case.timeline}) is hidden


# -- the result (R10.3) -----------------------------------------------------------------------------------------------


def test_the_result_goes_to_the_parties_the_handler_the_departments_and_the_sales_side() -> None:
    ended = play(BY_NAME["the_department_names_a_date_and_its_second_plan_is_accepted"])
    case = ended.case
    assert to(ended, "closed") == {
        f"buyer:{case.buyer.id}",
        f"{case.seller}",
        f"agent:{case.handler}",
        "department:purchasing",
        "department:operations",
    }


def test_the_phone_task_names_the_hours_of_the_policy() -> None:
    called = play(BY_NAME["a_silent_buyer_is_called_back"])
    assert {sentence(notice.step) for notice in told(called, "callback_task_given") if notice.step} == {
        "10:00-12:00, 16:00-20:00"
    }


def test_who_holds_a_duty_and_is_above_it_is_told_once() -> None:
    keys = [notice.key for notice in play(BY_NAME["the_letter_is_written_too_late"]).notices]
    assert len(keys) == len(set(keys))
