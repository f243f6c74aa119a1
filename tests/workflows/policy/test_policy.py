import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests import ROOT
from workflows.complaint.domain.messages import KINDS
from workflows.money.amount import Money
from workflows.policy.loading import PolicyInvalid, load, packaged
from workflows.policy.model import Limit, LimitName, Policy
from workflows.policy.rulebook import Rulebook
from workflows.time.limits import Length, Stop, StopReason
from workflows.vocabulary import Problem, Role

DATA = ROOT / "workflows" / "policy"
POLICY = (DATA / "policy.toml").read_text(encoding="utf-8")
N = LimitName

# The annex of the rulebook, written down once more and independently: rule, who, length, climbs, what stops it.
ANNEX: dict[LimitName, tuple[str, str, str, bool, str]] = {
    N.FIRST_RESPONSE: ("R1.6", "agent", "30sm", False, ""),
    N.REVIEW: ("R2.1", "agent", "1wd", True, "buyer"),
    N.MATERIAL: ("R2.1", "buyer", "2wd", False, ""),
    N.UNFOUNDED_APPEAL: ("R2.2", "buyer", "48h", False, ""),
    N.WORK_ORDER: ("R2.6", "department", "3wd", True, ""),
    N.PLAN_DECISION: ("R2.6", "general_manager", "3wd", True, ""),  # not in the annex, which names no time for it
    N.PLAN_TOLD: ("R2.6", "agent", "5wd", True, ""),
    N.SELLER_ANSWER: ("R3.1", "seller", "48h", False, ""),
    N.OFFER: ("R3.2", "party", "48h", False, ""),
    N.ASK_PLATFORM: ("R3.4", "buyer", "7d", False, ""),
    N.STEP_IN: ("R4.1", "agent", "2wd", True, "all"),
    N.FIRST_MOVE_QUALITY: ("R4.3", "agent", "72h", True, "all"),
    N.FIRST_MOVE_LOGISTICS: ("R4.3", "agent", "24h", True, "all"),
    N.CONTACT_MAJOR: ("R4.3", "agent", "24h", True, "all"),
    N.RESOLVE: ("R4.2", "agent", "7wd", True, "all"),
    N.RESOLVE_MAJOR: ("R4.3", "agent", "48h", True, "all"),
    N.EVIDENCE: ("R4.4", "party", "3d", False, ""),
    N.COUNTERSIGN: ("R4.6", "supervisor", "1wd", True, ""),
    N.CONFIRMATION: ("R5.1", "party", "48h", False, ""),
    N.APPEAL_DECISION: ("R5.4", "supervisor", "2wd", True, "all"),
    N.SEND_BACK_RULING: ("R5.4", "agent", "2wd", True, "all"),
    N.PAYMENT: ("R6.1", "payment", "24h", False, ""),
    N.PAYMENT_OWNED: ("R6.10", "agent", "1wd", True, ""),
    N.RETURN_SHIPMENT: ("R6.3", "buyer", "7d", False, ""),
    N.CARRIER_FIRST: ("R6.4", "carrier", "48h", False, ""),
    N.CARRIER_NEXT: ("R6.4", "carrier", "5d", False, ""),
    N.CARRIER_INQUIRY: ("R6.4", "agent", "2wd", False, ""),
    N.INSPECTION: ("R6.3", "seller", "7d", False, ""),
    N.REPLACEMENT: ("R6.5", "seller", "3wd", False, ""),
    N.REPAIR: ("R6.6", "seller", "3wd", False, ""),
    N.SELLER_SHIPS: ("R6.7", "seller", "24h", False, ""),
    N.APOLOGY: ("R6.7", "seller", "24h", False, ""),
    N.GOODS_RECEIVED: ("R6.7", "buyer", "7d", False, ""),
    N.ADVANCE_ORDER: ("R6.11", "agent", "24h", True, ""),
    N.ADVANCE_CONTACT: ("R9.4", "agent", "2wd", False, ""),
    N.SURVEY: ("R10.1", "buyer", "5wd", False, ""),
    N.CALLBACK: ("R10.1", "agent", "5wd", True, ""),
    N.CALLBACK_SHORT_MESSAGE: ("R10.1", "buyer", "24h", False, ""),
    N.CALLBACK_PHONE: ("R10.1", "buyer", "48h", False, ""),
    N.LETTER: ("R10.2", "operations_manager", "2wd", True, ""),
    N.HOLD: ("R7.7", "operations_manager", "30d", False, ""),
}
STOPS: dict[str, tuple[StopReason, ...]] = {
    "": (),
    "buyer": (StopReason.WAITING_BUYER,),
    "all": (StopReason.WAITING_BUYER, StopReason.WAITING_SELLER, StopReason.WAITING_CARRIER),
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Give a directory with the operator's own copy of all three files."""
    for part in ("policy", "calendar", "staff"):
        shutil.copy(DATA / f"{part}.toml", tmp_path)
    return tmp_path


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(path: Path) -> str:
    with pytest.raises(PolicyInvalid) as caught:
        load(path)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return str(caught.value)


def test_the_packaged_limits_are_the_annex_of_the_rulebook() -> None:
    limits = packaged().policy.limits

    assert {
        name: (limit.rule, str(limit.actor), str(limit.length), limit.duty, limit.stops)
        for name, limit in limits.items()
    } == {name: (*row[:4], STOPS[row[4]]) for name, row in ANNEX.items()}
    assert set(limits) == set(LimitName)


def test_every_duty_climbs_and_every_window_has_its_own_default() -> None:
    for name, limit in packaged().policy.limits.items():
        assert (limit.default_rule == "R7.2") == limit.duty, name
        assert limit.ended_by, name
        assert set(limit.ended_by) <= set(KINDS), name


def test_the_summary_of_a_limit_says_who_must_do_what_and_what_happens_otherwise() -> None:
    limits = packaged().policy.limits

    assert limits[N.SELLER_ANSWER].summary == "seller answers, else the platform steps in (R3.3)"
    assert limits[N.REVIEW].summary == "agent reviews, else the supervisor is told (R7.2)"
    assert limits[N.CONFIRMATION].summary == "party confirms or appeals, else silence is consent (R5.2)"
    assert all(len(limit.summary) <= 130 for limit in limits.values())


def test_a_limit_stops_for_its_own_reasons_and_for_every_hold() -> None:
    stops = [Stop(since=datetime(2026, 11, 23, tzinfo=UTC), reason=reason) for reason in StopReason]
    limits = packaged().policy.limits

    def felt(name: LimitName) -> list[str]:
        return [stop.reason for stop in limits[name].stopped_by(stops)]

    assert felt(N.REVIEW) == ["waiting_buyer", "hold"]
    assert felt(N.RESOLVE) == ["waiting_buyer", "waiting_seller", "waiting_carrier", "hold"]
    assert felt(N.SELLER_ANSWER) == ["hold"]


def test_admission_windows_are_those_of_the_rulebook() -> None:
    admission = packaged().policy.admission
    within = {problem: str(window.within) for problem, window in admission.items()}
    from_promise = {problem for problem, window in admission.items() if window.open_while_undelivered}

    assert within == dict.fromkeys(Problem, "30d") | {
        Problem.NO_REASON_RETURN: "7d",
        Problem.DAMAGED_IN_TRANSIT: "72h",
        Problem.SHORT_SHIPMENT: "72h",
        Problem.WRONG_ITEM: "72h",
        Problem.COUNTERFEIT: "180d",
        Problem.PRIVACY_LEAK: "180d",
    }
    assert from_promise == {Problem.NOT_SHIPPED, Problem.FALSE_SHIPMENT, Problem.NOT_RECEIVED, Problem.DELAYED}
    assert {problem: str(window.review_within) for problem, window in admission.items() if window.review_within} == {
        Problem.QUALITY: "180d"
    }


def test_amounts_and_thresholds_are_those_of_the_rulebook() -> None:
    policy = packaged().policy

    assert (policy.countersign_above, policy.freight_at_most) == (Money(amount=500000), Money(amount=5000))
    assert (policy.compensation_multiple, policy.goodwill_percent) == (3, (10, 20, 30))
    assert (policy.material_requests_at_most, str(policy.target_general), str(policy.hold_at_most)) == (2, "24h", "30d")
    assert (policy.batch_buyers, str(policy.batch_within)) == (3, "30d")
    assert (policy.good_standing_below, str(policy.good_standing_within)) == (3, "180d")
    assert (str(policy.debt_tried_every), str(policy.debt_written_off_after)) == ("7d", "90d")
    assert (policy.satisfied_from, policy.cycles_at_most) == (4, 2)
    assert (str(policy.beyond_authority_answered_within), policy.archive_years) == ("24h", 2)
    assert (policy.monthly_analysis_by_day, policy.sample_percent, policy.sample_at_least) == (6, 5, 10)
    assert (policy.warning_percent, str(policy.level_2_after), str(policy.reminder_every)) == (80, "1wd", "1wd")
    assert f"{policy.service_hours.opens:%H:%M}-{policy.service_hours.closes:%H:%M}" == "08:30-23:00"
    assert [(hours.opens.hour, hours.closes.hour) for hours in policy.callback_hours] == [(10, 12), (16, 20)]


def test_every_threshold_stands_beside_the_id_of_its_rule() -> None:
    head = POLICY[: POLICY.index("[limits.")]
    tables = {"limits", "admission", "service_hours", "callback_hours", "burden", "categories"}
    for field in Policy.model_fields.keys() - tables - {"version"}:
        assert re.search(rf"^{field} = .*# R\d", head, re.MULTILINE), field


def test_a_rulebook_survives_the_wire() -> None:
    assert Rulebook.model_validate_json(packaged().model_dump_json()) == packaged()


def test_a_policy_that_was_pinned_before_a_limit_existed_can_still_be_read() -> None:
    policy = packaged().policy
    before = policy.but(limits={name: limit for name, limit in policy.limits.items() if name is not N.LETTER})

    assert Policy.model_validate_json(before.model_dump_json()) == before
    assert before.missing() == ("limits.letter",)
    assert policy.missing() == ()


def test_a_file_of_ones_own_replaces_the_policy_only(own: Path) -> None:
    replaced(own / "policy.toml", 'version = "2026-12"', 'version = "mine-1"')

    rulebook = load(own / "policy.toml")

    assert rulebook.policy.version == "mine-1"
    assert rulebook.calendar == packaged().calendar
    assert rulebook.staff == packaged().staff


def test_a_directory_replaces_what_it_holds(own: Path) -> None:
    assert load(str(own)) == packaged()
    (own / "policy.toml").unlink()
    (own / "calendar.toml").unlink()
    replaced(own / "staff.toml", 'version = "2026-11"', 'version = "mine-1"')

    rulebook = load(own)

    assert rulebook.staff.version == "mine-1"
    assert rulebook.policy == packaged().policy


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'length = "48h"',
            'length = "48 hours"',
            r"limits.unfounded_appeal.length: '48 hours' is not a length such as",
        ),
        (
            'ended_by = ["reviewed"]',
            'ended_by = ["looked_at"]',
            "limits.review.ended_by: 'looked_at' is no message kind",
        ),
        ("[limits.review]", "[limits.revue]", "limits.revue.*: Input should be 'first_response'"),
        ('actor = "seller"', 'actor = "shop"', "limits.seller_answer.actor.*: Input should be"),
        ('rule = "R2.1"', 'rule = "2.1"', "limits.review.rule: String should match pattern"),
        ('start = "need_material"\n', "", "limits.material.start: Field required"),
        (
            'stops = ["waiting_buyer"]',
            'stops = ["hold"]',
            "limits.review.stops.0: Input should be 'waiting_buyer', 'waiting_seller'",
        ),
        (
            'default_rule = "R3.3"',
            'default_rule = "R3.3"\nstops = ["waiting_buyer"]',
            "limits.seller_answer: stops belong",
        ),
        ("no_reason_return = {", "no_reson_return = {", "admission.no_reson_return.*: Input should be 'quality'"),
        ('within = "7d"', 'within = "7wd"', "admission.no_reason_return.within: 7wd must be elapsed time"),
        (
            'review_within = "180d"',
            'review_within = "20d"',
            "admission.quality: review_within must be longer than within",
        ),
        (
            'countersign_above = "5000.00"',
            "countersign_above = 5000.00",
            'countersign_above: 5000.0 is no amount in yuan, written "299.00"',
        ),
        ('countersign_above = "5000.00"', 'countersign_above = "5k"', "'5k' is not an amount in yuan such as 299.00"),
        (
            "warning_percent = 80 ",
            "warning_percent = 100 ",
            "warning_percent: Input should be less than or equal to 99",
        ),
        ("[10, 20, 30]", "[10, 30, 20]", "goodwill_percent must rise from rung to rung"),
        ("opens = 08:30:00", "opens = 23:30:00", "service_hours: opens must be before closes"),
        ("opens = 08:30:00", "opens = 06:00:00", "no agent is on shift within the service hours.*mon 06:00-08:30"),
        ("sample_percent = 5 ", "sample_per_cent = 5 ", "sample_per_cent: Extra inputs are not permitted"),
        ('version = "2026-12"\n', "", "version: Field required"),
        ('version = "2026-12"\n', 'version = "2026-12\n', "is no valid TOML: .*line"),
    ],
)
def test_a_faulty_policy_is_refused_with_the_place_and_what_is_expected(
    own: Path, old: str, new: str, fault: str
) -> None:
    load(own)
    replaced(own / "policy.toml", old, new)

    assert re.search(fault, faults(own)), faults(own)


