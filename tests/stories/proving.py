"""Stories of proof and gravity: who claims must prove, silence is recorded, grave cases go faster (R2.4, R4.4)."""

from starter.demo.stories.ruling import BOTH_ASKED, SILENT_ON_EVIDENCE
from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    RULED_FOR_THE_SELLER,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_INTERVENTION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Ending, Reaches, Story, agent, passes, seller, supervisor
from workflows.answers import Code
from workflows.vocabulary import Outcome

_VIDEO = [{"id": "e-8", "kind": "video", "uri": "oss://evidence/e-8.mp4", "sha256": "8" * 64, "note": "入库质检"}]

LATE_BUT_ADMITTED = Story(
    name="late_evidence_is_admitted_and_decides",
    zh="逾期证据经采纳，改变结果",
    en="Evidence that came late is admitted with a reason, and decides",
    rules=("R4.4", "R4.5", "R6.11"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        BOTH_ASKED,
        passes(days=3, hours=1),
        seller("evidence_submitted", evidence=_VIDEO, final=True),
        agent("late_evidence_admitted", evidence_ids=["e-8"], reason="录像关键且买家已知情。"),
        RULED_FOR_THE_SELLER,
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, CLOSED),
        outcome=Outcome.UNFOUNDED,
        steps=("evidence_silence R4.5", "evidence_submitted R4.4", "late_evidence_admitted R4.5", "closed R6.11"),
    ),
)

MAJOR = Story(
    name="a_supervisor_steps_in_because_it_is_major",
    zh="重大投诉，主管提前介入",
    en="A major complaint: a supervisor steps in without waiting for the seller",
    rules=("R2.4", "R3.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        agent("reviewed", decision="accept", severity="batch").refused(Code.INCONSISTENT),
        agent("reviewed", decision="accept", severity="major", text="同一问题维修后再次出现。"),
        supervisor("intervention_requested", text="重大投诉，平台直接介入。"),
        Reaches(INTERVENTION),
        seller("seller_answered", answer="agree"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("refused R2.4", "reviewed R2.1", "intervention_started R3.4", "seller_answered R3.5"),
        money=REFUNDED,
    ),
)

REFERRED_OUT = Story(
    name="the_buyer_goes_to_the_regulator_before_any_ruling",
    zh="买家转向监管部门投诉",
    en="The buyer goes to the regulator before any ruling",
    rules=("R5.5", "R10.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("external_recourse_noted", forum="regulator", reference="12315-20261122-08"),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, CLOSED),
        outcome=Outcome.REFERRED_OUT,
        steps=("external_recourse_noted R5.5", "closed R5.5"),
    ),
)

FULFILLED_ALL_THE_SAME = Story(
    name="who_goes_to_court_after_the_ruling_is_refunded_all_the_same",
    zh="判定后商家起诉，仍按判定退款",
    en="The seller goes to court after the ruling; it is fulfilled all the same",
    rules=("R5.5",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        RULED_FOR_THE_BUYER,
        agent("external_recourse_noted", forum="court", reference="(2026)浙0106民初88号"),
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_sent R4.6", "external_recourse_noted R5.5", "ruling_final R5.3", "payment_settled R6.1"),
        money=REFUNDED,
    ),
)

PROVING = (SILENT_ON_EVIDENCE, LATE_BUT_ADMITTED, MAJOR, REFERRED_OUT, FULFILLED_ALL_THE_SAME)
