"""The names of the keys that payloads are sealed with: every worker must hold all of them."""

from collections.abc import Collection, Mapping

from activities.store.named_queries import query
from activities.store.pool import Connection, connect

_TURN = "payload keys"
"""Two workers that start at once with rings that share nothing must not both be the first."""


class KeysMissing(Exception):  # noqa: N818 - named for what it says
    """A worker does not hold every key that payloads may be sealed with; the text says which and what to do."""


async def agree_on_keys(url: str, checks: Mapping[str, str], retired: Collection[str]) -> None:
    """Put the names of a worker's keys on record, with their check values; raises KeysMissing.

    Two workers with different rings would hear different messages, and one could not replay what the other did. So
    the first to know a key obliges all who start later; `retired` are those that are gone on purpose.
    """
    connection = await connect(url)
    try:
        async with connection.transaction():
            await connection.execute(query("lock"), _TURN)
            await connection.execute(query("keep_payload_keys"), list(checks), list(checks.values()))
            if wrong := lacking(await known_keys(connection), checks, retired):
                raise KeysMissing(wrong)
    finally:
        await connection.close(timeout=5)


async def known_keys(connection: Connection) -> dict[str, str]:
    """Return the check values of all keys on record by name."""
    rows = await connection.fetch(query("payload_keys"))
    return {row["name"]: row["check_value"] for row in rows}


def lacking(known: Mapping[str, str], checks: Mapping[str, str], retired: Collection[str]) -> str:
    """Say what is wrong with a ring of these keys and what to do; nothing where it holds every key on record."""
    if missing := sorted(known.keys() - checks.keys() - set(retired)):
        names = ", ".join(missing)
        return (
            f"payloads in Temporal are sealed with {names}, which is not in the key ring here: give REDRESS_KEY_RING "
            "the ring that has it, or name it in `retired` there once nothing sealed by it is left"
        )
    if other := sorted(name for name in checks if known.get(name, checks[name]) != checks[name]):
        names = ", ".join(other)
        return f"the key ring here has other keys under the names {names} than the workers had: restore the ring"
    return ""