def test_every_limit_and_every_problem_must_be_there(own: Path) -> None:
    policy = own / "policy.toml"
    letter, hold = POLICY.index("[limits.letter]"), POLICY.index("[limits.hold]")
    cut = POLICY[:letter] + POLICY[hold:]
    policy.write_text(re.sub(r"^quality = .*\n", "", cut, flags=re.MULTILINE), encoding="utf-8")

    assert faults(policy).splitlines() == [
        f"{policy}: limits.letter: is missing",
        f"{policy}: admission.quality: is missing",
    ]


def test_all_faults_of_all_files_are_told_at_once(own: Path) -> None:
    replaced(own / "policy.toml", "warning_percent = 80 ", "warning_percent = 0 ")
    replaced(own / "policy.toml", 'length = "7wd"', 'length = "7 wd"')
    replaced(own / "calendar.toml", '2026-10-01 = "National Day"', '2026-10-03 = "National Day"')
    replaced(own / "staff.toml", 'id = "a-2"', 'id = "a-1"')

    told = faults(own).splitlines()

    assert [line.split(": ")[1] for line in told] == [
        "limits.resolve.length",
        "warning_percent",
        "the whole file",
        "the whole file",
    ]
    assert "days_off lists 2026-10-03, a Saturday" in told[2]
    assert told[3] == f"{own / 'staff.toml'}: the whole file: listed more than once: a-1"


def test_what_is_not_there_or_not_ours_is_refused(own: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert "no-such.toml: cannot be read (No such file or directory); expected a TOML file" in faults(
        own / "no-such.toml"
    )
    assert "holds no policy; expected at least one of policy.toml, calendar.toml, staff.toml" in faults(empty)
    (own / "calender.toml").write_text("", encoding="utf-8")
    assert "calender.toml: unknown file; expected only policy.toml, calendar.toml, staff.toml" in faults(own)
    (own / "calender.toml").unlink()
    (own / "staff.toml").write_bytes(b"version = '\xff'")
    assert "staff.toml: is no valid TOML" in faults(own)


def test_a_window_of_a_party_cannot_be_told_to_stop() -> None:
    with pytest.raises(ValidationError, match="windows of the parties never stop"):
        Limit(
            rule="R3.1",
            actor=Role.SELLER,
            act="seller answers",
            start="acceptance",
            ended_by=("seller_answered",),
            length=Length.parse("48h"),
            otherwise="the platform steps in",
            default_rule="R3.3",
            stops=(StopReason.WAITING_BUYER,),
        )
