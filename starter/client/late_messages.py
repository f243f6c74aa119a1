"""Messages to a closed complaint: recorded as late and refused (R10.4), except the write-off of a debt (R9.5)."""

from datetime import datetime

from activities.store.late_messages import keep_late_message
from activities.store.pool import Pool
from activities.store.write_off import write_off
from workers.config.settings import Settings
from workflows.answers import Answer, Code, NotHeard, Receipt, Refusal
from workflows.complaint.domain.advance import Debt
from workflows.complaint.domain.messages import DebtWrittenOff, Message
from workflows.complaint.rules.advances.debts import against_writing_off
from workflows.policy.rulebook import Rulebook
from workflows.vocabulary import Phase, Purpose, Role

_LEAVES_A_DEBT = frozenset({Purpose.ADVANCE, Purpose.RECOVERY})


async def answer_late(pool: Pool, complaint: str, message: Message, at: datetime) -> Answer:
    """Answer a message to a complaint that is closed on record; raises NotClosed if it is not."""
    if isinstance(message, DebtWrittenOff):
        # A debt outlives its complaint: its write-off is the one message that a closed complaint accepts (R9.5).
        answer = await write_off_debt(pool, complaint, message, at)
        if answer is not None:
            return answer
    await keep_late_message(pool, complaint, message, at)
    return closed(f"complaint {complaint} has ended; the message is kept as late")


def closed(text: str) -> Refusal:
    """Return the refusal of every other message to a closed complaint."""
    return Refusal(code=Code.CLOSED, rule="R10.4", phase=Phase.CLOSED, text=text)


async def write_off_debt(pool: Pool, complaint: str, message: DebtWrittenOff, at: datetime) -> Answer | None:
    """Write off the debt of a closed complaint; None if it has none. A refused message is recorded as late.

    Raises NotClosed while the complaint is open on record.
    """
    rulebook = Settings().rulebook()
    outcome = await write_off(pool, complaint, message, at, lambda debt: _refusal(debt, message, rulebook, at))
    if outcome is None:
        return None
    if isinstance(outcome, NotHeard):
        await keep_late_message(pool, complaint, message, at)
        return Refusal(code=outcome.code, rule=outcome.rule, phase=Phase.CLOSED, text=outcome.text)
    return Receipt(message_id=message.message_id, phase=Phase.CLOSED, steps=outcome.number)


def _refusal(debt: Debt, message: DebtWrittenOff, rulebook: Rulebook, at: datetime) -> NotHeard | None:
    who = message.sender
    if who.role is not Role.OPERATIONS_MANAGER:
        return NotHeard(Code.WRONG_ROLE, "R9.5", f"debt_written_off comes from operations_manager, not {who.role}")
    if not rulebook.staff.knows(who.role, who.id):
        return NotHeard(Code.WRONG_SENDER, "R9.5", f"{who} is no operations manager of the platform")
    complaint, _, rest = message.movement.partition(":")
    if complaint != debt.complaint or rest.partition(":")[0] not in _LEAVES_A_DEBT:
        text = f"{message.movement} leaves no debt; {debt.amount} yuan are owed for {debt.advance}"
        return NotHeard(Code.UNKNOWN_REFERENCE, "R9.5", text)
    return against_writing_off(debt, rulebook.policy, at)
