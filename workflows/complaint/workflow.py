"""A complaint as a durable workflow: the shell that waits and calls, and leaves every decision to the rules."""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from workflows import ports, wire
from workflows.answers import Receipt, Refusal
from workflows.complaint.decoding import (
    Unreadable,
    read_filing,
    read_message,
    read_number,
    read_received_at,
    read_update,
)
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.records import CalendarWanted, Payment, Record, Registration
from workflows.complaint.domain.view import View
from workflows.complaint.domain.why_due import WhyDue
from workflows.complaint.mailbox import Mailbox
from workflows.complaint.rules.deadlines import Moment, summary
from workflows.complaint.rules.dispatch import UNREAD, expire, paid, refuse_unread, reprojected
from workflows.complaint.rules.money.settlement import ceiling, owed, requested
from workflows.complaint.snapshot import STEPS_KEPT, restored, snapshot
from workflows.complaint.views.details import current_details
from workflows.complaint.views.record import left_to_the_next_run, unwritten
from workflows.complaint.views.search_attributes import Attribute, attributes
from workflows.complaint.views.timeline import StepView, latest
from workflows.complaint.views.view import registering, view_of
from workflows.complaint.views.why_due import explained
from workflows.vocabulary import Phase


def _fired(timer: asyncio.Task[None] | None) -> bool:
    return timer is not None and timer.done()


def _refused(refusal: Refusal) -> ApplicationError:
    return ApplicationError(refusal.text, refusal.model_dump(mode="json"), type=wire.REFUSED, non_retryable=True)


def _too_early(read: Unreadable) -> Refusal:
    return Refusal(code=read.code, rule=UNREAD, phase=Phase.REGISTRATION, text=read.text)


