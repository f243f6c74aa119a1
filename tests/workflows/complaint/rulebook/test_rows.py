"""Every word of every closed list, and every row of every table but the annex, has a story; windows have edges."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import get_args

import pytest

from starter.demo.stories import Story, Tell
from starter.demo.stories.story import Act
from tests.stories import BY_NAME, STORIES
from tests.workflows.complaint.playing import COMPLAINT, MONDAY_MORNING
from tests.workflows.complaint.rulebook.showing import Shown, shown
from tests.workflows.complaint.saying import DAY, HOUR
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.filing import Request
from workflows.complaint.domain.messages import Condition
from workflows.complaint.domain.messages.fulfilment import FulfilmentDeclined, ParcelReported
from workflows.complaint.domain.parts import PLATFORM, Entry, Freight, Ruling, WorkOrder
from workflows.complaint.domain.records import Facts, Registration
from workflows.complaint.domain.timeline import CATALOGUE
from workflows.complaint.rules.burden import burden
from workflows.complaint.rules.money.orders import AWARDED
from workflows.complaint.rules.registration import open_case
from workflows.complaint.rules.tables import HEARINGS
from workflows.complaint.views.notices import OF_A_GRAVE_COMPLAINT
from workflows.complaint.views.view import view_of
from workflows.policy.loading import packaged
from workflows.policy.model import Burden
from workflows.time.limits import StopReason
from workflows.vocabulary import (
    Channel,
    Liability,
    Outcome,
    Phase,
    Problem,
    Purpose,
    RefusalReason,
    Remedy,
    Role,
    RulingReason,
    Severity,
)


def untold(words: Iterator[str] | tuple[str, ...] | list[str], told: set[str], *but: str) -> list[str]:
    """Return the words that no story uses, those apart that are built elsewhere."""
    return [str(word) for word in words if word not in told and word not in but]


def heard(kind: str, *of: Story) -> Iterator[Tell]:
    """Yield what is said in stories, and heard."""
    acts: Iterator[Act] = (act for story in (of or STORIES) for act in story.acts)
    yield from (act for act in acts if isinstance(act, Tell) and act.kind == kind and act.code is None)


def said(kind: str, name: str) -> set[str]:
    return {str(act.body[name]) for act in heard(kind) if name in act.body}


# -- closed lists -----------------------------------------------------------------------------------------------------


def test_every_channel_and_every_problem_is_filed_in_a_story() -> None:
    assert untold([*Channel], {story.complaint.channel for story in STORIES}) == []
    assert untold([*Problem], {story.complaint.problem for story in STORIES}) == []


def test_every_problem_can_be_admitted_and_not_only_turned_down() -> None:
    admitted = {one.story.complaint.problem for one in shown() if len(one.case.timeline) > 4}
    assert untold([*Problem], {*admitted}) == []


def test_every_outcome_and_every_severity_is_reached_in_a_story() -> None:
    assert untold([*Outcome], {one.case.outcome or "" for one in shown()}) == []
    graver = {case.severity for one in shown() for case in one.cases}
    assert untold([*Severity], {*graver}, Severity.BATCH) == []  # found by counting buyers, which is section 8 (R8.1)


def test_every_remedy_is_agreed_in_a_story_and_ruled_in_another() -> None:
    decided = [case.decision for one in shown() for case in one.cases if case.decision]
    assert untold([*Remedy], {one.award.remedy for one in decided if one.basis == "agreed"}) == []
    assert untold([*Remedy], said("ruled", "remedy")) == []


def test_every_review_answer_appeal_decision_and_decline_is_told() -> None:
    assert said("reviewed", "decision") == {"accept", "need_material", "not_applicable", "unfounded"}
    assert said("seller_answered", "answer") == {"agree", "counter", "refuse"}
    assert said("appeal_decided", "decision") == {"uphold", "change", "send_back"}
    assert said("ruling_countersigned", "decision") == {"approve", "return"}
    declined = get_args(FulfilmentDeclined.model_fields["reason"].annotation)
    assert untold(declined, said("fulfilment_declined", "reason")) == []


def test_every_reason_of_sellers_and_of_rulings_is_given_in_a_story() -> None:
    assert untold([*RefusalReason], said("seller_answered", "reason")) == []
    rulings = {str(one.reason) for shows in shown() for one in shows.case.rulings}
    assert untold([*RulingReason], rulings) == []


def test_every_event_of_a_carrier_and_every_finding_of_an_inspection_is_told() -> None:
    events = get_args(ParcelReported.model_fields["event"].annotation)
    assert untold(events, said("parcel_reported", "event")) == []
    returned = {str(act.body["condition"]) for act in heard("goods_received") if act.role is Role.SELLER}
    assert untold(get_args(Condition), returned) == []


def test_every_answer_to_a_work_order_is_told() -> None:
    decided = {(act.role, str(act.body["decision"])) for act in heard("work_order_plan_decided")}
    assert {(Role.BUYER, "accept"), (Role.BUYER, "reject"), (Role.GENERAL_MANAGER, "reject")} <= decided
    named = {"expected_at" in act.body for act in heard("work_order_answered")}
    assert named == {True, False}
    states: set[str] = {order.state for one in shown() for case in one.cases for order in case.work_orders}
    assert untold(get_args(WorkOrder.model_fields["state"].annotation), states) == []


def test_clocks_stop_in_stories_for_every_reason() -> None:
    stopped = {stop.reason for one in shown() for ended in one.case.ended for stop in ended.stops}
    # Nobody is asked by the carrier while the platform's clock runs: its windows are of the goods (R6.4).
    assert untold([*StopReason], {*stopped}, StopReason.WAITING_CARRIER) == []


def test_every_message_that_a_rule_hears_is_heard_in_a_story_for_each_of_its_rules() -> None:
    rules = {(kind, one.rule) for kind, hearings in HEARINGS.items() for one in hearings}
    steps = {(step.event, step.rule) for one in shown() for step in one.case.timeline}
    assert sorted(rules - steps) == []


def test_a_word_that_no_story_uses_would_be_named() -> None:
    assert untold([*Channel], {"order_page", "hotline", "email"}, "web_form") == [
        "personal_centre",
        "service_chat",
        "social_media",
    ]


def test_everybody_who_is_to_be_told_something_is_told_it_in_a_story() -> None:
    of_steps = (one for entry in CATALOGUE.values() for one in entry.notices)
    notices = sorted({one.notice for one in (*of_steps, OF_A_GRAVE_COMPLAINT)})
    sent = {one.split()[0] for shows in shown() for one in shows.told}
    assert untold(notices, sent, "message_overtaken") == []  # only the edge knows when it received what (R7.4)


# -- who must prove (R4.4) --------------------------------------------------------------------------------------------


def asked_by_the_table(one: Shown) -> Iterator[Burden]:
    """Yield the rows by which proof was asked for of those who must prove."""
    for before, after in zip(one.cases, one.cases[1:], strict=False):
        asked = after.evidence_windows[len(before.evidence_windows) :]
        row = burden(before)
        if row and asked and {str(window.role) for window in asked} == {*row.provers}:
            yield row


def test_every_row_of_the_burden_table_has_a_story_in_which_proof_is_asked_by_it() -> None:
    told = [row for one in shown() for row in asked_by_the_table(one)]
    assert [row.proof for row in packaged().policy.burden if row not in told] == []


# -- who pays (R6.11) and who pays the return freight (R6.8) -----------------------------------------------------------

PAYERS = {
    Liability.SELLER: "seller",
    Liability.BOTH: "seller",
    Liability.NOBODY: "seller",
    Liability.CARRIER: "platform",
    Liability.PLATFORM: "platform",
}


def payers(case: Case) -> Iterator[tuple[Liability, str]]:
    """Yield who paid what a final ruling gave, by who is liable."""
    if case.decision and case.decision.basis == "ruling":
        for entry in case.money:
            # What a carrier has lost the platform pays, whoever was liable before (R6.4).
            if entry.movement.purpose in {*AWARDED, Purpose.RECOVERY} and entry.movement.rule != "R6.4":
                by = "platform" if entry.movement.payer == PLATFORM else str(entry.movement.payer.role)
                yield case.decision.liability, by


def test_who_pays_follows_from_who_is_liable() -> None:
    paid = {pair for one in shown() for pair in payers(one.case)}
    assert paid == {*PAYERS.items()}


@pytest.mark.parametrize("liability", [Liability.BUYER, Liability.NOBODY])
def test_where_buyer_or_nobody_is_liable_and_nothing_is_given_it_closes_as_unfounded(liability: Liability) -> None:
    ends = {case.outcome for case in final_rulings() if _gives_nothing(case.rulings[-1], liability)}
    assert ends == {Outcome.UNFOUNDED}


def final_rulings() -> Iterator[Case]:
    yield from (one.case for one in shown() if one.case.ruling and one.case.ruling.state == "final")


def _gives_nothing(ruling: Ruling, liability: Liability) -> bool:
    return ruling.liability is liability and ruling.award.remedy is Remedy.NONE


def test_every_payer_of_return_freight_is_ruled_and_the_buyer_is_never_repaid() -> None:
    assert untold(get_args(Freight), said("ruled", "freight")) == []
    by_buyer = [one for one in shown() if one.case.decision and one.case.decision.freight == "buyer" and one.case.goods]
    assert by_buyer
    repaid = {entry.movement.purpose for one in by_buyer for entry in one.case.money}
    assert Purpose.RETURN_FREIGHT not in repaid


def test_money_that_is_held_takes_its_own_course() -> None:
    """Where nothing was decided none moves but the fund's; held money is paid out after a lapse alone (R6.12)."""
    for one in shown():
        if one.case.decision is None and one.case.closed and not one.case.goods and one.case.cycle == 1:
            moved = {entry.movement.purpose for entry in one.case.money}
            assert moved <= {Purpose.ADVANCE, Purpose.CLAW_BACK}, one.story.name
        released = [case for case in one.cases if any(_releases(entry) for entry in case.money)]
        assert {_becomes(case) for case in released} <= {Outcome.LAPSED}, one.story.name


