"""Stories of the platform's own duties: a late ruling climbs, a large one is countersigned (R4.6, R4.7, R7.2)."""

from starter.demo.stories.second_looks import COUNTERSIGNED
from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Ending, Reaches, Story, agent, passes
from workflows.vocabulary import Outcome

PLATFORM_OVERDUE = Story(
    name="an_overdue_ruling_climbs_but_is_never_made_by_the_system",
    zh="平台超时未判，逐级上报",
    en="The platform is late: it climbs the ladder and never rules by itself",
    rules=("R4.2", "R4.7", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("noted", text="已介入，等待核实。"),
        passes(days=20),
        Reaches(INTERVENTION),
        RULED_FOR_THE_BUYER,
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=(
            "noted R4.1",
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "escalated_to_operations_manager R7.2",
            "ruled R4.6",
            "closed R10.2",
        ),
        money=REFUNDED,
        told=(
            "duty_warned agent",
            "escalated_to_supervisor supervisor",
            "expected_time_told buyer",
            "escalated_to_operations_manager operations_manager",
        ),
    ),
)


AUTHORITY = (PLATFORM_OVERDUE, COUNTERSIGNED)
