"""Stories of goods that go back before money comes: intact, short, damaged, lost, never sent (R6.3, R6.4, R6.8)."""

from starter.demo.stories.returns import (
    CHAIRS,
    CHAIRS_WOBBLE,
    FREIGHT,
    RETURNED_INTACT,
    SENT_BACK,
    SETTLED,
    TO_FULFILMENT,
)
from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    CLOSED,
    CONFIRMATION,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    SELLER_CONFIRMS,
    TO_NEGOTIATION,
    TO_THE_END,
)
from starter.demo.stories.story import (
    Act,
    Ending,
    Paid,
    Reaches,
    Story,
    agent,
    carrier,
    passes,
    refund,
    seller,
    yuan,
)
from workflows.vocabulary import Outcome, Purpose

DELIVERED_BACK: tuple[Act, ...] = (*TO_FULFILMENT, SENT_BACK, carrier("delivered", "SF2001"))
PAID_OUT = Paid(Purpose.PAYOUT, yuan("458.00"))
"""What was held of the line goes to the seller, because nothing came back (R6.12)."""

NEVER_RETURNED = Story(
    name="nothing_is_sent_back_and_the_complaint_lapses",
    zh="买家逾期未寄回，投诉失效",
    en="Nothing is sent back within seven days: lapsed",
    rules=("R6.3", "R10.4"),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(*TO_FULFILMENT, passes(days=7, hours=1), Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, CLOSED),
        outcome=Outcome.LAPSED,
        steps=("closing R6.3", "payment_settled R6.12", "closed R6.3"),
        money=(PAID_OUT,),
        told=("held_money_paid_out seller", "closed buyer"),
    ),
)

NEVER_PICKED_UP = Story(
    name="a_parcel_that_was_never_picked_up_counts_as_not_sent",
    zh="快递从未揽收，视为未寄出",
    en="A parcel that was never picked up counts as not sent",
    rules=("R6.3", "R6.4"),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(*TO_FULFILMENT, SENT_BACK, passes(days=14), Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, CLOSED),
        outcome=Outcome.LAPSED,
        steps=("goods_sent R6.3", "carrier_inquiry_given R6.4", "counts_as_not_sent R6.4", "closed R6.3"),
        money=(PAID_OUT,),
    ),
)

LOST = Story(
    name="a_parcel_lost_by_the_carrier_is_refunded_by_the_platform",
    zh="退货途中丢件，平台先行退款",
    en="The return is lost on the way: the platform refunds",
    rules=("R6.4", "R6.11"),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(*TO_FULFILMENT, SENT_BACK, carrier("picked_up", "SF2001"), passes(days=45), Reaches(CLOSED)),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("carrier_inquiry_given R6.4", "parcel_lost R6.4", "payment_settled R6.1", "closed R10.2"),
        money=(FREIGHT, refund("458.00")),
    ),
)

NOT_INSPECTED = Story(
    name="a_return_nobody_inspects_counts_as_intact",
    zh="商家逾期未验货，视为完好",
    en="A return that nobody inspects counts as intact",
    rules=("R6.3",),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(*DELIVERED_BACK, passes(days=7, hours=1), *PAID_AND_CONTENT),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("parcel_reported R6.4", "intact_by_silence R6.3", "payment_settled R6.1"),
        money=(FREIGHT, refund("458.00")),
    ),
)

SHORT = Story(
    name="half_of_the_goods_come_back_and_half_is_refunded",
    zh="只退回一把，按数量退款",
    en="One of two comes back: half is refunded",
    rules=("R6.3",),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(*DELIVERED_BACK, seller("goods_received", leg="return", condition="short", quantity=1), *PAID_AND_CONTENT),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("goods_received R6.3", "payment_settled R6.1"),
        money=(FREIGHT, refund("229.00")),
    ),
)

DAMAGED = Story(
    name="a_damaged_return_goes_back_to_the_handler",
    zh="退货破损，平台重新判定",
    en="The return is damaged: back to the handler, who rules",
    rules=("R6.3", "R4.2", "R6.8"),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(
        *DELIVERED_BACK,
        seller("goods_received", leg="return", condition="damaged"),
        Reaches(INTERVENTION),
        agent(
            "ruled",
            liability="both",
            seller_share=60,
            remedy="refund",
            amount=yuan("200.00"),
            freight="seller",
            reason="shared_fault",
            text="包装与运输均有责任，部分退款。",
        ),
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, INTERVENTION, CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("goods_received R6.3", "intervention_started R6.3", "ruled R4.6", "ruling_final R5.3"),
        money=(Paid(Purpose.RETURN_FREIGHT, yuan("22.80")), refund("200.00")),
    ),
)

FOUND_AGAIN = Story(
    name="a_parcel_said_to_be_lost_is_found_again",
    zh="快递先报丢失后找回",
    en="Asked, the carrier says the parcel is lost, and then finds it",
    rules=("R6.3", "R6.4"),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(
        *TO_FULFILMENT,
        SENT_BACK,
        passes(hours=49),
        carrier("lost", "SF2001"),
        carrier("delivered", "SF2001"),
        carrier("picked_up", "SF2001"),
        seller("goods_received", leg="return", condition="intact"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("carrier_inquiry_given R6.4", "parcel_reported R6.4", "goods_received R6.3", "payment_settled R6.1"),
        money=(FREIGHT, refund("458.00")),
        told=("carrier_inquiry_given agent",),
    ),
)

REFUSED_AT_THE_DOOR = Story(
    name="the_seller_refuses_the_parcel_and_it_has_arrived",
    zh="商家拒收，视为到达",
    en="The seller refuses the parcel at the door: it counts as arrived, and uninspected as intact",
    rules=("R6.3",),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(*TO_FULFILMENT, SENT_BACK, carrier("refused", "SF2001"), passes(days=7, hours=1), *PAID_AND_CONTENT),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("parcel_reported R6.4", "intact_by_silence R6.3", "payment_settled R6.1"),
        money=(FREIGHT, refund("458.00")),
    ),
)

CAME_BACK = Story(
    name="the_return_comes_back_to_the_buyer_and_the_complaint_lapses",
    zh="退货被退回买家，视为未寄出",
    en="The return comes back to the buyer: not sent, and nothing is sent again",
    rules=("R6.3", "R6.4"),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(*TO_FULFILMENT, SENT_BACK, carrier("returned", "SF2001"), passes(days=7, hours=1), Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, CLOSED),
        outcome=Outcome.LAPSED,
        steps=("parcel_reported R6.4", "counts_as_not_sent R6.4", "closed R6.3"),
        money=(PAID_OUT,),
    ),
)

RETURNING = (
    RETURNED_INTACT,
    NEVER_RETURNED,
    NEVER_PICKED_UP,
    LOST,
    NOT_INSPECTED,
    SHORT,
    DAMAGED,
    FOUND_AGAIN,
    REFUSED_AT_THE_DOOR,
    CAME_BACK,
)
