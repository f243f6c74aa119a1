"""Stories of appeal: against an unfounded review and against a ruling, upheld, changed or sent back (R2.2, R5.4)."""

from starter.demo.stories.second_looks import (
    BUYER_APPEALS,
    PHONE_DEAD,
    PHONE_RULING,
    RULING_CHANGED,
    SELLER_APPEALS,
    UNFOUNDED,
    changed,
)
from starter.demo.stories.shared import (
    APPEAL,
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    CONFIRMATION,
    NEGOTIATION,
    PAID_AND_CONTENT,
    PHONE,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    RULED_FOR_THE_SELLER,
    TO_APPEAL,
    TO_REVIEW,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Ending,
    Reaches,
    Story,
    Tell,
    agent,
    buyer,
    manager,
    refund,
    seller,
    supervisor,
)
from workflows.answers import Code
from workflows.vocabulary import Outcome, Role

UPHELD = supervisor("appeal_decided", decision="uphold", text="证据充分，维持原判定。")
SENT_BACK = supervisor("appeal_decided", decision="send_back", text="新证据需重新核实，退回重判。")
TO_CONFIRMATION_BY_REVIEW = (*TO_REVIEW, CONFIRMATION)


UNFOUNDED_UPHELD = Story(
    name="an_unfounded_review_is_upheld_on_appeal",
    zh="不成立判定经申诉维持",
    en="Unfounded, appealed, upheld",
    rules=("R2.2", "R5.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(UNFOUNDED, SELLER_APPEALS.refused(Code.WRONG_SENDER), BUYER_APPEALS, UPHELD, Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_CONFIRMATION_BY_REVIEW, APPEAL, CLOSED),
        outcome=Outcome.UNFOUNDED,
        steps=("reviewed R2.1", "refused R2.2", "ruling_appealed R5.4", "appeal_decided R5.4", "closed R2.2"),
        told=("appealed supervisor",),
    ),
)

UNFOUNDED_CHANGED = Story(
    name="an_unfounded_review_is_changed_on_appeal",
    zh="不成立判定经申诉改判退款",
    en="Unfounded, appealed, changed into a refund",
    rules=("R2.2", "R5.3", "R5.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        UNFOUNDED,
        BUYER_APPEALS,
        changed("refund", "150.00"),
        Reaches(CONFIRMATION),
        buyer("ruling_confirmed", ruling=2),
        seller("ruling_confirmed", ruling=2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION_BY_REVIEW, APPEAL, CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_appealed R5.4", "appeal_decided R5.4", "ruling_final R5.3", "payment_settled R6.1"),
        money=(refund("150.00"),),
    ),
)

UNFOUNDED_SENT_BACK = Story(
    name="an_unfounded_review_sent_back_counts_as_accepted",
    zh="不成立判定经申诉退回，视为受理",
    en="Unfounded, appealed, sent back: it counts as accepted",
    rules=("R2.2", "R3.1"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        UNFOUNDED,
        BUYER_APPEALS,
        SENT_BACK,
        Reaches(NEGOTIATION),
        seller("seller_answered", answer="agree"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION_BY_REVIEW, APPEAL, NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("appeal_decided R5.4", "seller_answered R3.1", "payment_settled R6.1"),
        money=REFUNDED,
    ),
)

RULING_UPHELD = Story(
    name="the_seller_appeals_in_vain",
    zh="商家申诉，维持原判",
    en="The seller appeals; another supervisor upholds the ruling",
    rules=("R5.1", "R5.3", "R5.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        RULED_FOR_THE_BUYER,
        BUYER_CONFIRMS,
        SELLER_APPEALS,
        SELLER_APPEALS.refused(Code.ALREADY_DONE),
        UPHELD,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_APPEAL, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_appealed R5.4", "refused R5.4", "appeal_decided R5.4", "ruling_final R5.3"),
        money=REFUNDED,
        told=("appealed supervisor", "appealed buyer"),
    ),
)

RULING_SENT_BACK = Story(
    name="sent_back_on_appeal_and_ruled_anew",
    zh="申诉成功退回，重新判定",
    en="Sent back on appeal and ruled anew; who has appealed can only confirm",
    rules=("R5.4",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        RULED_FOR_THE_SELLER,
        BUYER_APPEALS,
        SENT_BACK,
        Reaches(APPEAL),
        RULED_FOR_THE_BUYER,
        Reaches(CONFIRMATION),
        buyer("ruling_appealed", ruling=2, grounds="还是不满意。").refused(Code.ALREADY_DONE),
        BUYER_CONFIRMS.refused(Code.STALE_NUMBER),
        buyer("ruling_confirmed", ruling=2),
        seller("ruling_confirmed", ruling=2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_APPEAL, CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("appeal_decided R5.4", "ruled R4.6", "ruling_sent R4.6", "refused R5.4", "refused R5.1"),
        money=REFUNDED,
    ),
)

ANOTHER_SUPERVISOR = Story(
    name="who_countersigned_does_not_decide_the_appeal",
    zh="会签主管不得裁决申诉",
    en="Who countersigned does not decide the appeal: another supervisor does",
    rules=("R4.6", "R5.4"),
    goods=PHONE,
    complaint=PHONE_DEAD,
    acts=(
        *TO_THE_PLATFORM,
        PHONE_RULING,
        supervisor("ruling_countersigned", ruling=1, decision="approve"),
        SELLER_APPEALS,
        UPHELD.refused(Code.WRONG_SENDER),
        supervisor("appeal_decided", by="s-2", decision="uphold", text="检测报告有效，维持。"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_APPEAL, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_appealed R5.4", "refused R5.4", "appeal_decided R5.4", "ruling_final R5.3"),
        money=(refund("6888.00"),),
    ),
)

NOBODY_LEFT = Story(
    name="no_supervisor_is_left_and_the_operations_manager_decides_the_appeal",
    zh="主管均已参与，运营经理裁决申诉",
    en="Both supervisors took part: the operations manager decides the appeal",
    rules=("R5.4", "R2.5", "R4.6"),
    goods=PHONE,
    complaint=PHONE_DEAD,
    acts=(
        *TO_THE_PLATFORM,
        agent("handed_over", to="s-2", open_points="金额较大，请主管判定。"),
        Tell(Role.SUPERVISOR, PHONE_RULING.kind, PHONE_RULING.body, by="s-2"),
        supervisor("ruling_countersigned", ruling=1, decision="approve", by="s-2").refused(Code.WRONG_SENDER),
        supervisor("ruling_countersigned", ruling=1, decision="approve"),
        SELLER_APPEALS,
        UPHELD.refused(Code.WRONG_SENDER),
        manager("appeal_decided", decision="uphold", text="检测报告有效，维持。"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_APPEAL, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("handed_over R2.5", "ruled R4.6", "refused R4.6", "refused R5.4", "appeal_decided R5.4"),
        money=(refund("6888.00"),),
    ),
)

APPEALING = (
    NOBODY_LEFT,
    UNFOUNDED_UPHELD,
    UNFOUNDED_CHANGED,
    UNFOUNDED_SENT_BACK,
    RULING_UPHELD,
    RULING_CHANGED,
    RULING_SENT_BACK,
    ANOTHER_SUPERVISOR,
)
