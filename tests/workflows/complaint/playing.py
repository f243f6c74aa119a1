"""Plays a story through the rules alone: a clock that is told, a provider that answers as the story says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from starter.demo.stories import Pass, Reaches, Reports, Story, Tell
from workflows.answers import Answer, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import Message
from workflows.complaint.domain.records import Facts, Notice, Registration
from workflows.complaint.rules.deadlines import next_moment
from workflows.complaint.rules.dispatch import expire, hear, paid, reprojected
from workflows.complaint.rules.money.settlement import owed, requested
from workflows.complaint.rules.registration import open_case
from workflows.complaint.views.notices import notices_of
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.policy.loading import packaged
from workflows.vocabulary import Role

MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
COMPLAINT = "C20261123-7K3M9Q0VWX"


@dataclass
class Play:
    """A story on its way through the rules."""

    story: Story
    case: Case
    now: datetime
    notices: tuple[Notice, ...] = ()
    answers: tuple[Answer, ...] = ()
    asked: int = 0
    held: Money | None = None
    """What is left in escrow of the line, where the story says how much there is."""

    @property
    def told(self) -> list[str]:
        """What was told to whom, as stories write it."""
        return [f"{notice.event} {notice.to.role}" for notice in self.notices]


def opened(story: Story, filed_at: datetime = MONDAY_MORNING) -> Play:
    """File the story's complaint."""
    facts = Facts(
        order=story.order(filed_at),
        open_complaint="C20261101-0000000000" if story.another_is_open else None,
    )
    registration = Registration(complaint=COMPLAINT, filing=story.filing(), at=filed_at)
    case = open_case(registration, facts, packaged())
    held = story.goods.held if story.goods else None
    return Play(story, case, filed_at, notices_of(case, case.timeline), held=held)


def play(story: Story, filed_at: datetime = MONDAY_MORNING) -> Play:
    """Play the whole story; fails where an act comes out otherwise than told."""
    return [*scenes(story, filed_at)][-1]


def scenes(story: Story, filed_at: datetime = MONDAY_MORNING) -> Iterator[Play]:
    """Play the story act by act."""
    on_stage = opened(story, filed_at)
    yield on_stage
    for number in range(len(story.acts)):
        act(on_stage, number)
        yield on_stage


def act(play: Play, number: int) -> None:
    """Play one act."""
    told = play.story.acts[number]
    match told:
        case Tell() | Reports():
            expected = told.code if isinstance(told, Tell) else None
            answer = say(play, play.story.message(number, play.case.complaint, now=play.now))
            code = answer.code if isinstance(answer, Refusal) else None
            assert code == expected, f"{told}: {answer}"
        case Pass():
            pass_until(play, play.now + told.time)
        case Reaches():
            assert play.case.phase is told.phase, f"{told}: is in {play.case.phase}"
            assert told.money is None or play.case.money[-1].movement.state is told.money


def pass_until(play: Play, until: datetime, *, at_the_instant: bool = True) -> None:
    """Let time pass as an engine does: what is owed at an instant on the way is paid then, not at the end."""
    while (moment := next_moment(play.case)) and (moment.at <= until if at_the_instant else moment.at < until):
        play.now = max(play.now, moment.at)
        become(play, expire(play.case, moment.at))
    play.now = until


def say(play: Play, message: Message) -> Answer:
    """Let the complaint hear a message now."""
    case, answer = hear(play.case, message, play.now)
    become(play, case)
    play.answers += (answer,)
    return answer


def become(play: Play, case: Case) -> None:
    """Take over the next case, ask the provider for what it owes, and collect what there is to tell."""
    before = play.case.steps
    play.case = case
    if play.case.calendar_wanted:
        play.case = reprojected(play.case, None, play.now)  # stories want a version that nobody has
    while (movement := owed(play.case)) and not play.case.closed:
        play.case = requested(play.case, movement.key, play.now)
        play.case = paid(play.case, movement.key, _answer(play, movement), play.now)
    new = [step for step in play.case.timeline if step.number > before]
    play.notices += notices_of(play.case, new)


def _answer(play: Play, movement: Movement) -> PaymentAnswer:
    provider, play.asked = play.story.provider, play.asked + 1
    reference = f"p-{play.asked}"
    said = provider[play.asked - 1] if play.asked <= len(provider) else "settled"
    if said == "declined":
        return PaymentAnswer(result="refused", provider_reference=reference, reason="account closed")
    if play.held is not None and movement.payer.role is Role.SELLER:
        if play.held < movement.amount:
            return PaymentAnswer(
                result="refused", provider_reference=reference, reason="not covered", available=play.held
            )
        play.held = play.held - movement.amount
    return PaymentAnswer(result="pending" if said == "pending" else "settled", provider_reference=reference)
