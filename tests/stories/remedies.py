"""Stories of each remedy: agreed as it was asked for (R3.5), or ruled, and who is liable and pays (R4.6, R6.11)."""

from starter.demo.stories.returns import CHAIRS
from starter.demo.stories.shared import (
    ACCEPTED,
    ASKED,
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    FULFILMENT,
    PAID_AND_CONTENT,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_NEGOTIATION,
    TO_THE_END,
)
from starter.demo.stories.story import (
    Act,
    Complaint,
    Ending,
    Goods,
    Paid,
    Reaches,
    Story,
    Tell,
    agent,
    buyer,
    carrier,
    refund,
    seller,
    yuan,
)
from tests.stories.replacing import DONE
from tests.stories.shared import asks, refuses, rules
from workflows.vocabulary import Channel, MoneyState, Outcome, Problem, Purpose, Remedy

_TO_THE_RULING = (*TO_CONFIRMATION, *TO_THE_END)


def _agreed(remedy: Remedy, purpose: Purpose, zh: str, amount: str, channel: Channel) -> Story:
    words = str(remedy).replace("_", " ")
    return Story(
        name=f"the_seller_agrees_to_a_{remedy}",
        zh=zh,
        en=f"The seller agrees to the {words} that is asked for",
        rules=("R3.5", "R6.2", "R1.1"),
        goods=COAT,
        complaint=asks(Problem.PROMISE_NOT_KEPT, remedy, "活动承诺未兑现，请按约定处理。", amount, channel=channel),
        acts=(ACCEPTED, seller("seller_answered", answer="agree"), *PAID_AND_CONTENT),
        ends=Ending(
            phases=(*TO_NEGOTIATION, *TO_THE_END),
            outcome=Outcome.SETTLED,
            steps=("seller_answered R3.1", "payment_decided R6.2", "payment_settled R6.2"),
            money=(Paid(purpose, yuan(amount)),),
        ),
    )


def _ruled(
    name: str,
    zh: str,
    en: str,
    complaint: Complaint,
    ruling: Tell,
    *then: Act,
    because: tuple[str, ...],
    goods: Goods = COAT,
    refused: str = "other",
    steps: tuple[str, ...] = (),
    money: tuple[Paid, ...] = (),
) -> Story:
    """Contested, ruled so, confirmed by both; `then` is what fulfilment takes besides, if anything."""
    return Story(
        name=name,
        zh=zh,
        en=en,
        rules=("R4.6", "R6.11", *because),
        goods=goods,
        complaint=complaint,
        acts=(ACCEPTED, refuses(refused), ASKED, ruling, BUYER_CONFIRMS, SELLER_CONFIRMS, *then),
        ends=Ending(
            phases=_TO_THE_RULING if then else (*TO_CONFIRMATION, CLOSED),
            outcome=Outcome.FULFILLED if then else Outcome.UNFOUNDED,
            steps=("ruled R4.6", "ruling_final R5.3", *steps, "closed R10.2" if then else "closed R6.11"),
            money=money,
        ),
    )


RULED_EXCHANGE = _ruled(
    "the_wrong_item_is_exchanged_by_ruling",
    "发错货，判定换货",
    "The wrong item came: ruled to be exchanged",
    asks(Problem.WRONG_ITEM, Remedy.EXCHANGE, "要的胡桃色，发来原木色。", channel=Channel.WEB_FORM),
    rules("seller", "exchange", "wrong_item"),
    buyer("goods_sent", leg="return", carrier="sf", tracking="SF5001"),
    carrier("delivered", "SF5001"),
    seller("goods_received", leg="return", condition="intact"),
    seller("goods_sent", leg="replacement", carrier="sf", tracking="SF5002"),
    carrier("delivered", "SF5002"),
    buyer("goods_received", leg="replacement", condition="intact"),
    *DONE,
    because=("R6.5", "R6.7", "R8.4"),
    goods=CHAIRS,
    refused="goods_not_returned",
    steps=("goods_received R6.3", "goods_received R6.7"),
)

RULED_REPAIR = _ruled(
    "the_platform_erred_and_pays_the_way_to_the_repair",
    "平台失误，判定维修并承担运费",
    "An exchange went wrong by the platform's error: ruled to be repaired, the platform pays the way",
    asks(Problem.EXCHANGE_DISPUTE, Remedy.REPAIR, "换来的椅子仍然摇晃，系统派错了型号。"),
    rules("platform", "repair", "platform_error", freight="platform"),
    buyer("goods_sent", leg="return", carrier="sf", tracking="SF5003", freight=yuan("62.00")),
    carrier("delivered", "SF5003"),
    Reaches(FULFILMENT, MoneyState.SETTLED),
    seller("goods_sent", leg="repaired", carrier="sf", tracking="SF5004"),
    carrier("delivered", "SF5004"),
    buyer("goods_received", leg="repaired", condition="intact"),
    *DONE,
    because=("R6.6", "R6.7", "R6.8"),
    goods=CHAIRS,
    steps=("payment_decided R6.8", "goods_received R6.7"),
    money=(Paid(Purpose.RETURN_FREIGHT, yuan("50.00")),),
)

