"""Money and rights: who pays, who may still speak, what nobody can do to a complaint (R1.8, R3, R4, R5, R6, R10)."""

from tests.workflows.complaint.playing import Play, become
from tests.workflows.complaint.saying import DAY, HOUR, WOOL, asked, hears, passes, proof_is_asked, refused, tell
from tests.workflows.complaint.test_decoding import raw
from workflows.answers import Code, Refusal
from workflows.complaint.decoding import Unreadable, read_message
from workflows.complaint.domain.parts import PLATFORM
from workflows.complaint.rules.dispatch import refuse_unread
from workflows.complaint.rules.size import MOST, weight
from workflows.complaint.snapshot import snapshot
from workflows.vocabulary import Outcome, Phase, Role, Severity

assert WOOL.goods is not None
BUYER, SELLER = WOOL.goods.buyer, WOOL.goods.seller
FEN = {"amount": 10000, "currency": "CNY"}


def test_what_a_sender_names_its_fields_never_keeps_a_refusal_from_being_recorded() -> None:
    read = read_message("noted", [raw('{"message_id": "m", "sender": {"role": "agent", "id": "a-1"}, "a\\u0000b": 1}')])
    assert isinstance(read, Unreadable)
    case, _ = refuse_unread(asked().case, asked().now, *read)
    assert "\x00" not in case.timeline[-1].model_dump_json().encode().decode("unicode_escape")


def test_no_party_can_make_a_complaint_too_heavy_to_be_handed_on() -> None:
    play = asked()
    answers = []
    for number in range(60):
        items = [
            {"id": f"e-{number}-{one}", "kind": "照" * 100, "uri": "u" * 1900, "sha256": "0" * 64, "note": "证" * 4000}
            for one in range(3)
        ]
        answers.append(tell(play, "evidence_submitted", Role.BUYER, BUYER, evidence=items))
    codes = {answer.code for answer in answers if isinstance(answer, Refusal)}
    assert codes == {Code.ABOVE_LIMIT}
    assert weight(play.case) <= MOST
    assert len(snapshot(play.case, play.case.steps, 0).model_dump_json().encode()) < 1_500_000
    hears(play, "noted", Role.AGENT, "a-1", text="记录")


def test_an_agreement_that_staff_brought_about_is_paid_by_the_seller_and_goodwill_by_the_platform() -> None:
    for remedy, payer in (("refund", Role.SELLER), ("compensation", PLATFORM.role)):
        play = asked()
        hears(play, "offer_made", Role.AGENT, "a-1", remedy=remedy, amount={"amount": 1000, "currency": "CNY"})
        hears(play, "offer_confirmed", Role.BUYER, BUYER, offer=1)
        hears(play, "offer_confirmed", Role.SELLER, SELLER, offer=1)
        assert play.case.money[0].movement.payer.role is payer, remedy


def test_compensation_above_the_price_is_countersigned_whatever_it_was_filed_as() -> None:
    play = asked()
    assert play.case.order is not None
    assert play.case.severity is Severity.GENERAL
    much = {"amount": play.case.order.ceiling.amount + 1, "currency": "CNY"}
    ruling = {"liability": "seller", "remedy": "compensation", "amount": much, "freight": "seller", "text": "赔付"}
    hears(play, "ruled", Role.AGENT, "a-1", reason="promise_broken", **ruling)
    assert play.case.ruling is not None
    assert play.case.ruling.state == "pending"


def _ruled_and_appealed() -> Play:
    play = asked()
    hears(
        play, "ruled", Role.AGENT, "a-1", liability="seller", remedy="refund", amount=FEN, freight="seller",
        reason="not_as_described", text="支持买家",
    )  # fmt: skip
    hears(play, "ruling_appealed", Role.SELLER, SELLER, ruling=1, grounds="不同意")
    return play


def test_a_changed_ruling_must_be_as_consistent_as_any_other() -> None:
    play = _ruled_and_appealed()
    change = {"decision": "change", "remedy": "refund", "amount": FEN, "freight": "seller", "text": "改判"}
    wrong = refused(play, "appeal_decided", Role.SUPERVISOR, "s-1", liability="buyer", reason="other", **change)
    assert (wrong.code, wrong.rule) == (Code.INCONSISTENT, "R6.11")


def test_who_once_was_asked_for_proof_may_prove_again_in_an_appeal() -> None:
    play = asked()
    proof_is_asked(play, "seller")
    item = {"id": "e-1", "kind": "photo", "uri": "https://evidence.example/1", "sha256": "0" * 64}
    hears(play, "evidence_submitted", Role.SELLER, SELLER, evidence=[item], final=True)
    ruling = {"liability": "seller", "remedy": "refund", "amount": FEN, "freight": "seller", "text": "支持买家"}
    hears(play, "ruled", Role.AGENT, "a-1", reason="not_as_described", **ruling)
    passes(play, HOUR)
    hears(play, "ruling_appealed", Role.BUYER, BUYER, ruling=1, grounds="金额太低")
    hears(play, "evidence_submitted", Role.SELLER, SELLER, evidence=[item | {"id": "e-2"}])
    assert [one.state for one in play.case.exhibits if one.by is Role.SELLER] == ["counted", "counted"]


def test_a_buyer_cannot_withdraw_once_money_or_goods_have_moved() -> None:
    play = asked()
    become(play, play.case.but(cycle=2))
    assert refused(play, "withdrawn", Role.BUYER, BUYER, reason="算了").code is Code.NOT_NOW


def test_a_supervisor_who_handles_a_complaint_does_what_an_agent_does() -> None:
    play = asked()
    assert refused(play, "buyer_contacted", Role.SUPERVISOR, "s-1", result="reached").code is Code.NOT_NOW
    hears(play, "handed_over", Role.AGENT, "a-1", to="s-1")
    hears(play, "buyer_contacted", Role.SUPERVISOR, "s-1", result="reached")
    hears(play, "offer_made", Role.SUPERVISOR, "s-1", remedy="refund", amount=FEN)


def test_a_call_that_nobody_made_reaches_the_supervisor_before_the_complaint_closes() -> None:
    play = asked()
    hears(play, "offer_made", Role.SELLER, SELLER, remedy="apology")
    hears(play, "offer_confirmed", Role.BUYER, BUYER, offer=1)
    hears(play, "apology_made", Role.SELLER, SELLER, text="对不起")
    assert play.case.phase is Phase.FOLLOW_UP
    passes(play, 30 * DAY)
    assert play.case.outcome is Outcome.SETTLED
    events = [step.event for step in play.case.timeline]
    assert events[-2:] == ["escalated_to_supervisor", "closed"]


def test_each_party_appeals_once_in_all_cycles() -> None:
    play = asked()
    become(play, play.case.but(appealed_by=(Role.BUYER,)))
    hears(
        play, "ruled", Role.AGENT, "a-1", liability="seller", remedy="refund", amount=FEN, freight="seller",
        reason="not_as_described", text="支持买家",
    )  # fmt: skip
    assert refused(play, "ruling_appealed", Role.BUYER, BUYER, ruling=1, grounds="再议").code is Code.ALREADY_DONE
