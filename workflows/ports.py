"""What the process asks of the world: one typed stub per activity, its settings in one place."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio import workflow
from temporalio.common import RetryPolicy

from workflows.domain.base import Value
from workflows.domain.calendar import Calendar
from workflows.domain.case import Case
from workflows.domain.parts import called
from workflows.domain.payment import PaymentAnswer
from workflows.domain.records import CalendarFound, CalendarWanted, Payment, Record, Registration

_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)
"""Everything but a proven refusal is retried for ever: what was accepted is never given up."""

SHORT = workflow.ActivityConfig(start_to_close_timeout=timedelta(seconds=10), retry_policy=_RETRY)
"""A transaction or a call to a partner: a dead worker is noticed after ten seconds."""


class Port(NamedTuple):
    """The promise of one activity: its name, what goes in, what comes back."""

    name: str
    argument: type
    result: type


REGISTER = Port("register", Registration, Case)
RECORD = Port("record", Record, type(None))
PAY = Port("pay", Payment, PaymentAnswer)
CALENDAR = Port("calendar", CalendarWanted, CalendarFound)

PORTS: Mapping[str, Port] = {port.name: port for port in (REGISTER, RECORD, PAY, CALENDAR)}


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


async def _ask(port: Port, argument: Value, summary: str) -> Any:
    config = workflow.ActivityConfig(**SHORT)
    config["summary"] = summary
    return await workflow.execute_activity(port.name, argument, result_type=port.result, **config)
