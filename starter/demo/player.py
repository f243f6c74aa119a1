"""Plays a story on a running stack: puts the order, files, sends messages, fast-forwards, waits for conditions.

playing = StoryRun(story, stage, run="1")
await playing.to_the_end()
assert await playing.faults() == ()
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starter.client.complaints import Complaints
from starter.client.errors import ClientError
from starter.client.fast_forward import FastForward
from starter.demo.stories import Pass, Reaches, Reports, Story, Tell, faults
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import SandboxOrder
from workflows.answers import Code, Refusal
from workflows.complaint.domain.view import View
from workflows.complaint.views.timeline import StepView
from workflows.time.wording import instant_in_words

_POLL_SECONDS = 0.1
_LOST_CALLBACKS = 12
"""Callbacks of the provider that the sandbox drops, so that the story reports at its own time."""


class StoryFailed(ClientError):  # noqa: N818 - an outcome
    """An act had another outcome than the story says."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Clients of the time-skipping stack on which stories are played."""

    complaints: Complaints
    sandbox: SandboxClient
    clock: FastForward
    timeout_seconds: float = 60.0
    """Timeout of an act, in real time."""


class StoryRun:
    """One run of a story; `done` counts completed acts, `now` is the complaint's own time as last known.

    The provider's answers are configured in the sandbox for this complaint alone.
    """

    def __init__(self, story: Story, stage: Stage, run: str = "1") -> None:
        self.story, self.run = story, run
        self.complaint = ""
        self.done = 0
        self.filed_at = self.now = datetime.now(UTC)
        self._stage = stage
        self._agent = "a-1"

    async def to_the_end(self) -> None:
        """File the complaint and play every act; raises StoryFailed or a ClientError."""
        await self.open()
        while self.done < len(self.story.acts):
            await self.act()

    async def open(self) -> None:
        """Put the order into the order system and file the complaint."""
        self.filed_at = self.now = datetime.now(UTC)
        order = self.story.order(self.filed_at, self.run)
        if order is not None:
            await self._stage.sandbox.put_orders([SandboxOrder.model_validate(order.model_dump())])
        filing = self.story.filing(self.run)
        if self.story.another_is_open:
            await self._stage.complaints.open(filing.but(request_id=f"{filing.request_id}-before"))
        opened = await self._stage.complaints.open(filing)
        self.complaint = opened.complaint
        if opened.state == "accepted":
            raise StoryFailed(f"the filing is not taken up: {opened.text or 'no worker has registered it in time'}")
        await self._order_answers()
        self._agent = (await self.view()).handler or self._agent

    async def act(self) -> None:
        """Play the next act; raises StoryFailed if its outcome differs."""
        match self.story.acts[self.done]:
            case Tell(code=code):
                await self._tell(code)
            case Reports():
                await self._tell(None)
            case Pass(time=time):
                passed = await self._stage.clock.by(
                    self.complaint, time, within=self._stage.timeout_seconds, report=lambda _: None
                )
                self.now = passed.now
            case Reaches() as awaited:
                await self._reach(awaited)
        self.done += 1

    async def view(self) -> View:
        """Return the case as it reads now."""
        return (await self._stage.complaints.view(self.complaint)).view

    async def timeline(self) -> tuple[StepView, ...]:
        """Return every step so far."""
        return await self._stage.complaints.timeline(self.complaint)

    async def faults(self) -> tuple[str, ...]:
        """Return every expectation of the story that the complaint does not meet."""
        return faults(self.story, await self.timeline(), await self.view())

    async def _tell(self, code: Code | None) -> None:
        message = self.story.message(self.done, self.complaint, agent=self._agent, now=self.now)
        answer = await self._stage.complaints.tell(self.complaint, message)
        refused = answer if isinstance(answer, Refusal) else None
        if refused is None and code is not None:
            raise StoryFailed(f"{message.kind} was heard, but should be refused as {code}")
        if refused is not None and refused.code is not code:
            raise StoryFailed(f"{message.kind} was refused as {refused.code}: {refused.text}")

    async def _reach(self, awaited: Reaches) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + self._stage.timeout_seconds
        while not _has_reached(view := await self.view(), awaited):
            if clock() > until:
                money = f" with money {awaited.money}" if awaited.money else ""
                last = (await self.timeline())[-1]
                since = f"since {last.event} at {instant_in_words(last.at)}"
                raise StoryFailed(f"it does not come to {awaited.phase}{money} but stays in {view.phase} {since}")
            await asyncio.sleep(_POLL_SECONDS)

    async def _order_answers(self) -> None:
        """Configure the provider's answers in the sandbox, before the first act."""
        odd: Sequence[str] = [answer for answer in self.story.provider if answer != "settled"]
        if tuple(odd) != self.story.provider[: len(odd)]:
            raise StoryFailed("the sandbox cannot first settle and then answer otherwise")
        for answer in odd:
            await self._order("send", answer)
        reports = [act.result for act in self.story.acts if isinstance(act, Reports)]
        if reports and reports[-1] == "failed":  # what it says by itself, later than the story, is its last word again
            await self._order("callback", "declined")
        if "pending" in odd:
            await self._order("callback", "timeout_before", _LOST_CALLBACKS)

    async def _order(self, operation: str, mode: str, times: int = 1) -> None:
        await self._stage.sandbox.fault("payment", mode, times, operation, self.complaint)


def _has_reached(view: View, awaited: Reaches) -> bool:
    money = awaited.money is None or (bool(view.money) and view.money[-1].state is awaited.money)
    return view.phase is awaited.phase and money
