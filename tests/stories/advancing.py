"""Stories of the fund's advances: frozen, then the buyer's or the fund's again (R9.1 to R9.3, R5.6)."""

from starter.demo.stories.returns import (
    FROZEN,
    FULFILLED,
    LAMPS,
    SELLER_SILENT,
    advanced,
    clawed_back,
    ordered,
    recovered,
    ruled,
    unfrozen,
)
from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    CLOSED,
    CONFIRMATION,
    FOLLOW_UP,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    SELLER_CONFIRMS,
    TO_APPEAL,
    TO_CONFIRMATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Act,
    Ending,
    Reaches,
    Reports,
    Story,
    Tell,
    buyer,
    refund,
    seller,
    supervisor,
    yuan,
)
from tests.stories.shared_advances import FLICKER, KEEPS_IT, confirmed
from workflows.answers import Code
from workflows.vocabulary import MoneyState, Outcome, Purpose, Remedy, Role

NOTHING_TO_RETURN = Story(
    name="an_advance_is_unfrozen_when_the_ruling_is_final",
    zh="平台垫付冻结，判定生效后解冻并向卖家追偿",
    en="The fund advances; final, it is the buyer's, and the seller repays it",
    rules=("R9.1", "R9.2", "R9.3", "R9.5", "R9.6", "R8.4"),
    goods=LAMPS,
    complaint=FLICKER,
    acts=(
        *TO_THE_PLATFORM,
        ordered("600.00").refused(Code.NOT_NOW),
        ruled(Remedy.REFUND),
        ordered("600.01").refused(Code.ABOVE_LIMIT),
        ordered("600.00"),
        FROZEN,
        ordered("1.00").refused(Code.ALREADY_DONE),
        BUYER_CONFIRMS,
        SELLER_SILENT,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=(
            "advance_ordered R9.1",
            "payment_settled R9.2",
            "manual_intervention R9.6",
            "points_owed R8.4",
            "ruling_final R5.3",
            "payment_settled R9.3",
            "payment_settled R9.5",
            "closed R10.2",
        ),
        money=(advanced("600.00"), unfrozen("600.00"), recovered("600.00")),
        told=("advance_frozen buyer", "advance_frozen seller", "advance_unfrozen buyer", "advance_recovered seller"),
    ),
)


PARTLY = Story(
    name="an_advance_of_a_part_and_the_rest_is_refunded",
    zh="平台垫付部分金额，其余由卖家退款",
    en="A part is advanced, the rest is refunded by the seller",
    rules=("R9.7", "R6.1"),
    goods=LAMPS,
    complaint=FLICKER,
    acts=(
        *TO_THE_PLATFORM,
        ruled(Remedy.REFUND),
        ordered("250.00"),
        FROZEN,
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("payment_settled R9.2", "payment_settled R9.3", "payment_settled R6.1", "payment_settled R9.5"),
        money=(advanced("250.00"), unfrozen("250.00"), refund("350.00"), recovered("250.00")),
    ),
)


NOT_FOR_A_WILLING_SELLER = Story(
    name="a_seller_who_has_confirmed_is_asked_for_the_money_first",
    zh="卖家已确认判定，先扣卖家款项，不予垫付",
    en="The seller has confirmed: its own money first, and no advance",
    rules=("R9.1",),
    goods=LAMPS,
    complaint=FLICKER,
    acts=(
        *TO_THE_PLATFORM,
        ruled(Remedy.REFUND),
        SELLER_CONFIRMS,
        ordered("600.00").refused(Code.NOT_NOW),
        BUYER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("refused R9.1", "ruling_final R5.3", "payment_settled R6.1"),
        money=(refund("600.00"),),
    ),
)


SELLER_APPEALS = seller("ruling_appealed", ruling=1, grounds="频闪系买家调光器所致，有检测报告。")


def _appealed(name: str, zh: str, en: str, change: Tell, ends: Ending) -> Story:
    last: tuple[Act, ...] = (Reaches(CLOSED),) if ends.outcome is Outcome.UNFOUNDED else PAID_AND_CONTENT
    return Story(
        name=name,
        zh=zh,
        en=en,
        rules=("R5.6", "R9.1"),
        goods=LAMPS,
        complaint=FLICKER,
        acts=(*KEEPS_IT, SELLER_APPEALS, change, *last),
        ends=ends,
    )


def _changed(liability: str, remedy: Remedy, reason: str, amount: str | None = None) -> Tell:
    given = {"amount": yuan(amount)} if amount else {}
    body = {"liability": liability, "remedy": remedy, "reason": reason, "freight": "platform", **given}
    told = {"decision": "change", "text": "复核检测报告后改判。", **body}
    return Tell(Role.SUPERVISOR, "appeal_decided", told, by="s-1")


