"""A debt that outlived its complaint, given up by the operations manager: the one message an ended complaint hears."""

from datetime import datetime

from activities.store.late_messages import keep_late_message
from activities.store.pool import Pool
from activities.store.write_off import write_off
from workers.config.settings import Settings
from workflows.answers import Answer, Code, NotHeard, Receipt, Refusal
from workflows.complaint.domain.advance import Debt
from workflows.complaint.domain.messages import DebtWrittenOff
from workflows.complaint.rules.advances.debts import against_writing_off
from workflows.policy.rulebook import Rulebook
from workflows.vocabulary import Phase, Purpose, Role

_LEAVES_A_DEBT = frozenset({Purpose.ADVANCE, Purpose.RECOVERY})


async def written_off(pool: Pool, complaint: str, message: DebtWrittenOff, at: datetime) -> Answer | None:
    """Write the debt of an ended complaint off (R9.5); None where it has none, so that the message is merely late.

    What is refused is kept as late, too. Raises NotClosed while the complaint is open on record.
    """
    rulebook = Settings().rulebook()
    came_of_it = await write_off(pool, complaint, message, at, lambda debt: _against(debt, message, rulebook, at))
    if came_of_it is None:
        return None
    if isinstance(came_of_it, NotHeard):
        await keep_late_message(pool, complaint, message, at)
        return Refusal(code=came_of_it.code, rule=came_of_it.rule, phase=Phase.CLOSED, text=came_of_it.text)
    return Receipt(message_id=message.message_id, phase=Phase.CLOSED, steps=came_of_it.number)


def _against(debt: Debt, message: DebtWrittenOff, rulebook: Rulebook, at: datetime) -> NotHeard | None:
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