def _releases(entry: Entry) -> bool:
    return entry.movement.purpose is Purpose.PAYOUT


def _becomes(case: Case) -> Outcome | None:
    return case.closing.outcome if case.closing else case.outcome


# -- admission (R1.7) -------------------------------------------------------------------------------------------------

_TICK = timedelta(microseconds=1)
COAT = BY_NAME["the_seller_agrees_at_once"]


def filed(problem: Problem, at: datetime, **order: object) -> Case:
    """File a complaint on a coat that was delivered at MONDAY_MORNING."""
    line = COAT.order(MONDAY_MORNING + DAY)
    assert line is not None
    remedy = Remedy.APOLOGY
    filing = COAT.filing().but(problem=problem, request=Request(remedy=remedy))
    facts = Facts(order=line.but(**order))
    return open_case(Registration(complaint=COMPLAINT, filing=filing, at=at), facts, packaged())


WITHIN = {
    "no_reason_return": 7 * DAY,
    "damaged_in_transit": 72 * HOUR,
    "short_shipment": 72 * HOUR,
    "wrong_item": 72 * HOUR,
    "counterfeit": 180 * DAY,
    "privacy_leak": 180 * DAY,
    "quality": 180 * DAY,
    **dict.fromkeys(("not_shipped", "false_shipment", "not_received", "delayed"), 30 * DAY),
    **dict.fromkeys(("not_as_described", "service_attitude", "promise_not_kept", "payment_method_refused"), 30 * DAY),
    **dict.fromkeys(("exchange_dispute", "other"), 30 * DAY),
}
"""From delivery, as the rulebook has it; quality between 30 and 180 days is admitted to review."""


