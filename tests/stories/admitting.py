"""Stories of the windows in which a complaint is taken up: a hidden defect, a promise not yet broken (R1.7)."""

from datetime import timedelta

from starter.demo.stories.shared import (
    ACCEPTED,
    CLOSED,
    PAID_AND_CONTENT,
    REGISTRATION,
    TO_NEGOTIATION,
    TO_THE_END,
)
from starter.demo.stories.story import Ending, Goods, Reaches, Story, refund, seller, yuan
from tests.stories.shared import asks
from workflows.vocabulary import Outcome, Problem, Remedy

HIDDEN_DEFECT = Story(
    name="a_hidden_defect_shows_after_two_months",
    zh="两个月后出现隐蔽瑕疵，经审核受理",
    en="A hidden defect shows after two months: admitted to review, and accepted",
    rules=("R1.7", "R2.1"),
    goods=Goods(title="空气炸锅", paid=yuan("329.00"), delivered=timedelta(days=60)),
    complaint=asks(Problem.QUALITY, Remedy.REFUND, "使用两个月后加热管断裂。", "329.00"),
    acts=(ACCEPTED, seller("seller_answered", answer="agree"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("filed R1.2", "assigned R2.5", "reviewed R2.1"),
        money=(refund("329.00"),),
    ),
)

TOO_EARLY = Story(
    name="the_promised_time_has_not_come_yet",
    zh="未到承诺发货时间，暂不受理",
    en="The promised time has not come yet: not applicable, explained by phone",
    rules=("R1.7", "R10.4"),
    goods=Goods(title="预售羽绒服", paid=yuan("599.00"), delivered=None, promised=timedelta(days=-2)),
    complaint=asks(Problem.NOT_SHIPPED, Remedy.REFUND, "还没有发货。", "599.00"),
    acts=(Reaches(CLOSED),),
    ends=Ending(
        phases=(REGISTRATION, CLOSED),
        outcome=Outcome.NOT_APPLICABLE,
        steps=("filed R1.2", "assigned R2.5", "courtesy_call_given R1.7", "closed R1.7"),
        told=("not_applicable buyer", "courtesy_call_given agent"),
    ),
)

ADMITTING = (HIDDEN_DEFECT, TOO_EARLY)
