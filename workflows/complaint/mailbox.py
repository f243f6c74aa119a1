"""How a complaint listens: what it hears at once, and what has to wait until the inbox was asked (R7.4)."""

import asyncio
from typing import NamedTuple

from temporalio import workflow

from workflows import ports
from workflows.answers import Answer
from workflows.complaint.decoding import Unreadable, read_held
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import Message
from workflows.complaint.rules.deadlines import Moment, next_moment, next_silence
from workflows.complaint.rules.dispatch import expire, hear, refuse_unread
from workflows.inbox import Drain
from workflows.time.limits import LATEST
from workflows.values import Instant


class HeldBack(NamedTuple):
    """A message that waits: for the registration, or for the inbox to be asked before silence is acted on."""

    heard: Message | Unreadable
    at: Instant
    answer: asyncio.Future[Answer]


class Mailbox:
    """The case, and the only ways in which messages and time change it."""

    def __init__(self) -> None:
        self._opened: Case | None = None
        self._held_back: list[HeldBack] = []
        self._asked_up_to: Instant | None = None
        self._looked_at: Case | None = None
        self._moment: Moment | None = None
        self._silence: Instant | None = None

    @property
    def opened(self) -> Case | None:
        """The case as it stands, for whoever shows it; None while it is being registered."""
        return self._opened

    @property
    def _case(self) -> Case:
        assert self._opened is not None, "the complaint is registered"  # noqa: S101
        return self._opened

    def _becomes(self, case: Case) -> None:
        """Replace the case, in one statement; what is shown of it follows."""
        self._opened = case

    def _next_moment(self) -> Moment | None:
        self._looks_ahead()
        return self._moment

    def _next_silence(self) -> Instant | None:
        self._looks_ahead()
        return self._silence

    def _next_due(self) -> Instant:
        moment = self._next_moment()
        return moment.at if moment else LATEST

    def _looks_ahead(self) -> None:
        # Once for each change of the case: as many as are held back ask for it again and again.
        if self._looked_at is not self._case:
            self._looked_at, self._moment, self._silence = self._case, next_moment(self._case), next_silence(self._case)

    # -- time -----------------------------------------------------------------------------------------------------

    async def _time_passes(self) -> None:
        """Let happen what is due, and hear then who had to wait for that."""
        now = workflow.now()
        await self._hears_the_inbox(now)
        self._becomes(expire(self._case, now))
        self._hears_who_waits()

    async def _hears_the_inbox(self, until: Instant, *, at_the_instant: bool = True) -> None:
        """Before silence is acted on, hear what the edge received by then and has not delivered.

        While the inbox cannot be asked nothing is decided over anybody's head; who is in time is heard meanwhile.
        """
        after = None
        while (silent := self._unasked_silence(until, at_the_instant=at_the_instant)) is not None:
            page = await ports.drain(Drain(complaint=self._case.complaint, until=until, after=after))
            for held in page.held:
                after = held.number
                heard = read_held(held.message)
                if not isinstance(heard, Unreadable):  # else it stays there for the release that took it in
                    self._hear(heard, held.received_at or silent)  # without a stamp it was there at the silence
            if not page.more:
                self._asked_up_to = max(until, self._asked_up_to or until)

    def _unasked_silence(self, until: Instant, *, at_the_instant: bool) -> Instant | None:
        """Return the instant by then at which silence is to be acted on, and was not asked about whether it is one."""
        moment = self._next_moment()
        if moment is None or moment.at > until or (self._asked_up_to and until <= self._asked_up_to):
            return None
        silent = self._next_silence()
        if silent is None or (silent > until if at_the_instant else silent >= until):
            return None
        return silent

    # -- messages -------------------------------------------------------------------------------------------------

    def _take_in(self, heard: Message | Unreadable, at: Instant) -> asyncio.Future[Answer]:
        """Hear a message, or hold it back while to hear it would be to act on a silence that may be none."""
        taken = HeldBack(heard, at, asyncio.get_running_loop().create_future())
        if self._opened is None or self._has_to_wait(taken):
            self._held_back.append(taken)
        else:
            taken.answer.set_result(self._hear(heard, at))
            self._hears_who_waits()  # who was silent has spoken in time: nobody waits for that silence any more
        return taken.answer

    def _has_to_wait(self, taken: HeldBack) -> bool:
        stamped = None if isinstance(taken.heard, Unreadable) else taken.heard.received_at
        return self._unasked_silence(min(stamped or taken.at, taken.at), at_the_instant=False) is not None

    def _hears_who_waits(self) -> None:
        """Hear whom nothing holds back any more; what they say may be what others waited for."""
        while waiting := self._held_back:
            self._held_back = [one for one in waiting if not self._answered(one)]
            if len(self._held_back) == len(waiting):
                return

    def _answered(self, one: HeldBack) -> bool:
        if self._has_to_wait(one):
            return False
        one.answer.set_result(self._hear(one.heard, one.at))
        return True

    async def _until_nobody_waits(self) -> None:
        """Answer everybody before a run ends; who came in meanwhile, too."""
        while True:
            await workflow.wait_condition(lambda: bool(self._held_back) or workflow.all_handlers_finished())
            if not self._held_back:
                return
            await self._time_passes()

    def _hear(self, heard: Message | Unreadable, at: Instant) -> Answer:
        answer: Answer
        if isinstance(heard, Unreadable):
            case, answer = refuse_unread(self._case, at, *heard, nothing_before=self._next_due())
        else:
            case, answer = hear(self._case, heard, at, nothing_before=self._next_due())
        self._becomes(case)
        return answer
