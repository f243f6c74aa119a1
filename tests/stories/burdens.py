"""Stories of the burden of proof: for each row of the table who is asked to prove what, and what comes of it (R4.4)."""

from datetime import timedelta

from starter.demo.stories.agreeing import BROKEN_CUP
from starter.demo.stories.returns import CHAIRS, CHAIRS_WOBBLE, FREIGHT
from starter.demo.stories.shared import (
    ACCEPTED,
    ASKED,
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    CONFIRMATION,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    SELLER_CONFIRMS,
    TEA_SET,
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
    buyer,
    carrier,
    passes,
    refund,
    seller,
    supervisor,
    yuan,
)
from tests.stories.replacing import UNDELIVERED
from tests.stories.returning import DELIVERED_BACK
from tests.stories.shared import asks, gives_proof, proof_is_asked, refuses, rules
from workflows.vocabulary import Channel, Outcome, Phase, Problem, Purpose, Remedy

_BOTH_CONFIRM: tuple[Act, ...] = (BUYER_CONFIRMS, SELLER_CONFIRMS)
_THE_TIME_IS_OVER = passes(days=3, hours=1)
_SILENT = "evidence_silence R4.5"
_AFTER_THE_RETURN = (*TO_NEGOTIATION, FULFILMENT, INTERVENTION, CONFIRMATION)


