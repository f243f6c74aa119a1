"""Stories of returns while an advance is frozen: intact, short, never made, disputed, refused, lost (R9.4, R9.7)."""

from starter.demo.stories.returns import (
    DELIVERED,
    FLICKER_RETURNED,
    FULFILLED,
    INTACT,
    LAMPS,
    LAPSED,
    NEVER_SENT,
    SENT,
    TO_RETURN,
    advanced,
    clawed_back,
    paid_out,
    recovered,
    ruled,
    unfrozen,
)
from starter.demo.stories.shared import (
    CLOSED,
    CONFIRMATION,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    TO_CONFIRMATION,
)
from starter.demo.stories.story import Ending, Reaches, Story, agent, buyer, carrier, passes, seller
from tests.stories.shared_advances import RULED_ANEW, confirmed
from workflows.vocabulary import Outcome, Remedy

SHORT = Story(
    name="half_comes_back_and_half_of_the_advance_with_it",
    zh="只退回一件，按数量解冻，其余退回基金",
    en="One of two comes back: half is unfrozen, half goes back to the fund",
    rules=("R9.7", "R6.3"),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(*DELIVERED, seller("goods_received", leg="return", condition="short", quantity=1), *PAID_AND_CONTENT),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("goods_received R6.3", "payment_settled R9.7", "payment_settled R9.5"),
        money=(advanced("600.00"), unfrozen("300.00"), recovered("300.00")),
    ),
)


UNREACHABLE = Story(
    name="a_buyer_who_cannot_be_reached_keeps_no_advance",
    zh="买家始终联系不上，垫付退回基金",
    en="The buyer cannot be reached to the end: the advance goes back",
    rules=("R9.4", "R6.4"),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(
        *TO_RETURN,
        SENT,
        carrier("returned", "SF6001"),
        agent("buyer_contacted", result="unreachable", text="电话无人接听。"),
        passes(days=14),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=LAPSED,
        outcome=Outcome.LAPSED,
        steps=("parcel_reported R6.4", "buyer_to_be_asked R9.4", "buyer_contacted R9.4", "closed R9.4"),
        money=(advanced("600.00"), clawed_back("600.00"), paid_out("620.00")),
    ),
)


DISPUTED = Story(
    name="the_buyer_proves_the_return_and_the_advance_is_the_buyers",
    zh="卖家称未收到，买家举证已退回，重新判定后解冻",
    en="Not received, says the seller; the buyer proves it, and it is ruled",
    rules=("R9.4", "R4.4"),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(
        *DELIVERED,
        seller("goods_received", leg="return", condition="not_received"),
        agent("buyer_contacted", result="disputed", tracking="SF6001", text="买家称已签收。"),
        Reaches(INTERVENTION),
        buyer("evidence_submitted", evidence=[], final=True),
        ruled(Remedy.REFUND),
        *confirmed(2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=RULED_ANEW,
        outcome=Outcome.FULFILLED,
        steps=(
            "buyer_to_be_asked R9.4",
            "buyer_contacted R9.4",
            "evidence_requested R9.4",
            "ruled R4.6",
            "payment_settled R9.3",
            "payment_settled R9.5",
        ),
        money=(advanced("600.00"), unfrozen("600.00"), recovered("600.00")),
        told=("evidence_requested buyer", "advance_unfrozen buyer"),
    ),
)


REFUSED = Story(
    name="the_seller_refuses_the_return_and_it_is_ruled",
    zh="卖家拒收退货，平台重新判定",
    en="The seller refuses the return: the handler rules, frozen meanwhile",
    rules=("R9.7",),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(
        *TO_RETURN,
        SENT,
        carrier("refused", "SF6001"),
        Reaches(INTERVENTION),
        ruled(Remedy.REFUND, "500.00"),
        *confirmed(2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=RULED_ANEW,
        outcome=Outcome.FULFILLED,
        steps=("intervention_started R6.3", "payment_decided R5.6", "payment_settled R5.6", "payment_settled R9.3"),
        money=(advanced("600.00"), clawed_back("100.00"), unfrozen("500.00"), recovered("500.00")),
    ),
)


DAMAGED = Story(
    name="a_damaged_return_costs_the_buyer_the_advance",
    zh="退回商品人为损坏，判定不支持，垫付退回",
    en="Damaged by the buyer: ruled so, and the advance goes back",
    rules=("R9.7", "R5.6", "R6.11"),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(
        *DELIVERED,
        seller("goods_received", leg="return", condition="damaged"),
        Reaches(INTERVENTION),
        agent("ruled", liability="buyer", remedy="none", freight="buyer", reason="buyer_misuse", text="灯罩人为破损。"),
        *confirmed(2),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, FULFILMENT, INTERVENTION, CONFIRMATION, FULFILMENT, CLOSED),
        outcome=Outcome.UNFOUNDED,
        steps=("goods_received R6.3", "points_reversed R8.4", "payment_settled R5.6", "closed R6.11"),
        money=(advanced("600.00"), clawed_back("600.00")),
    ),
)


LOST = Story(
    name="a_return_lost_by_the_carrier_is_repaid_to_the_fund_by_the_platform",
    zh="退货途中丢件，垫付解冻，平台偿还基金",
    en="Lost by the carrier: the buyer keeps it, the platform repays the fund",
    rules=("R9.7", "R6.4"),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(*TO_RETURN, SENT, carrier("picked_up", "SF6001"), passes(days=45), Reaches(CLOSED)),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("parcel_lost R6.4", "payment_settled R9.7", "payment_settled R6.4", "closed R10.2"),
        money=(advanced("600.00"), unfrozen("600.00"), recovered("600.00")),
    ),
)


ADVANCING_RETURNS = (INTACT, SHORT, NEVER_SENT, UNREACHABLE, DISPUTED, REFUSED, DAMAGED, LOST)