def test_every_problem_has_a_window() -> None:
    assert {*WITHIN} == {*Problem}


@pytest.mark.parametrize("problem", Problem)
def test_a_problem_is_admitted_until_its_window_ends_and_not_a_moment_longer(problem: Problem) -> None:
    until = MONDAY_MORNING + WITHIN[problem]
    assert filed(problem, until).phase is Phase.REVIEW
    late = filed(problem, until + _TICK)
    assert (late.phase, late.outcome) == (Phase.CLOSED, Outcome.NOT_APPLICABLE)
    assert [step.event for step in late.timeline][-2:] == ["courtesy_call_given", "closed"]


@pytest.mark.parametrize("problem", ["not_shipped", "false_shipment", "not_received", "delayed"])
def test_while_undelivered_a_shipment_may_be_complained_about_from_the_promised_time_on_without_end(
    problem: str,
) -> None:
    never = {"delivered_at": None, "promised_ship_by": MONDAY_MORNING}
    assert filed(Problem(problem), MONDAY_MORNING - _TICK, **never).outcome is Outcome.NOT_APPLICABLE
    assert filed(Problem(problem), MONDAY_MORNING, **never).phase is Phase.REVIEW
    assert filed(Problem(problem), MONDAY_MORNING + 900 * DAY, **never).phase is Phase.REVIEW


# -- what anybody can see (R11.2) --------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", shown(), ids=lambda one: one.story.name)
def test_at_any_time_it_can_be_seen_where_a_complaint_stands(one: Shown) -> None:
    for case in one.cases:
        view = view_of(case)
        assert view.phase is case.phase
        if not case.closed:
            assert view.handler
            assert view.waiting_on[0].due_at == min(row.due_at for row in view.waiting_on)
            assert all(row.otherwise and row.rule for row in view.waiting_on)
