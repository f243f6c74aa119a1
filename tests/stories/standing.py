"""Stories of clocks that stand: the platform waits for proof, a hold, a new calendar (R7.3, R7.6, R7.7)."""

from datetime import timedelta

from starter.demo.stories.shared import (
    ACCEPTED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    INTERVENTION,
    NEGOTIATION,
    PAID_AND_CONTENT,
    REFUNDED,
    TO_INTERVENTION,
    TO_NEGOTIATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Ending, Reaches, Story, Tell, manager, passes, seller
from workflows.answers import Code
from workflows.vocabulary import Outcome, Role

_AGREES = seller("seller_answered", answer="agree")
_PROOF = [{"id": "e-9", "kind": "document", "uri": "oss://evidence/e-9.pdf", "sha256": "9" * 64, "note": "质检报告"}]


def _held(days: int, reason: str) -> Tell:
    return manager("hold_placed", until=timedelta(days=days), reason=reason)


THE_CLOCK_WAITS = Story(
    name="the_platform_waits_for_proof_and_its_clock_stands",
    zh="等待商家举证期间，平台时限暂停",
    en="While the platform waits for the seller's proof its own clock stands",
    rules=("R7.3", "R4.4", "R4.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        Tell(Role.AGENT, "evidence_requested", {"from": ["seller"], "to_prove": "面料检测报告。"}),
        passes(days=2),
        seller("evidence_submitted", evidence=_PROOF, final=True),
        passes(hours=1),
        Reaches(INTERVENTION),
        _AGREES,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("evidence_requested R4.4", "evidence_submitted R4.4", "seller_answered R3.5"),
        money=REFUNDED,
    ),
)

HELD_AND_OVER = Story(
    name="a_hold_puts_off_the_sellers_window_and_ends_by_itself",
    zh="运营经理暂停处理，到期自动恢复",
    en="A hold puts off the seller's window and ends by itself",
    rules=("R7.7", "R3.1"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        _held(90, "等待市场监管部门抽检结果。").refused(Code.INCONSISTENT),
        _held(5, "等待市场监管部门抽检结果。"),
        passes(days=4),
        Reaches(NEGOTIATION),
        passes(days=3),
        Reaches(NEGOTIATION),
        _AGREES,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("refused R7.7", "hold_placed R7.7", "hold_ended R7.7", "seller_answered R3.1"),
        money=REFUNDED,
        told=("hold_ended operations_manager",),
    ),
)

HELD_ANEW_AND_RELEASED = Story(
    name="a_hold_is_replaced_by_another_and_released",
    zh="暂停延期后提前恢复",
    en="A hold is replaced by a longer one and released before its end",
    rules=("R7.7", "R3.3"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        manager("hold_released", reason="并无暂停。").refused(Code.NOT_NOW),
        _held(2, "系统迁移，暂停处理。"),
        passes(days=1),
        _held(9, "迁移延期，继续暂停。"),
        passes(days=4),
        Reaches(NEGOTIATION),
        manager("hold_released", reason="迁移提前完成。"),
        passes(hours=47),
        Reaches(NEGOTIATION),
        passes(hours=2),
        Reaches(INTERVENTION),
        _AGREES,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "refused R7.7",
            "hold_placed R7.7",
            "hold_placed R7.7",
            "hold_released R7.7",
            "intervention_started R3.3",
        ),
        money=REFUNDED,
    ),
)

NO_SUCH_CALENDAR = Story(
    name="a_calendar_that_nobody_has_changes_nothing",
    zh="指定的工作日历不存在，期限不变",
    en="A calendar that is not on record changes nothing",
    rules=("R7.6",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        manager("calendar_reprojected", calendar_version="cn-1999-9", reason="按新的放假安排重新计算。"),
        passes(hours=1),
        Reaches(NEGOTIATION),
        _AGREES,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("calendar_reprojected R7.6", "calendar_unknown R7.6", "seller_answered R3.1"),
        money=REFUNDED,
    ),
)

STANDING = (THE_CLOCK_WAITS, HELD_AND_OVER, HELD_ANEW_AND_RELEASED, NO_SUCH_CALENDAR)
