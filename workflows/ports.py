"""What the process asks of the world: one typed stub per activity, its settings in one place."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio import workflow
from temporalio.common import RetryPolicy

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parcels import ParcelLook, ParcelsLooked
from workflows.complaint.domain.parts import called
from workflows.complaint.domain.records import CalendarFound, CalendarWanted, Payment, Record, Registration
from workflows.inbox import Drain, Drained
from workflows.money.movement import PaymentAnswer
from workflows.time.calendar import Calendar
from workflows.upkeep.tasks import Look, Looked
from workflows.values import Value

_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)
"""Everything but a proven refusal is retried for ever: what was accepted is never given up."""

SHORT = workflow.ActivityConfig(start_to_close_timeout=timedelta(seconds=10), retry_policy=_RETRY)
"""A transaction or a call to a partner: a dead worker is noticed after ten seconds."""

PAGE = workflow.ActivityConfig(start_to_close_timeout=timedelta(minutes=2), retry_policy=_RETRY)
"""A page of a sweep: some hundred questions to Temporal or to the provider, all of them harmless to ask again."""


class Port(NamedTuple):
    """The promise of one activity: its name, what goes in, what comes back."""

    name: str
    argument: type
    result: type


REGISTER = Port("register", Registration, Case)
RECORD = Port("record", Record, type(None))
PAY = Port("pay", Payment, PaymentAnswer)
CALENDAR = Port("calendar", CalendarWanted, CalendarFound)
DRAIN = Port("drain", Drain, Drained)
FIND_OWNERLESS = Port("find_ownerless", Look, Looked)
COMPARE_WITH_PROVIDER = Port("compare_with_provider", Look, Looked)
SEE_TO_DEBTS = Port("see_to_debts", Look, Looked)
END_SWEEP = Port("end_sweep", Look, Looked)
LOOK_AT_PARCELS = Port("look_at_parcels", ParcelLook, ParcelsLooked)

PORTS: Mapping[str, Port] = {
    port.name: port
    for port in (
        *(REGISTER, RECORD, PAY, CALENDAR, DRAIN),
        *(FIND_OWNERLESS, COMPARE_WITH_PROVIDER, SEE_TO_DEBTS, END_SWEEP),
        LOOK_AT_PARCELS,
    )
}


async def register(registration: Registration) -> Case:
    """Match the order, assign the handler, open the case; its first steps are on record then (R1.2, R2.5)."""
    case: Case = await _ask(REGISTER, registration, "registers the complaint (R1.2)")
    return case


async def record(burst: Record) -> None:
    """Write new steps, the case as it now reads, and what is to be told to whom, in one transaction (R11.1)."""
    first, last = burst.steps[0], burst.steps[-1]
    which = f"step {last.number}," if first is last else f"steps {first.number} to {last.number}, last"
    await _ask(RECORD, burst, f"records {which} {last.event} ({last.rule})")


async def pay(payment: Payment) -> PaymentAnswer:
    """Ask the payment provider for one movement, once, whatever fails on the way (R6.10)."""
    movement = payment.movement
    rest = f", {movement.rest} back to the fund" if movement.rest else ""
    summary = f"{movement.purpose} {movement.amount} to {called(movement.payee)}{rest} ({movement.rule})"
    answer: PaymentAnswer = await _ask(PAY, payment, summary)
    return answer


async def calendar(wanted: CalendarWanted) -> Calendar | None:
    """Fetch a calendar by its version; None where no such version is on record (R7.6)."""
    found: CalendarFound = await _ask(CALENDAR, wanted, f"fetches calendar {wanted.version} (R7.6)")
    return found.calendar


async def drain(wanted: Drain) -> Drained:
    """Fetch what the edge received by then and has not delivered: it is heard before silence is acted on (R7.4)."""
    drained: Drained = await _ask(DRAIN, wanted, "asks the inbox before silence is acted on (R7.4)")
    return drained


async def find_ownerless(look: Look) -> Looked:
    """Look for complaints that are open on record and no longer run, and for movements their complaint forgot."""
    looked: Looked = await _ask(FIND_OWNERLESS, look, "looks for money without an owner (R6.10)", PAGE)
    return looked


async def compare_with_provider(look: Look) -> Looked:
    """Compare the provider's book with ours, entry by entry, both ways."""
    looked: Looked = await _ask(COMPARE_WITH_PROVIDER, look, "compares the provider's book with ours (R6.10)", PAGE)
    return looked


async def see_to_debts(look: Look) -> Looked:
    """Try again to recover the debts that are due for it, and name those that may be written off (R9.5)."""
    looked: Looked = await _ask(SEE_TO_DEBTS, look, "tries debts again (R9.5)", PAGE)
    return looked


async def end_sweep(look: Look) -> Looked:
    """Close the tasks that this sweep no longer found; returns how many."""
    looked: Looked = await _ask(END_SWEEP, look, "closes tasks that are done with (R6.10)", SHORT)
    return looked


async def look_at_parcels(look: ParcelLook) -> ParcelsLooked:
    """Ask the carriers about a page of the parcels they are silent about."""
    looked: ParcelsLooked = await _ask(LOOK_AT_PARCELS, look, "asks silent carriers (R6.4)", PAGE)
    return looked


async def _ask(port: Port, argument: Value, summary: str, settings: workflow.ActivityConfig = SHORT) -> Any:
    config = workflow.ActivityConfig(**settings)
    config["summary"] = summary
    return await workflow.execute_activity(port.name, argument, result_type=port.result, **config)
