"""What a worker does before it takes work: the schema is brought up to date, the rulebook put on record."""

from activities.store.migrate import migrate
from activities.store.pool import connect
from activities.store.rulebooks import documents, keep
from workflows.policy.rulebook import Rulebook


async def prepare(url: str, rulebook: Rulebook) -> None:
    """Make the system of record fit for this release and this rulebook; safe to call at any time, by many at once.

    Raises MigrationRefused or RulebookChanged, whose texts say what to do: better at the start of one worker than in
    every complaint.
    """
    await migrate(url)
    connection = await connect(url)
    try:
        async with connection.transaction():
            await keep(connection, documents(rulebook))
    finally:
        await connection.close(timeout=5)
