"""Words for tests that go on where the first acts of a story have led."""

from datetime import UTC, datetime, timedelta

from starter.demo.stories import Story
from tests.stories import BY_NAME
from tests.workflows.complaint.playing import Play, act, opened, pass_until, say
from tests.workflows.complaint.rules.test_dispatch import message
from workflows.answers import Receipt, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.rules.registry import Deadline
from workflows.policy.model import LimitName
from workflows.vocabulary import Phase, Role

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WOOL = BY_NAME["the_platform_waits_for_proof_and_its_clock_stands"]
CHAIRS = BY_NAME["on_quality_the_handler_moves_only_after_72_hours"]


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def on_stage(story: Story, acts: int, filed_at: datetime = MONDAY) -> Play:
    """The story after its first acts."""
    play = opened(story, filed_at)
    for number in range(acts):
        act(play, number)
    return play


def asked(story: Story = WOOL, filed_at: datetime = MONDAY) -> Play:
    """A complaint whose buyer has just asked the platform to step in."""
    play = on_stage(story, 3, filed_at)
    assert play.case.phase is Phase.INTERVENTION
    return play


_said = iter(range(10_000))


def tell(play: Play, kind: str, role: Role, who: str, **body: object) -> Receipt | Refusal:
    return say(play, message(kind, role, who, message_id=f"m-{next(_said)}", **body))


def hears(play: Play, kind: str, role: Role, who: str, **body: object) -> None:
    answer = tell(play, kind, role, who, **body)
    assert isinstance(answer, Receipt), answer


def refused(play: Play, kind: str, role: Role, who: str, **body: object) -> Refusal:
    answer = tell(play, kind, role, who, **body)
    assert isinstance(answer, Refusal), answer
    return answer


def proof_is_asked(play: Play, *of: str) -> None:
    hears(play, "evidence_requested", Role.AGENT, "a-1", **{"from": [*of], "to_prove": "请举证"})


def proven(play: Play, role: Role, who: str) -> None:
    hears(play, "evidence_submitted", role, who, evidence=[], final=True)


def hold(play: Play, lasts: timedelta) -> None:
    hears(play, "hold_placed", Role.OPERATIONS_MANAGER, "o-1", reason="抽检", until=(play.now + lasts).isoformat())


def released(play: Play) -> None:
    hears(play, "hold_released", Role.OPERATIONS_MANAGER, "o-1", reason="完成")


def passes(play: Play, time: timedelta) -> None:
    pass_until(play, play.now + time)


def running(case: Case, name: LimitName) -> Deadline:
    return next(one for one in deadlines(case) if one.name is name)


def due_at(play: Play, name: LimitName) -> datetime:
    return running(play.case, name).due_at
