"""Plays stories on a stack that runs: puts the order, files, tells, lets time pass, waits for what comes by itself.

playing = Playing(story, stage, run="1")
await playing.to_the_end()
assert await playing.faults() == ()
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starter.client.complaints import Complaints
from starter.client.fast_forward import FastForward
from starter.demo.stories import Pass, Reaches, Reports, Story, Tell, faults
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import SandboxOrder
from workflows.answers import Code, Refusal
from workflows.complaint.domain.view import View
from workflows.complaint.views.timeline import StepView
from workflows.time.wording import instant_in_words

_LOOK = 0.1
_HELD_BACK = 12
"""Tries of the provider to report by itself that are lost, so that the story reports when it says so."""


class Astray(Exception):  # noqa: N818 - named for what happened
    """An act came out otherwise than the story tells; the text says which act, and how it came out."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where stories are played: a stack with time skipping, and the clients one needs to use it."""

    complaints: Complaints
    sandbox: SandboxClient
    clock: FastForward
    patience: float = 60.0
    """Seconds of real time that any one act may take."""


class Playing:
    """One story on its way; `done` acts are behind it, `now` is the complaint's own time as far as it is known.

    Answers that the story's provider gives are ordered from the sandbox for this complaint alone.
    """

    def __init__(self, story: Story, stage: Stage, run: str = "1") -> None:
        self.story, self.run = story, run
        self.complaint = ""
        self.done = 0
        self.filed_at = self.now = datetime.now(UTC)
        self._stage = stage
        self._agent = "a-1"

    async def to_the_end(self) -> None:
        """File the complaint and play every act; raises Astray, or what the door raises."""
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
            raise Astray(f"the filing is not taken up: {opened.text or 'no worker has registered it in time'}")
        await self._order_answers()
        self._agent = (await self.view()).handler or self._agent

    async def act(self) -> None:
        """Play the next act; raises Astray where it comes out otherwise than told."""
        match self.story.acts[self.done]:
            case Tell(code=code):
                await self._tell(code)
            case Reports():
                await self._tell(None)
            case Pass(time=time):
                passed = await self._stage.clock.by(
                    self.complaint, time, within=self._stage.patience, tell=lambda _: None
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
        """Return every promise of the story that the complaint does not hold, in words."""
        return faults(self.story, await self.timeline(), await self.view())

    async def _tell(self, code: Code | None) -> None:
        message = self.story.message(self.done, self.complaint, agent=self._agent, now=self.now)
        answer = await self._stage.complaints.tell(self.complaint, message)
        refused = answer if isinstance(answer, Refusal) else None
        if refused is None and code is not None:
            raise Astray(f"{message.kind} was heard, but should be refused as {code}")
        if refused is not None and refused.code is not code:
            raise Astray(f"{message.kind} was refused as {refused.code}: {refused.text}")

    async def _reach(self, awaited: Reaches) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + self._stage.patience
        while not _is_there(view := await self.view(), awaited):
            if clock() > until:
                money = f" with money {awaited.money}" if awaited.money else ""
                last = (await self.timeline())[-1]
                since = f"since {last.event} at {instant_in_words(last.at)}"
                raise Astray(f"it does not come to {awaited.phase}{money} but stays in {view.phase} {since}")
            await asyncio.sleep(_LOOK)

    async def _order_answers(self) -> None:
        """Order from the sandbox what the provider will answer: nothing is paid before the first act."""
        odd: Sequence[str] = [answer for answer in self.story.provider if answer != "settled"]
        if tuple(odd) != self.story.provider[: len(odd)]:
            raise Astray("the sandbox cannot first settle and then answer otherwise")
        for answer in odd:
            await self._order("send", answer)
        reports = [act.result for act in self.story.acts if isinstance(act, Reports)]
        if reports and reports[-1] == "failed":  # what it says by itself, later than the story, is its last word again
            await self._order("callback", "declined")
        if "pending" in odd:
            await self._order("callback", "timeout_before", _HELD_BACK)

    async def _order(self, operation: str, mode: str, times: int = 1) -> None:
        await self._stage.sandbox.fault("payment", mode, times, operation, self.complaint)


def _is_there(view: View, awaited: Reaches) -> bool:
    money = awaited.money is None or (bool(view.money) and view.money[-1].state is awaited.money)
    return view.phase is awaited.phase and money
