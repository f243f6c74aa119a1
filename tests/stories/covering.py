"""Stories of sellers whose money does not cover: the fund advances, the seller owes (R6.11, R9.5)."""

from datetime import timedelta

from starter.demo.stories.returns import FULFILLED, SELLER_SILENT, advanced, ordered, recovered, ruled, unfrozen
from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    CLOSED,
    CONTENT,
    FOLLOW_UP,
    FULFILMENT,
    PAID_AND_CONTENT,
    SELLER_CONFIRMS,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Act, Ending, Paid, Reaches, Story, manager, passes, refund, yuan
from tests.stories.shared_advances import FLICKER, KEEPS_IT, SELLER_IS_SHORT
from workflows.answers import Code
from workflows.vocabulary import MoneyState, Outcome, Purpose, Remedy

DEBT = Story(
    name="what_cannot_be_recovered_is_a_debt_of_the_seller",
    zh="卖家资金不足，未追回部分记为欠款",
    en="The seller's money does not suffice: the rest is a debt",
    rules=("R9.5",),
    goods=SELLER_IS_SHORT,
    complaint=FLICKER,
    acts=(*KEEPS_IT, BUYER_CONFIRMS, SELLER_SILENT, *PAID_AND_CONTENT),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("payment_settled R9.3", "payment_failed R6.10", "payment_settled R9.5", "debt_recorded R9.5"),
        money=(
            advanced("600.00"),
            unfrozen("600.00"),
            recovered("600.00", MoneyState.FAILED),
            recovered("200.00"),
        ),
        told=("advance_recovered seller", "debt_recorded seller", "debt_recorded operations_manager"),
    ),
)


NOT_COVERED: tuple[Act, ...] = (
    *TO_THE_PLATFORM,
    ruled(Remedy.REFUND),
    BUYER_CONFIRMS,
    SELLER_CONFIRMS,
    Reaches(FULFILMENT, MoneyState.FAILED),
)
FROM_THE_FUND = (
    refund("600.00", MoneyState.FAILED),
    advanced("600.00"),
    unfrozen("600.00"),
    recovered("600.00", MoneyState.FAILED),
    recovered("200.00"),
)
SHORTAGE = Story(
    name="the_handler_orders_an_advance_where_the_sellers_money_does_not_cover",
    zh="卖家资金不足，客服下达垫付",
    en="The seller's money does not cover the refund: the handler orders an advance",
    rules=("R6.11", "R9.1", "R9.5"),
    goods=SELLER_IS_SHORT,
    complaint=FLICKER,
    acts=(*NOT_COVERED, ordered("600.00"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("advance_wanted R6.11", "advance_ordered R9.1", "payment_settled R9.3", "debt_recorded R9.5"),
        money=FROM_THE_FUND,
        told=("advance_wanted agent", "advance_frozen buyer", "debt_recorded seller"),
    ),
)

NOT_ORDERED = Story(
    name="an_advance_that_nobody_orders_climbs_to_the_operations_manager",
    zh="垫付逾期未下达，逐级升级至运营经理",
    en="Nobody orders the advance: it climbs to the operations manager",
    rules=("R6.11", "R7.2"),
    goods=SELLER_IS_SHORT,
    complaint=FLICKER,
    acts=(*NOT_COVERED, passes(days=20), ordered("600.00"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=(
            "advance_wanted R6.11",
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "escalated_to_operations_manager R7.2",
            "advance_ordered R9.1",
            "payment_settled R9.3",
        ),
        money=FROM_THE_FUND,
    ),
)


def _held_for_a_month() -> tuple[Act, ...]:
    hold = manager("hold_placed", reason="协助司法机关调查卖家。", until=timedelta(days=29))
    return hold, passes(days=30)


WRITTEN_OFF = Story(
    name="a_debt_is_written_off_after_ninety_days",
    zh="欠款满九十天，运营经理核销",
    en="After ninety days the operations manager writes the debt off",
    rules=("R9.5",),
    goods=SELLER_IS_SHORT,
    complaint=FLICKER,
    acts=(
        *KEEPS_IT,
        BUYER_CONFIRMS,
        SELLER_SILENT,
        Reaches(FOLLOW_UP, MoneyState.SETTLED),
        manager("debt_written_off", movement="{complaint}:recovery:1", reason="卖家已失联。").refused(Code.NOT_NOW),
        *_held_for_a_month(),
        *_held_for_a_month(),
        *_held_for_a_month(),
        manager("debt_written_off", movement="{complaint}:refund:1", reason="误选。").refused(Code.UNKNOWN_REFERENCE),
        manager("debt_written_off", movement="{complaint}:recovery:1", reason="卖家已失联，追偿无望。"),
        Reaches(FOLLOW_UP, MoneyState.SETTLED),
        CONTENT,
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("debt_recorded R9.5", "refused R9.5", "debt_written_off R9.5", "payment_settled R9.5", "closed R10.2"),
        money=(*DEBT.ends.money, Paid(Purpose.WRITE_OFF, yuan("400.00"))),
    ),
)

COVERING = (DEBT, WRITTEN_OFF, SHORTAGE, NOT_ORDERED)
