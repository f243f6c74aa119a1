"""Debts to the fund: tried again in time, written off by the operations manager once it is old enough (R9.5).

While a complaint is open its own rules see to its debts. Afterwards whoever reconciles does, by the functions here that
take a debt and no case.
"""

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.advance import Debt
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import DebtWrittenOff
from workflows.complaint.domain.parts import FUND, PLATFORM, SYSTEM
from workflows.complaint.rules.advances.balance import course, debt_of
from workflows.complaint.rules.money.movements import write_down
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import Rules
from workflows.money.movement import Movement
from workflows.policy.model import Policy
from workflows.time.wording import instant_in_words
from workflows.values import Instant
from workflows.vocabulary import MoneyState, Purpose, Role

rules = Rules()


def next_try(debt: Debt, policy: Policy) -> Instant:
    """Return when a recovery is due again: a while after the last one failed, sooner when money comes (R9.5)."""
    return debt.tried_at + policy.debt_tried_every.elapsed


def next_recovery(debt: Debt) -> Movement:
    """Return the movement that recovers the whole debt; its number is the next of the complaint (R6.10)."""
    return Movement(
        key=f"{debt.complaint}:{Purpose.RECOVERY}:{debt.tries + 1}",
        purpose=Purpose.RECOVERY,
        payer=debt.seller,
        payee=FUND,
        amount=debt.amount,
        state=MoneyState.DECIDED,
        rule="R9.5",
        ordered_by=SYSTEM,
        line=debt.line,
    )


def may_be_written_off_from(debt: Debt, policy: Policy) -> Instant:
    """Return from when on the operations manager may give the debt up (R9.5)."""
    return debt.since + policy.debt_written_off_after.elapsed


def against_writing_off(debt: Debt, policy: Policy, at: Instant) -> NotHeard | None:
    """Return what stands against writing it off at that instant; None where it is old enough (R9.5)."""
    earliest = may_be_written_off_from(debt, policy)
    if earliest <= at:
        return None
    days, since = policy.debt_written_off_after.elapsed.days, instant_in_words(earliest)
    text = f"a debt is tried for {days} days before it is written off: this one from {since} (Beijing time)"
    return NotHeard(Code.NOT_NOW, "R9.5", text)


def _something_is_owed(case: Case) -> bool:
    return debt_of(case) is not None


@rules.hears(DebtWrittenOff, "R9.5", by=(Role.OPERATIONS_MANAGER,), during=RUNNING, when=_something_is_owed)
def the_debt_is_written_off(case: Case, message: DebtWrittenOff, at: Instant) -> Case:
    """Give up what the seller owes for an advance, named by its recovery or by itself, once it is old enough (R9.5)."""
    debt = debt_of(case)
    assert debt is not None, "something is owed"  # noqa: S101 - law of `_something_is_owed`
    entries = course(case.money, debt.advance)
    of_it = [one.movement.key for one in entries if one.movement.purpose in {Purpose.ADVANCE, Purpose.RECOVERY}]
    if message.movement not in of_it:
        text = f"{message.movement} leaves no debt; {debt.amount} yuan are owed for {debt.advance}"
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R9.5", text)
    if refused := against_writing_off(debt, case.policy, at):
        raise refused
    return write_down(
        case,
        Purpose.WRITE_OFF,
        debt.amount,
        at,
        payer=PLATFORM,
        payee=FUND,
        rule="R9.5",
        ordered_by=message.sender,
        remark=message.reason[:200],
    )
