"""Stories of withdrawal: in every phase until fulfilment starts, and not after it (R3.5)."""

from dataclasses import replace

from starter.demo.stories.agreeing import WITHDRAWN, WITHDRAWN_AMONG_THEMSELVES
from starter.demo.stories.second_looks import BUYER_APPEALS, REFUND_ARRIVES
from starter.demo.stories.shared import (
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    CONTENT,
    REFUNDED,
    RULED_FOR_THE_SELLER,
    TO_APPEAL,
    TO_CONFIRMATION,
    TO_INTERVENTION,
    TO_NEGOTIATION,
    TO_REVIEW,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Act, Ending, Reaches, Story
from workflows.answers import Code
from workflows.vocabulary import Outcome, Phase

_ZH = {
    Phase.REVIEW: "审核",
    Phase.INTERVENTION: "平台介入",
    Phase.CONFIRMATION: "判定确认",
    Phase.APPEAL: "申诉",
}


def _withdrawn(during: tuple[Phase, ...], *acts: Act) -> Story:
    phase = during[-1]
    return replace(
        WITHDRAWN_AMONG_THEMSELVES,
        name=f"withdrawn_during_{phase}",
        zh=f"{_ZH[phase]}阶段买家撤诉",
        en=f"The buyer withdraws during {phase}",
        acts=(*acts, Reaches(phase), WITHDRAWN, Reaches(CLOSED)),
        ends=replace(WITHDRAWN_AMONG_THEMSELVES.ends, phases=(*during, CLOSED)),
    )


TOO_LATE = Story(
    name="withdrawn_too_late",
    zh="退款后不能再撤诉",
    en="After fulfilment there is nothing left to withdraw",
    rules=("R3.5",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*REFUND_ARRIVES, WITHDRAWN.refused(Code.NOT_NOW), CONTENT, Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("refused R3.5", "survey_answered R10.1", "closed R10.2"),
        money=REFUNDED,
    ),
)

WITHDRAWING = (
    _withdrawn(TO_REVIEW),
    WITHDRAWN_AMONG_THEMSELVES,
    _withdrawn(TO_INTERVENTION, *TO_THE_PLATFORM),
    _withdrawn(TO_CONFIRMATION, *TO_THE_PLATFORM, RULED_FOR_THE_SELLER),
    _withdrawn(TO_APPEAL, *TO_THE_PLATFORM, RULED_FOR_THE_SELLER, BUYER_APPEALS),
    TOO_LATE,
)
