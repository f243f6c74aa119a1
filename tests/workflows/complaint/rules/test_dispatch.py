"""Who is in time, who may speak, and what becomes of words that do not count (R7.4, R11.1, R1.3)."""

from datetime import timedelta

import pytest

from tests.stories import BY_NAME
from tests.workflows.complaint.playing import MONDAY_MORNING, Play, act, opened
from workflows.answers import Code, Receipt, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import KINDS, Message
from workflows.complaint.rules.dispatch import expire, hear, refuse_unread
from workflows.complaint.views.notices import notices_of
from workflows.vocabulary import Phase, Role
from workflows.words.sentences import sentence

_WINDOW = timedelta(hours=48)
_TICK = timedelta(microseconds=1)
DUE = MONDAY_MORNING + _WINDOW


def negotiating() -> Case:
    play: Play = opened(BY_NAME["the_seller_agrees_at_once"])
    act(play, 0)
    assert play.case.phase is Phase.NEGOTIATION
    return play.case


def message(kind: str, role: Role, who: str, **body: object) -> Message:
    sender = {"role": str(role), "id": who}
    told = {"kind": kind, "message_id": "m-1", "sender": sender, **body}
    return KINDS[kind].model_validate(told, strict=False)


def agrees(**body: object) -> Message:
    return message("seller_answered", Role.SELLER, "shop-qinghe", answer="agree", **body)


def test_received_at_the_due_instant_is_in_time() -> None:
    case, answer = hear(negotiating(), agrees(received_at=DUE), DUE + timedelta(days=3))
    assert isinstance(answer, Receipt)
    assert case.phase is Phase.FULFILMENT
    assert case.timeline[-1].at == DUE


def test_received_a_hair_later_the_default_has_passed_first() -> None:
    case, answer = hear(negotiating(), agrees(received_at=DUE + _TICK), DUE + timedelta(days=3))
    assert isinstance(answer, Receipt)
    assert [step.event for step in case.timeline[-3:]] == ["intervention_started", "seller_answered", "payment_decided"]
    assert case.timeline[-3].at == DUE


def test_what_comes_after_silence_was_acted_on_is_overtaken_and_the_supervisors_are_told() -> None:
    acted_on = expire(negotiating(), DUE)
    counter = message(
        "seller_answered", Role.SELLER, "shop-qinghe", answer="refuse", reason="other", received_at=DUE - _TICK
    )
    case, answer = hear(acted_on, counter, DUE + timedelta(hours=1))
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.rule) == (Code.OVERTAKEN, "R7.4")
    told = notices_of(case, case.timeline[-1:])
    assert {(notice.event, notice.to.id) for notice in told} == {
        ("message_overtaken", "s-1"),
        ("message_overtaken", "s-2"),
    }


def test_what_is_said_to_be_received_in_the_future_was_received_now() -> None:
    now = MONDAY_MORNING + timedelta(hours=1)
    case, _ = hear(negotiating(), agrees(received_at=now + timedelta(days=9)), now)
    assert case.timeline[-1].at == now


def test_nobody_speaks_as_the_system() -> None:
    hold = message("hold_placed", Role.SYSTEM, "system", reason="?", until=DUE.isoformat())
    _, answer = hear(negotiating(), hold, MONDAY_MORNING)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.rule) == (Code.WRONG_SENDER, "R7.4")


@pytest.mark.parametrize(
    ("role", "who"),
    [(Role.SELLER, "shop-other"), (Role.BUYER, "b-other"), (Role.AGENT, "a-99"), (Role.AGENT, "s-1")],
)
def test_a_stranger_is_refused_and_the_words_are_kept(role: Role, who: str) -> None:
    said: dict[Role, tuple[str, dict[str, object]]] = {
        Role.SELLER: ("seller_answered", {"answer": "agree"}),
        Role.BUYER: ("withdrawn", {}),
        Role.AGENT: ("noted", {"text": "?"}),
    }
    kind, body = said[role]
    case, answer = hear(negotiating(), message(kind, role, who, **body), MONDAY_MORNING)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.rule) == (Code.WRONG_SENDER, "R1.3")
    assert (case.timeline[-1].event, case.timeline[-1].actor) == ("refused", who)


def test_what_nobody_understands_is_kept_and_the_next_good_message_works() -> None:
    case, refusal = refuse_unread(negotiating(), MONDAY_MORNING, Code.MALFORMED, "not JSON")
    assert (refusal.rule, case.timeline[-1].event) == ("R11.1", "refused")
    case, answer = hear(case, agrees(), MONDAY_MORNING)
    assert isinstance(answer, Receipt)


def test_a_flood_of_refused_messages_is_forgotten_before_what_was_heard() -> None:
    case, first = hear(
        negotiating(), message("noted", Role.AGENT, "a-1", message_id="m-0", text="first"), MONDAY_MORNING
    )
    for number in range(1, 600):
        case, _ = hear(
            case, message("survey_answered", Role.BUYER, "b-lihua", message_id=f"m-{number}", score=1), MONDAY_MORNING
        )
    assert case.heard["agent:a-1:m-0"] == first
    assert len(case.heard) < 220
    assert "buyer:b-lihua:m-599" in case.heard


def test_nobody_answers_for_another_under_the_same_message_id() -> None:
    case, mine = hear(negotiating(), message("noted", Role.AGENT, "a-1", message_id="1", text="first"), MONDAY_MORNING)
    stranger = message("seller_answered", Role.SELLER, "shop-stranger", message_id="1", answer="agree")
    case, theirs = hear(case, stranger, MONDAY_MORNING)
    assert isinstance(mine, Receipt)
    assert isinstance(theirs, Refusal)
    assert theirs.code is Code.WRONG_SENDER
    case, answer = hear(case, agrees(message_id="1"), MONDAY_MORNING)
    assert isinstance(answer, Receipt)


def test_staff_may_act_for_the_handler_and_the_timeline_says_so() -> None:
    case = negotiating()
    other = next(one for one in case.staff.of(Role.AGENT) if one != case.handler)
    case, _ = hear(case, message("noted", Role.AGENT, other, text="代为联系"), MONDAY_MORNING)
    assert sentence(case.timeline[-1]) == f"acting for {case.handler}"


def test_the_first_word_of_a_party_is_no_response_of_the_platform() -> None:
    case = opened(BY_NAME["the_seller_agrees_at_once"]).case
    case, _ = hear(case, message("withdrawn", Role.BUYER, "b-lihua", reason=""), MONDAY_MORNING)
    assert case.first_response_at is None