@workflow.defn(dynamic=True)  # a named one is blocked for ever by a start without its argument, or with two
class Complaint(Mailbox):
    """One buyer's complaint, from filing to closing."""

    @workflow.init
    def __init__(self, start: Sequence[RawValue]) -> None:
        if workflow.info().workflow_type != wire.COMPLAINT:
            raise NotImplementedError(f"no worker here knows the workflow type {workflow.info().workflow_type}")
        super().__init__()
        self._start = start
        self._recorded = self._ended_recorded = 0
        self._paying = False
        self._attributes: dict[str, Attribute] = {}
        self._shown: Case | None = None
        self._timer: tuple[Moment, asyncio.Task[None]] | None = None
        if workflow.info().continued_run_id:
            self._take_over(start[0])

    @workflow.run
    async def run(self, start: Sequence[RawValue]) -> dict[str, str]:
        """Live through the complaint; returns its number and how it ended."""
        del start
        await self._registered()  # the order is matched, a handler assigned; or it is refused (R1)
        strands = (self._the_dispute(), self._the_money(), self._the_record(), self._the_calendar(), self._the_looks())
        await asyncio.gather(*strands)
        return await self._closed_or_handed_over()

    async def _the_dispute(self) -> None:
        while not self._over():  # sent back on appeal, or a second cycle, a complaint comes by again
            await self._leaves(Phase.REVIEW)  # an agent reviews within 1 working day (R2)
            await self._leaves(Phase.NEGOTIATION)  # buyer and seller settle, or the platform is asked (R3)
            await self._leaves(Phase.INTERVENTION)  # the platform steps in within 2, resolves within 7 (R4)
            await self._leaves(Phase.CONFIRMATION)  # each party confirms, or its silence is consent (R5.1-R5.3)
            await self._leaves(Phase.APPEAL)  # a supervisor who took no part decides (R5.4)
            await self._leaves(Phase.FULFILMENT)  # what was agreed or ruled is done (R6)
            await self._leaves(Phase.FOLLOW_UP)  # the buyer is called back within 5 working days (R10)

    async def _the_money(self) -> None:
        while await self._money_is_owed():  # each movement is asked for once, under its own key (R6.10)
            movement = owed(self._case)
            assert movement is not None, "owed, as just waited for"  # noqa: S101
            self._becomes(requested(self._case, movement.key, workflow.now()))
            self._paying = True
            most = ceiling(self._case, movement)
            answer = await ports.pay(Payment(movement=movement, ceiling=most, burst=self._unwritten()))
            now = workflow.now()
            await self._hears_the_inbox(now, at_the_instant=False)
            self._paying = False
            self._becomes(paid(expire(self._case, now, at_the_instant=False), movement.key, answer, now))
            self._hears_who_waits()

    async def _the_record(self) -> None:
        while await self._something_is_unwritten():  # one strand writes, so the timeline has no gap (R11.1)
            await self._write()

    async def _the_calendar(self) -> None:
        while await self._a_calendar_is_wanted():  # only on purpose, and on record (R7.6)
            wanted = CalendarWanted(complaint=self._case.complaint, version=self._case.calendar_wanted or "")
            calendar, now = await ports.calendar(wanted), workflow.now()
            await self._hears_the_inbox(now, at_the_instant=False)
            self._becomes(reprojected(self._case, calendar, now))
            self._hears_who_waits()

    async def _the_looks(self) -> None:
        while not self._over():  # once for a burst of changes: a flood must not cost a task its two seconds
            self._show()
            await workflow.wait_condition(lambda: self._shown is not self._case or self._over())

    async def _leaves(self, phase: Phase) -> None:
        while self._case.phase is phase and not self._over():
            if await self._time_is_up():
                await self._time_passes()

    async def _time_is_up(self) -> bool:
        """Wait for the next deadline, or for the case to change it; the only timer of the complaint."""
        moment = self._next_moment()
        if moment is not None and moment.at <= workflow.now():
            return True
        timer = self._timer_for(moment)
        await workflow.wait_condition(lambda: _fired(timer) or self._next_moment() != moment or self._over())
        return _fired(timer)

    async def _money_is_owed(self) -> bool:
        await workflow.wait_condition(lambda: owed(self._case) is not None or self._over())
        return not self._over()

    async def _a_calendar_is_wanted(self) -> bool:
        await workflow.wait_condition(lambda: self._case.calendar_wanted is not None or self._over())
        return not self._over()

    async def _something_is_unwritten(self) -> bool:
        await workflow.wait_condition(lambda: self._to_be_written() or self._over())
        return self._to_be_written() and not self._gives_way()

    def _to_be_written(self) -> bool:
        # The steps that decide a payment are written by the activity that asks for it, in one transaction.
        asked_for_next = owed(self._case) is not None and not self._paying
        return self._recorded < self._case.steps and not asked_for_next

    def _over(self) -> bool:
        return self._case.closed or self._gives_way()

    def _gives_way(self) -> bool:
        """Say whether the next run takes over; the provider may take days to answer, and till then life goes on."""
        return workflow.info().is_continue_as_new_suggested() and not self._paying

    def _timer_for(self, moment: Moment | None) -> asyncio.Task[None] | None:
        # A message that moves no deadline touches no timer: a re-armed timer is cost and noise.
        if self._timer and (self._timer[0] != moment or self._timer[1].done()):
            self._timer[1].cancel()
            self._timer = None
        if moment and not self._timer:
            sleep = workflow.sleep(moment.at - workflow.now(), summary=summary(self._case, moment))
            self._timer = (moment, asyncio.create_task(sleep))
        return self._timer[1] if self._timer else None

    async def _registered(self) -> None:
        if self._opened:
            return
        filing, number = read_filing(self._start), read_number(workflow.info().workflow_id)
        for read in (filing, number):
            if isinstance(read, Unreadable):
                refusal = Refusal(code=read.code, rule="R1.2", phase=Phase.REGISTRATION, text=read.text)
                raise _refused(refusal)
        assert not isinstance(filing, Unreadable), "refused above"  # noqa: S101
        noted = workflow.memo_value(wire.RECEIVED_AT, None, type_hint=RawValue)
        received = read_received_at(noted, workflow.info().start_time)  # outages cost the buyer no time (R7.4)
        opened = await ports.register(Registration(complaint=workflow.info().workflow_id, filing=filing, at=received))
        self._recorded, self._ended_recorded = opened.steps, len(opened.ended)
        self._becomes(opened)
        self._hears_who_waits()

    def _show(self) -> None:
        case = self._shown = self._case
        shown = attributes(case)
        if updates := wire.search_attribute_updates(self._attributes, shown):
            workflow.upsert_search_attributes(updates)
        self._attributes = shown
        workflow.set_current_details(current_details(case))

    async def _write(self) -> None:
        await ports.record(self._unwritten())

    def _unwritten(self) -> Record:
        """Take what is not on record yet; the activity it goes into is tried until it is."""
        burst = unwritten(self._case, self._recorded, self._ended_recorded)
        self._recorded, self._ended_recorded = burst.steps[-1].number, len(self._case.ended)
        return burst

    async def _closed_or_handed_over(self) -> dict[str, str]:
        await self._until_nobody_waits()
        while self._recorded < self._case.steps - self._may_be_handed_over():
            await self._write()
            await self._until_nobody_waits()
        self._show()
        if not self._case.closed:
            workflow.continue_as_new(snapshot(self._case, self._recorded, self._ended_recorded))
        return {"complaint": self._case.complaint, "outcome": str(self._case.outcome)}

    def _may_be_handed_over(self) -> int:
        """Return how many steps the next run may write down: a flood is not left to it, a trickle holds up nothing."""
        return (
            0 if self._case.closed else left_to_the_next_run(self._case, STEPS_KEPT)
        )  # and what comes in late, at the end, is kept

    @workflow.signal(dynamic=True, description="Any message of the contract; the name is its kind.")
    def hears(self, name: str, arguments: Sequence[RawValue]) -> None:
        """Take in any name and any payload; what does not apply is kept as refused, with the reason."""
        self._take_in(read_message(name, arguments), workflow.now())

    @workflow.update(dynamic=True, description="Any message of the contract; `kind` says which.")
    async def submit(self, name: str, arguments: Sequence[RawValue]) -> Receipt:
        """Hear one message; returns a receipt or fails as `Refused`, with what is allowed now."""
        await workflow.wait_condition(lambda: self._opened is not None)
        answer = await self._take_in(read_update(name, arguments), workflow.now())
        if isinstance(answer, Refusal):
            raise _refused(answer)
        return answer

    @submit.validator
    def _readable(self, name: str, arguments: Sequence[RawValue]) -> None:
        read = read_update(name, arguments)
        if isinstance(read, Unreadable):
            case = self._opened
            raise _refused(refuse_unread(case, case.now, *read)[1] if case else _too_early(read))

    @workflow.query(name=wire.VIEW, description="The case as it reads now.")
    def view(self) -> View:
        """Return the case as everybody reads it."""
        return view_of(self._opened) if self._opened else registering(workflow.info().workflow_id)

    @workflow.query(name=wire.TIMELINE, description="What happened, by whom and by which rule.")
    def timeline(self) -> Sequence[StepView]:
        """Return the steps; after very many of them, or much that was said, the latest: the others are on record."""
        return latest(self._opened.timeline) if self._opened else ()

    @workflow.query(name=wire.WHY_DUE, description="Every deadline explained.")
    def why_due(self) -> Sequence[WhyDue]:
        """Return each running and each ended deadline with its start, days counted, days skipped and result."""
        return explained(self._opened) if self._opened else ()

    def _take_over(self, start: RawValue) -> None:
        before = restored(start)
        self._recorded, self._ended_recorded = before.recorded, before.ended_recorded
        self._attributes = attributes(before.case)
        self._becomes(before.case)
