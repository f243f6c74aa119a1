"""Messages to complaints that have ended: kept as late, each with a step of its own, and answered so (R10.4)."""

from datetime import datetime

from activities.store.case_files import step_of
from activities.store.case_row import as_json
from activities.store.movements import hear_late
from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows.answers import Code
from workflows.complaint.domain.catalogue import Audience
from workflows.complaint.domain.events import LateMessage
from workflows.complaint.domain.messages import Message, PaymentReported
from workflows.complaint.domain.timeline import Step
from workflows.vocabulary import Phase

LATE_MESSAGE = "late_message"


class NotClosed(Exception):  # noqa: N818 - named for what it says
    """The complaint is not on record as ended, so a message to it is not late; the text says what to do."""

    def __init__(self, text: str, *, known: bool) -> None:
        super().__init__(text)
        self.known = known


async def keep_late_message(pool: Pool, complaint: str, message: Message, at: datetime) -> Step:
    """Keep a message that came after the end and return its step.

    A `message_id` that was heard before, in time or late, changes nothing and gives the step it had. Raises NotClosed
    while the record does not say that the complaint has ended.
    """
    async with pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
        # The row is locked first: two late messages at once take different numbers, a repeated one its own again.
        steps = await ended_at_step(connection, complaint)
        known = await connection.fetchrow(query("step_of_message"), complaint, message.message_id)
        if known is not None:
            return step_of(known)
        step = _late(message, steps + 1, at)
        await append_late(connection, complaint, message, step)
        if isinstance(message, PaymentReported):
            await hear_late(connection, complaint, message)
        return step


async def ended_at_step(connection: Connection, complaint: str) -> int:
    """Lock the row of a complaint that has ended and return its latest step; raises NotClosed."""
    row = await connection.fetchrow(query("end_of"), complaint)
    if row is None:
        raise NotClosed(f"there is no complaint {complaint} on record: check the number", known=False)
    if not row["closed"]:
        raise NotClosed(
            f"complaint {complaint} is open on record: send the message to it again in a moment", known=True
        )
    steps: int = row["steps"]
    return steps


async def append_late(connection: Connection, complaint: str, message: Message, step: Step) -> None:
    """Append the step that a message after the end takes, and keep the message."""
    await connection.execute(query("append_steps"), complaint, as_json([step]))
    await connection.execute(
        query("keep_late_message"), complaint, message.message_id, step.number, message.kind, message.sender.role,
        message.sender.id, message.model_dump_json(),
    )  # fmt: skip
    await connection.execute(query("lengthen"), complaint, step.number)


def _late(message: Message, number: int, at: datetime) -> Step:
    return Step(
        number=number,
        at=at,
        actor=message.sender.id,
        role=message.sender.role,
        event=LATE_MESSAGE,
        phase=Phase.CLOSED,
        rule="R10.4",
        message_id=message.message_id,
        audience=Audience.STAFF,
        said=message.but(received_at=None),
        facts=LateMessage(kind=message.kind, code=Code.CLOSED, text="it came after the end"),
    )