def _row(
    name: str,
    zh: str,
    en: str,
    goods: Goods,
    complaint: Complaint,
    acts: tuple[Act, ...],
    *,
    through: tuple[Phase, ...] = TO_CONFIRMATION,
    money: tuple[Paid, ...] = (),
    steps: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Story:
    """One row of the table; with money it is fulfilled, without it ends as unfounded."""
    return Story(
        name=name,
        zh=zh,
        en=en,
        rules=("R4.4", "R4.6", "R6.11", *also),
        goods=goods,
        complaint=complaint,
        acts=(*acts, *_BOTH_CONFIRM, *(PAID_AND_CONTENT if money else (Reaches(CLOSED),))),
        ends=Ending(
            phases=(*through, *(TO_THE_END if money else (CLOSED,))),
            outcome=Outcome.FULFILLED if money else Outcome.UNFOUNDED,
            steps=("evidence_requested R4.4", *steps, "ruled R4.6", "ruling_final R5.3"),
            money=money,
            told=("evidence_requested buyer", "evidence_requested seller"),
        ),
    )


NEVER_SHIPPED = _row(
    "the_seller_must_ship_at_once_or_refund",
    "未发货：商家须立即发货或退款",
    "Not received and never shipped: the seller must ship at once or refund",
    UNDELIVERED,
    asks(Problem.NOT_SHIPPED, Remedy.REFUND, "超过承诺时间仍未发货。", "520.00", channel=Channel.PERSONAL_CENTRE),
    (
        ACCEPTED,
        refuses("other"),
        ASKED,
        proof_is_asked("seller", what="立即发货，或退款。"),
        _THE_TIME_IS_OVER,
        rules("seller", "refund", "not_shipped", "520.00"),
    ),
    money=(refund("520.00"),),
    steps=(_SILENT,),
    also=("R4.5",),
)

SHIPPED_AND_GONE = _row(
    "the_seller_proves_that_it_shipped_and_the_carrier_is_liable",
    "商家举证已发货，承运人担责",
    "Not received though shipped: the seller proves it, and the carrier is liable",
    COAT,
    asks(Problem.NOT_RECEIVED, Remedy.REFUND, "物流显示签收，本人并未收到。", "299.00", channel=Channel.SERVICE_CHAT),
    (
        ACCEPTED,
        refuses("already_resolved"),
        ASKED,
        proof_is_asked("seller", what="发货凭证或运单号。"),
        gives_proof("seller", "document"),
        rules("carrier", "refund", "lost_in_transit", "299.00", freight="platform"),
    ),
    money=(refund("299.00"),),
    steps=("evidence_submitted R4.4",),
)

BOTH_PROVE = _row(
    "buyer_and_seller_prove_the_damage_and_the_carrier_is_liable",
    "货损：买卖双方先后举证，承运人担责",
    "Received broken: the buyer proves it, then the seller, and the carrier is liable",
    TEA_SET,
    BROKEN_CUP,
    (
        ACCEPTED,
        refuses("other"),
        ASKED,
        proof_is_asked("buyer", "seller", what="买家：开箱照片；商家：进货与出库质检凭证。"),
        gives_proof("buyer", "photo"),
        gives_proof("seller", "document"),
        rules("carrier", "refund", "damaged_in_transit", "168.00", freight="platform"),
    ),
    money=(refund("168.00"),),
    steps=("evidence_submitted R4.4", "evidence_submitted R4.4"),
)

REFUND_REFUSED = _row(
    "the_seller_refuses_the_refund_of_a_return_and_proves_nothing",
    "商家称退货为空包裹却不举证",
    "The seller says the return was empty, proves nothing, and bears it",
    CHAIRS,
    CHAIRS_WOBBLE,
    (
        *DELIVERED_BACK,
        seller("goods_received", leg="return", condition="wrong_or_empty"),
        Reaches(INTERVENTION),
        proof_is_asked("seller", what="物流及签收凭证。"),
        _THE_TIME_IS_OVER,
        rules("seller", "refund", "evidence_missing_seller", "458.00"),
    ),
    through=_AFTER_THE_RETURN,
    money=(FREIGHT, refund("458.00")),
    steps=(_SILENT,),
    also=("R6.3", "R4.5"),
)

RETURN_DENIED = _row(
    "the_seller_denies_the_return_and_the_buyer_proves_nothing",
    "商家称未收到退货，买家未举证",
    "The seller says the return never came, and the buyer proves nothing",
    CHAIRS,
    CHAIRS_WOBBLE,
    (
        *DELIVERED_BACK,
        seller("goods_received", leg="return", condition="not_received"),
        Reaches(INTERVENTION),
        proof_is_asked("buyer", what="运单号及签收证明。"),
        _THE_TIME_IS_OVER,
        rules("buyer", "none", "evidence_missing_buyer", freight="buyer"),
    ),
    through=_AFTER_THE_RETURN,
    steps=(_SILENT,),
    also=("R6.3", "R4.5"),
)

PROMISE_BROKEN = _row(
    "the_seller_must_explain_a_promise_that_was_not_kept",
    "承诺未兑现：商家须提供完整聊天记录",
    "A promise not kept: the seller must show the whole chat, and pays the difference",
    COAT,
    asks(
        Problem.PROMISE_NOT_KEPT, Remedy.PRICE_DIFFERENCE, "客服承诺七天保价，未兑现。", "40.00", channel=Channel.EMAIL
    ),
    (
        ACCEPTED,
        refuses("beyond_window"),
        ASKED,
        proof_is_asked("seller", what="情况说明与完整聊天记录。"),
        gives_proof("seller", "chat"),
        rules("seller", "price_difference", "promise_broken", "40.00"),
    ),
    money=(Paid(Purpose.PRICE_DIFFERENCE, yuan("40.00")),),
    also=("R6.2",),
)

RUDE = _row(
    "who_complains_of_rudeness_must_show_the_chat",
    "服务态度投诉：买家未提供聊天记录",
    "Rudeness: the buyer must show the whole chat, and is silent",
    COAT,
    asks(Problem.SERVICE_ATTITUDE, Remedy.APOLOGY, "客服言语粗鲁，要求道歉。"),
    (
        ACCEPTED,
        refuses("other"),
        ASKED,
        proof_is_asked("buyer", what="完整聊天记录。"),
        _THE_TIME_IS_OVER,
        rules("buyer", "none", "buyer_silent", freight="buyer"),
    ),
    steps=(_SILENT,),
    also=("R4.5",),
)

COUNTERFEIT = Story(
    name="a_claim_for_a_counterfeit_is_countersigned_and_paid_threefold",
    zh="售假索赔三倍，主管会签，总经理全程知悉",
    en="A claim for a counterfeit: no purchase proof, countersigned, paid threefold; the general manager is told",
    rules=("R1.8", "R2.4", "R4.4", "R4.6", "R6.2"),
    goods=COAT,
    complaint=asks(Problem.COUNTERFEIT, Remedy.COMPENSATION, "专柜鉴定为假货，要求三倍赔偿。", "897.00"),
    acts=(
        ACCEPTED,
        refuses("goods_as_described"),
        ASKED,
        proof_is_asked("seller", what="进货凭证。"),
        _THE_TIME_IS_OVER,
        rules("seller", "compensation", "counterfeit", "897.00"),
        Reaches(INTERVENTION),
        supervisor("ruling_countersigned", ruling=1, decision="approve", text="售假属实。"),
        *_BOTH_CONFIRM,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=(
            "evidence_silence R4.5",
            "countersign_awaited R4.6",
            "ruling_countersigned R4.6",
            "payment_settled R6.2",
        ),
        money=(Paid(Purpose.COMPENSATION, yuan("897.00")),),
        told=("grave_step general_manager",),
    ),
)

NO_REASON = Story(
    name="without_photos_on_opening_a_no_reason_return_goes_through",
    zh="七天无理由退货：商家未证明商品不完好",
    en="A no-reason return: the seller cannot show that the item was not intact; the buyer pays the way back",
    rules=("R4.4", "R4.5", "R6.3", "R6.8", "R6.11"),
    goods=Goods(title="蓝牙耳机", paid=yuan("199.00"), delivered=timedelta(days=2)),
    complaint=asks(Problem.NO_REASON_RETURN, Remedy.RETURN_REFUND, "不喜欢，七天无理由退货。", "199.00"),
    acts=(
        ACCEPTED,
        refuses("buyer_misuse"),
        ASKED,
        proof_is_asked("seller", what="开箱照片，证明商品不完好。"),
        _THE_TIME_IS_OVER,
        rules("nobody", "return_refund", "no_fault_return", "199.00", freight="buyer"),
        *_BOTH_CONFIRM,
        buyer("goods_sent", leg="return", carrier="sf", tracking="SF4001", freight=yuan("12.00")),
        carrier("delivered", "SF4001"),
        seller("goods_received", leg="return", condition="intact"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("evidence_silence R4.5", "ruling_final R5.3", "goods_received R6.3", "payment_settled R6.1"),
        money=(refund("199.00"),),
    ),
)

BURDENS = (
    NEVER_SHIPPED,
    SHIPPED_AND_GONE,
    BOTH_PROVE,
    REFUND_REFUSED,
    RETURN_DENIED,
    PROMISE_BROKEN,
    RUDE,
    COUNTERFEIT,
    NO_REASON,
)
