"""What the stories of the tour and many others share: a small shop's goods, the agent's yes, a buyer who is content."""

from starter.demo.stories.story import Act, Complaint, Goods, Paid, Reaches, agent, buyer, refund, seller, yuan
from workflows.vocabulary import MoneyState, Phase, Problem, Remedy

REGISTRATION, REVIEW, NEGOTIATION = Phase.REGISTRATION, Phase.REVIEW, Phase.NEGOTIATION
INTERVENTION, CONFIRMATION, APPEAL = Phase.INTERVENTION, Phase.CONFIRMATION, Phase.APPEAL
FULFILMENT, FOLLOW_UP, CLOSED = Phase.FULFILMENT, Phase.FOLLOW_UP, Phase.CLOSED

TO_REVIEW = (REGISTRATION, REVIEW)
TO_NEGOTIATION = (*TO_REVIEW, NEGOTIATION)
TO_INTERVENTION = (*TO_NEGOTIATION, INTERVENTION)
TO_CONFIRMATION = (*TO_INTERVENTION, CONFIRMATION)
TO_APPEAL = (*TO_CONFIRMATION, APPEAL)
TO_THE_END = (FULFILMENT, FOLLOW_UP, CLOSED)

COAT = Goods(title="羊毛双面呢大衣", spec="驼色 M", paid=yuan("299.00"), shipping=yuan("10.00"))
TEA_SET = Goods(
    title="手绘青花茶具六件套", spec="一壶五杯", paid=yuan("168.00"), buyer="b-wangmin", seller="shop-jingde"
)
PHONE = Goods(title="折叠屏手机", spec="512GB 黑色", paid=yuan("6888.00"), buyer="b-zhanglei", seller="shop-xingyao")

ACCEPTED = agent("reviewed", decision="accept", text="材料齐全，符合受理条件。")
"""The agent takes the complaint up."""

REFUSED_BY_SELLER = seller("seller_answered", answer="refuse", reason="goods_as_described")
ASKED = buyer("intervention_requested", text="商家拒绝退款，请平台介入处理。")
CONTENT = buyer("survey_answered", score=5, comment="处理很快，满意。")

TO_THE_PLATFORM: tuple[Act, ...] = (ACCEPTED, REFUSED_BY_SELLER, ASKED)
"""The seller refuses, the buyer asks the platform to step in."""

RULED_FOR_THE_BUYER = agent(
    "ruled",
    liability="seller",
    remedy="refund",
    amount=yuan("299.00"),
    freight="seller",
    reason="not_as_described",
    text="实物照片与页面描述不符，支持买家退款诉求。",
)
RULED_FOR_THE_SELLER = agent(
    "ruled",
    liability="buyer",
    remedy="none",
    freight="buyer",
    reason="buyer_misuse",
    text="质检记录显示为穿着后洗涤不当，不支持退款。",
)
BUYER_CONFIRMS = buyer("ruling_confirmed", ruling=1)
SELLER_CONFIRMS = seller("ruling_confirmed", ruling=1)

PAID_AND_CONTENT: tuple[Act, ...] = (Reaches(FOLLOW_UP, MoneyState.SETTLED), CONTENT, Reaches(CLOSED))
"""The money arrives, the buyer is content, the complaint is closed."""

REFUNDED: tuple[Paid, ...] = (refund("299.00"),)

COAT_NOT_AS_DESCRIBED = Complaint(
    problem=Problem.NOT_AS_DESCRIBED,
    description="页面写的是含羊毛百分之七十，吊牌上只有百分之三十，与描述严重不符。",
    remedy=Remedy.REFUND,
    amount=yuan("299.00"),
)

AGREED: tuple[Act, ...] = (ACCEPTED, seller("seller_answered", answer="agree"))
