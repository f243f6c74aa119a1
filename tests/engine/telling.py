"""Tells stories on a real stack, many at once, and gathers what the engine and the partners know of each afterwards."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from activities.store.case_files import CaseFiles
from activities.store.pool import open_pool
from starter.client.complaints import Complaints
from starter.client.errors import Unreachable
from starter.client.fast_forward import FastForward
from starter.client.record import Record
from starter.client.results import FilingResult
from starter.demo.player import Stage, StoryRun
from starter.demo.stories import Pass, Reports, Story, Tell
from starter.http.gateway.resources.payments import report_id
from tests.conftest import Running
from tests.engine.attacker import until
from tests.engine.inbox import Inbox
from tests.engine.stepping import StepByStep
from tests.workflows.complaint.playing import Play, opened, pass_until, say
from workers.sandbox.client import SandboxClient
from workflows import wire
from workflows.answers import Answer, Code, Receipt, Refusal
from workflows.complaint.domain.events import LateMessage, Refused
from workflows.complaint.domain.messages import Message, PaymentReported
from workflows.complaint.domain.view import View
from workflows.complaint.domain.why_due import WhyDue
from workflows.complaint.views.timeline import StepView

AT_ONCE = 8
PATIENCE = 120.0
"""Seconds of real time one act may take while a dozen stories share a busy machine."""

_LOOK = 0.1


class Doors(Complaints):
    """The client of the complaints, used in other ways than the command line does.

    `by_signal` says messages as signals and reads the answer from the timeline. `again` says the first message of a
    complaint anew after every later one, and demands the first answer.
    """

    def __init__(self, stack: Running, *, by_signal: bool = False, again: bool = False) -> None:
        super().__init__(stack.client, Record(CaseFiles(stack.pool), stack.pool))
        self._sandbox: SandboxClient = stack.sandbox
        self._by_signal, self._again = by_signal, again
        self._first: dict[str, tuple[Message, Answer]] = {}
        self.heard_again = 0

    async def _wait_registered(self, number: str, wait: timedelta, *, known_before: bool) -> FilingResult:
        """Wait for the registration with the patience of a test."""
        return await super()._wait_registered(number, max(wait, timedelta(seconds=PATIENCE)), known_before=known_before)

    async def tell(self, complaint: str, message: Message) -> Answer:
        """Say it by the door that was chosen."""
        if isinstance(message, PaymentReported):
            message = await self._as_the_provider(message)
        answer = await self._signalled(complaint, message) if self._by_signal else None
        answer = answer or await self._answered(complaint, message)
        if self._again:
            await self._said_again(complaint, message, answer)
        return answer

    async def _query(
        self, complaint: str, query: str, kind: Any, within: timedelta = timedelta(seconds=PATIENCE)
    ) -> Any:
        """Ask with the patience of a test: a dozen stories share the machine with whatever else runs on it."""
        return await super()._query(complaint, query, kind, max(within, timedelta(seconds=PATIENCE)))

    async def _answered(self, complaint: str, message: Message) -> Answer:
        """Say it again as it was while nobody answers in time, as whoever says it is asked to do."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return await super().tell(complaint, message)
            except Unreachable:
                if asyncio.get_running_loop().time() > until:
                    raise

    async def _as_the_provider(self, message: PaymentReported) -> PaymentReported:
        """Word a report as the provider will, who tells it once more by himself."""
        references = dict[str, str]()

        async def asked() -> bool:
            book = await self._sandbox.book(message.movement.split(":")[0])
            references.update({one.key: one.reference for one in book})
            return message.movement in references

        await until(asked, PATIENCE, f"the provider to know {message.movement}")
        reference = references[message.movement]
        said = report_id(message.movement, reference, message.result)
        return message.but(provider_reference=reference, message_id=said)

    async def _signalled(self, complaint: str, message: Message) -> Answer | None:
        """Send it as a signal and wait for its step; None if the complaint has ended."""
        body = message.model_dump(mode="json", by_alias=True, exclude_none=True)
        try:
            await self._temporal.get_workflow_handle(complaint).signal(message.kind, body)
        except RPCError as wrong:
            if wrong.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE
        while clock() < deadline:
            steps = await self._query(complaint, wire.TIMELINE, list[StepView])
            if found := [step for step in steps if step.message_id == message.message_id]:
                return _as_answer(found[0], message)
            await asyncio.sleep(_LOOK)
        raise AssertionError(f"{message.kind} does not come into the timeline of {complaint}")

    async def _said_again(self, complaint: str, message: Message, answer: Answer) -> None:
        first, answered = self._first.setdefault(complaint, (message, answer))
        again = await self._answered(complaint, first)
        if isinstance(again, Refusal) and again.code is Code.CLOSED:
            return  # it has ended, so nobody is left who remembers
        alike = _gist(again) == _gist(answered) if self._by_signal else again == answered
        assert alike, f"{first.kind} got another answer the second time: {again} after {answered}"
        self.heard_again += 1


def _gist(answer: Answer) -> Code | None:
    """Return how a message was taken: all that its step tells of the answer to a signal."""
    return answer.code if isinstance(answer, Refusal) else None


def _as_answer(step: StepView, message: Message) -> Answer:
    if step.event not in {"refused", "late_message"}:
        return Receipt(message_id=message.message_id, phase=step.phase, steps=step.number)
    assert isinstance(step.facts, Refused | LateMessage)
    return Refusal(code=step.facts.code, rule=step.rule, phase=step.phase, text=step.facts.text)