RULED_RESHIP = _ruled(
    "the_missing_part_is_sent_by_ruling",
    "少件，判定补发",
    "A part is missing: ruled to be sent",
    asks(Problem.SHORT_SHIPMENT, Remedy.RESHIP, "少了一包螺丝和垫片。"),
    rules("seller", "reship", "short_shipment"),
    seller("goods_sent", leg="missing_part", carrier="sf", tracking="SF5005"),
    carrier("delivered", "SF5005"),
    buyer("goods_received", leg="missing_part", condition="intact"),
    *DONE,
    because=("R6.7", "R8.4"),
    goods=CHAIRS,
    steps=("goods_sent R6.3", "goods_received R6.7"),
)

RULED_FALSE_SHIPMENT = _ruled(
    "a_false_shipment_is_returned_against_the_refund",
    "虚假发货，判定退货退款",
    "The parcel held something else: both are at fault, ruled to be returned and refunded",
    asks(Problem.FALSE_SHIPMENT, Remedy.RETURN_REFUND, "包裹里只有一张贺卡，买家也未当面验货。", "299.00"),
    agent(
        "ruled",
        liability="both",
        seller_share=70,
        remedy="return_refund",
        amount=yuan("299.00"),
        freight="seller",
        reason="false_shipment",
        text="商家虚假发货，买家未及时验货，运费按七三分担。",
    ),
    buyer("goods_sent", leg="return", carrier="sf", tracking="SF5006", freight=yuan("10.00")),
    carrier("delivered", "SF5006"),
    seller("goods_received", leg="return", condition="intact"),
    *PAID_AND_CONTENT,
    because=("R6.3", "R6.8"),
    steps=("goods_received R6.3", "payment_decided R6.8", "payment_settled R6.1"),
    money=(Paid(Purpose.RETURN_FREIGHT, yuan("7.00")), refund("299.00")),
)

RULED_COUPON = _ruled(
    "the_platform_gives_a_coupon_for_its_own_fault",
    "平台系统故障，判定补发优惠券",
    "The platform's own fault: ruled to give a coupon",
    asks(Problem.OTHER, Remedy.COUPON, "平台券未能核销，要求补发。", "20.00", channel=Channel.SOCIAL_MEDIA),
    rules("platform", "coupon", "other", "20.00", freight="platform"),
    *PAID_AND_CONTENT,
    because=("R6.2",),
    steps=("payment_settled R6.2",),
    money=(Paid(Purpose.COUPON, yuan("20.00")),),
)

RULED_APOLOGY = _ruled(
    "a_privacy_leak_is_apologised_for_by_ruling",
    "泄露隐私，判定商家道歉",
    "A privacy leak: ruled that the seller apologises",
    asks(Problem.PRIVACY_LEAK, Remedy.APOLOGY, "商家把我的电话发到了买家群。"),
    rules("seller", "apology", "other"),
    seller("apology_made", text="我们未经同意公开了您的联系方式，郑重道歉。"),
    *DONE,
    because=("R6.7", "R8.4"),
    steps=("apology_made R6.7",),
)

RULED_NOTHING = _ruled(
    "nobody_is_at_fault_and_nothing_is_owed",
    "双方均无责，不予支持",
    "Nobody is at fault: nothing is owed",
    asks(Problem.PAYMENT_METHOD_REFUSED, Remedy.COMPENSATION, "商家不支持花呗。", "30.00"),
    rules("nobody", "none", "other", freight="platform"),
    because=("R10.4",),
    refused="goods_as_described",
)

REMEDIES = (
    _agreed(Remedy.COMPENSATION, Purpose.COMPENSATION, "商家同意赔偿", "50.00", Channel.PERSONAL_CENTRE),
    _agreed(Remedy.PRICE_DIFFERENCE, Purpose.PRICE_DIFFERENCE, "商家同意退差价", "30.00", Channel.HOTLINE),
    _agreed(Remedy.COUPON, Purpose.COUPON, "商家同意补发优惠券", "15.00", Channel.SERVICE_CHAT),
    RULED_EXCHANGE,
    RULED_REPAIR,
    RULED_RESHIP,
    RULED_FALSE_SHIPMENT,
    RULED_COUPON,
    RULED_APOLOGY,
    RULED_NOTHING,
)
