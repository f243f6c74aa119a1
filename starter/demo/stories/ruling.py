"""Stories of the tour in which the platform rules: silence, contest, proof that is missing (R4, R5.1-R5.3)."""

from starter.demo.stories.shared import (
    ACCEPTED,
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    RULED_FOR_THE_SELLER,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Ending, Reaches, Story, Tell, agent, buyer, passes, yuan
from workflows.answers import Code
from workflows.vocabulary import Outcome, Role

CONTESTED_FOR_THE_BUYER = Story(
    name="contested_and_ruled_for_the_buyer",
    zh="双方各执一词，平台判定支持买家",
    en="Contested, ruled for the buyer, confirmed by both",
    rules=("R3.4", "R4.1", "R4.2", "R4.6", "R5.1", "R5.3"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("buyer_contacted", result="reached", text="已电话核实买家诉求和照片。"),
        RULED_FOR_THE_BUYER,
        BUYER_CONFIRMS,
        BUYER_CONFIRMS.refused(Code.ALREADY_DONE),
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=(
            "seller_answered R3.1",
            "intervention_requested R3.4",
            "intervention_started R3.4",
            "buyer_contacted R4.1",
            "ruled R4.6",
            "ruling_sent R4.6",
            "ruling_confirmed R5.1",
            "refused R5.1",
            "ruling_confirmed R5.1",
            "ruling_final R5.3",
            "payment_settled R6.1",
            "closed R10.2",
        ),
        money=REFUNDED,
        told=("intervention_started seller", "ruling_sent buyer", "ruling_sent seller", "ruling_final seller"),
    ),
)

SILENT_SELLER = Story(
    name="the_seller_is_silent_and_the_platform_steps_in",
    zh="商家沉默，平台主动介入",
    en="The seller is silent; the platform steps in and rules",
    rules=("R3.3", "R4.1", "R4.5", "R4.6", "R5.1", "R5.3"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        passes(hours=49),
        Reaches(INTERVENTION),
        agent("noted", text="商家四十八小时内未回应，已电话催促无人接听。"),
        agent(
            "ruled",
            liability="seller",
            remedy="refund",
            amount=yuan("299.00"),
            freight="seller",
            reason="seller_silent",
            text="商家逾期未答复，按买家诉求退款。",
        ),
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("intervention_started R3.3", "noted R4.1", "ruled R4.6", "ruling_final R5.3", "closed R10.2"),
        money=REFUNDED,
        told=("intervention_started seller",),
    ),
)

BOTH_SILENT = Story(
    name="both_are_silent_on_the_ruling",
    zh="双方沉默，视为同意判定",
    en="Both stay silent on the ruling: silence is consent",
    rules=("R5.2", "R5.3", "R10.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*TO_THE_PLATFORM, RULED_FOR_THE_BUYER, passes(hours=49), *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_sent R4.6", "consent_by_silence R5.2", "consent_by_silence R5.2", "ruling_final R5.3"),
        money=REFUNDED,
    ),
)

RULED_FOR_SELLER = Story(
    name="contested_and_ruled_for_the_seller",
    zh="证据不支持买家，判定商家无责",
    en="Contested, ruled for the seller: nothing is owed",
    rules=("R4.6", "R5.1", "R6.11"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("ruled", **{**RULED_FOR_THE_SELLER.body, "reason": "seller_silent"}).refused(Code.INCONSISTENT),
        RULED_FOR_THE_SELLER,
        SELLER_CONFIRMS,
        passes(hours=49),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, CLOSED),
        outcome=Outcome.UNFOUNDED,
        steps=("refused R4.5", "ruled R4.6", "ruling_confirmed R5.1", "consent_by_silence R5.2", "closed R6.11"),
        told=("closed buyer", "closed seller"),
    ),
)

_PHOTO = [{"id": "e-7", "kind": "photo", "uri": "oss://evidence/e-7.jpg", "sha256": "7" * 64, "note": "吊牌"}]
_TO_PROVE = "买家：实物照片；商家：质检记录。"
BOTH_ASKED = Tell(Role.AGENT, "evidence_requested", {"from": ["buyer", "seller"], "to_prove": _TO_PROVE})
_MISSING = agent("ruled", **{**RULED_FOR_THE_BUYER.body, "reason": "evidence_missing_seller"})

SILENT_ON_EVIDENCE = Story(
    name="the_seller_was_asked_for_proof_and_gave_none",
    zh="商家逾期未举证，承担不利后果",
    en="Asked for proof, the seller gives none and bears the consequence",
    rules=("R4.4", "R4.5", "R4.6"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        BOTH_ASKED,
        buyer("evidence_submitted", evidence=_PHOTO, final=True),
        _MISSING.refused(Code.NOT_NOW),
        passes(days=3, hours=1),
        Reaches(INTERVENTION),
        _MISSING,
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=(
            "evidence_requested R4.4",
            "evidence_submitted R4.4",
            "refused R4.5",
            "evidence_silence R4.5",
            "ruled R4.6",
        ),
        money=REFUNDED,
    ),
)