@dataclass
class Told:
    """A story that was told on a stack, and what went wrong if something did."""

    story: Story
    stack: Running
    doors: Doors
    playing: StoryRun
    inbox: Inbox
    failure: BaseException | None = None
    _answers: dict[str, Any] = field(default_factory=dict)
    _said: Any = None

    @property
    def number(self) -> str:
        """The complaint's number; raises what went wrong in the telling."""
        if self.failure:
            raise self.failure
        return self.playing.complaint

    async def _once(self, what: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask once for all tests that look at this story; nothing moves any more."""
        if what not in self._answers:
            self._answers[what] = await ask()
        return self._answers[what]

    async def _query(self, query: str, kind: Any) -> Any:
        return await self._once(query, lambda: self._answered(query, kind))

    async def _answered(self, query: str, kind: Any) -> Any:
        """Ask once the run has begun: runs follow each other no faster than one second, and till then none answers."""
        handle = self.stack.client.get_workflow_handle(self.number)

        async def begun() -> bool:
            try:
                self._said = await handle.query(query, result_type=kind)
            except RPCError as wrong:
                if wrong.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise
                return False
            return True

        await until(begun, PATIENCE, f"the answer of {self.number} to {query}")
        return self._said

    async def view(self) -> View:
        """The workflow's own view."""
        view: View = await self._query(wire.VIEW, View)
        return view

    async def timeline(self) -> tuple[StepView, ...]:
        """The workflow's own timeline."""
        return tuple(await self._query(wire.TIMELINE, list[StepView]))

    async def why_due(self) -> tuple[WhyDue, ...]:
        """The workflow's own account of its deadlines."""
        return tuple(await self._query(wire.WHY_DUE, list[WhyDue]))

    async def whole_timeline(self) -> tuple[StepView, ...]:
        """Every step, with what came late and is on record only."""
        steps: tuple[StepView, ...] = await self._once("steps", lambda: self.doors.timeline(self.number))
        return steps

    async def by_the_rules(self) -> Play:
        """The same story on the rules alone, each message at the instant at which the engine heard it."""
        steps = await self.whole_timeline()
        play: Play = await self._once("rules", lambda: asyncio.to_thread(_by_the_rules, self.story, steps))
        return play

    async def runs(self) -> list[WorkflowHistory]:
        """The history of each run, the first one first."""
        found: list[WorkflowHistory] = await self._once("runs", lambda: runs_of(self.stack, self.number))
        return found


async def runs_of(stack: Running, number: str) -> list[WorkflowHistory]:
    """Return the history of each run of a complaint, the first one first."""
    described = await stack.client.get_workflow_handle(number).describe()
    run: str = described.raw_description.workflow_execution_info.first_run_id
    found = []
    while run:
        found.append(await stack.client.get_workflow_handle(number, run_id=run).fetch_history())
        last = found[-1].events[-1]
        run = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


async def tell_all(stack: Running, stories: Iterable[Story], *, again: bool = False) -> dict[str, Told]:
    """Tell the stories side by side, every third by signals; failures are kept with their story."""
    # A clock holds a connection for as long as it is being moved.
    async with await open_pool(stack.ready.database, most=AT_ONCE + 2) as pool:
        clock = (StepByStep if again else FastForward)(stack.client, pool)
        inbox = Inbox(stack.sandbox)
        told = {
            story.name: _prepared(stack, story, number, clock, inbox, again=again)
            for number, story in enumerate(stories)
        }
        await _side_by_side(told.values())
    return told


async def _side_by_side(stories: Iterable[Told]) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def in_turn(one: Told) -> None:
        async with room:
            await _tell(one)

    await asyncio.gather(*map(in_turn, stories))


def _prepared(stack: Running, story: Story, number: int, clock: FastForward, inbox: Inbox, *, again: bool) -> Told:
    doors = Doors(stack, by_signal=number % 3 == 2, again=again)
    stage = Stage(complaints=doors, sandbox=stack.sandbox, clock=clock, timeout_seconds=PATIENCE)
    return Told(story, stack, doors, StoryRun(story, stage, uuid.uuid4().hex[:6]), inbox)


async def _tell(one: Told) -> None:
    try:
        await one.playing.to_the_end()
        await _is_on_record(one)
        await _provider_is_done(one)
    except Exception as failure:  # noqa: BLE001  whatever it is, it belongs to the test of this story
        one.failure = failure


async def _is_on_record(one: Told) -> None:
    async def recorded() -> bool:
        kept = await one.stack.pool.fetchval("SELECT steps FROM complaints WHERE complaint = $1", one.number)
        return bool(kept >= (await one.view()).steps)

    await until(recorded, PATIENCE, f"the record of {one.number}")


async def _provider_is_done(one: Told) -> None:
    """Wait until the provider has decided all that was pending, so that its book stands still."""

    async def decided() -> bool:
        return all(payment.state != "pending" for payment in await one.stack.sandbox.book(one.number))

    await until(decided, PATIENCE, f"the provider's decisions on {one.number}")


def _by_the_rules(story: Story, steps: Sequence[StepView]) -> Play:
    heard = {step.message_id: step.at for step in steps if step.message_id}
    play = opened(story, steps[0].at)
    for number, act in enumerate(story.acts):
        if isinstance(act, Tell | Reports):
            message = story.message(number, play.case.complaint, now=play.now)
            # After its end a complaint has no time of its own: what comes late is dated by the clock on the wall.
            pass_until(play, max(play.now, _instant(message, steps, heard)), at_the_instant=False)
            say(play, message)
        elif isinstance(act, Pass):
            pass_until(play, play.now + act.time)
    return play


def _instant(message: Message, steps: Sequence[StepView], heard: dict[str, datetime]) -> datetime:
    if isinstance(message, PaymentReported):  # told in the provider's own words
        told = (step for step in steps if step.event == message.kind)
        return next(step.at for step in told if (step.message_id or "").endswith(f"-{message.result}"))
    return heard[message.message_id]