OVERTURNED = _appealed(
    "an_advance_goes_back_when_the_ruling_is_overturned",
    "申诉推翻判定，垫付退回基金",
    "Overturned on appeal: the advance goes back to the fund",
    _changed("buyer", Remedy.NONE, "buyer_misuse"),
    Ending(
        phases=(*TO_APPEAL, FULFILMENT, CLOSED),
        outcome=Outcome.UNFOUNDED,
        steps=("ruling_appealed R5.4", "appeal_decided R5.4", "points_reversed R8.4", "payment_settled R5.6"),
        money=(advanced("600.00"), clawed_back("600.00")),
        told=("advance_clawed_back buyer", "closed buyer"),
    ),
)
REDUCED = _appealed(
    "the_excess_of_an_advance_goes_back_when_an_appeal_reduces_it",
    "申诉后减额，多垫部分退回基金",
    "Reduced on appeal: the excess goes back, the rest is the buyer's",
    _changed("seller", Remedy.REFUND, "not_as_described", "150.00"),
    Ending(
        phases=(*TO_APPEAL, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("appeal_decided R5.4", "payment_settled R5.6", "payment_settled R9.3", "payment_settled R9.5"),
        money=(advanced("600.00"), clawed_back("450.00"), unfrozen("150.00"), recovered("150.00")),
    ),
)
BY_THE_PLATFORM = _appealed(
    "an_advance_is_repaid_by_the_platform_when_the_carrier_is_liable",
    "申诉后改判承运方责任，由平台偿还基金",
    "The carrier is liable after all: the platform repays the fund",
    _changed("carrier", Remedy.REFUND, "damaged_in_transit", "600.00"),
    Ending(
        phases=(*TO_APPEAL, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("points_reversed R8.4", "payment_settled R9.3", "payment_settled R6.11"),
        money=(advanced("600.00"), unfrozen("600.00"), recovered("600.00")),
    ),
)

WITHDRAWN = buyer("withdrawn", reason="与卖家私下和解。")
WITHDRAWS = Story(
    name="a_withdrawal_claws_the_advance_back",
    zh="买家撤诉，垫付退回基金",
    en="The buyer withdraws: the advance goes back, then it closes",
    rules=("R9.7", "R3.5"),
    goods=LAMPS,
    complaint=FLICKER,
    acts=(*KEEPS_IT, WITHDRAWN, Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_CONFIRMATION, FULFILMENT, CLOSED),
        outcome=Outcome.WITHDRAWN,
        steps=("withdrawn R3.5", "closing R3.5", "payment_settled R9.7", "closed R3.5"),
        money=(advanced("600.00"), clawed_back("600.00")),
        told=("advance_clawed_back buyer", "closed seller"),
    ),
)

WITHDRAWN_WHILE_PENDING = Story(
    name="a_withdrawal_waits_for_an_advance_that_is_under_way",
    zh="垫付处理中买家撤诉，到账后随即退回",
    en="Withdrawn while the advance is under way: it goes back as soon as it is made",
    rules=("R9.7", "R6.10"),
    goods=LAMPS,
    complaint=FLICKER,
    acts=(
        *TO_THE_PLATFORM,
        ruled(Remedy.REFUND),
        ordered("600.00"),
        Reaches(CONFIRMATION, MoneyState.REQUESTED),
        WITHDRAWN,
        Reaches(FULFILMENT),
        Reports("settled", Purpose.ADVANCE),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, FULFILMENT, CLOSED),
        outcome=Outcome.WITHDRAWN,
        steps=("closing R3.5", "payment_reported R6.10", "payment_settled R9.7", "closed R3.5"),
        money=(advanced("600.00"), clawed_back("600.00")),
    ),
    provider=("pending",),
)


IN_THE_SECOND_CYCLE = Story(
    name="what_a_second_cycle_gives_is_advanced_by_the_supervisor_who_handles_it",
    zh="二次处理加判，主管下达垫付",
    en="A second cycle gives more; the supervisor who handles it orders the advance",
    rules=("R9.1", "R10.2"),
    goods=LAMPS,
    complaint=FLICKER,
    acts=(
        *TO_THE_PLATFORM,
        ruled(Remedy.REFUND, "250.00"),
        *confirmed(1),
        Reaches(FOLLOW_UP, MoneyState.SETTLED),
        buyer("survey_answered", score=1, comment="只退了一部分。"),
        Reaches(INTERVENTION),
        supervisor(
            "ruled",
            liability="seller",
            remedy="refund",
            amount=yuan("350.00"),
            freight="seller",
            reason="not_as_described",
            text="两盏均频闪，补退余款。",
        ),
        supervisor("advance_ordered", amount=yuan("350.00"), reason="卖家拖延，平台先行垫付。"),
        FROZEN,
        buyer("ruling_confirmed", ruling=2),
        SELLER_SILENT,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*FULFILLED[:-1], INTERVENTION, CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("second_cycle_started R10.2", "advance_ordered R9.1", "payment_settled R9.3", "payment_settled R9.5"),
        money=(refund("250.00"), advanced("350.00"), unfrozen("350.00"), recovered("350.00")),
        cycle=2,
    ),
)

ADVANCING = (
    NOTHING_TO_RETURN,
    PARTLY,
    NOT_FOR_A_WILLING_SELLER,
    OVERTURNED,
    REDUCED,
    BY_THE_PLATFORM,
    WITHDRAWS,
    WITHDRAWN_WHILE_PENDING,
    IN_THE_SECOND_CYCLE,
)
