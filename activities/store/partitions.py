"""Partitions of the tables that grow with every complaint, one for each month, made before anybody files in it."""

from datetime import datetime

import asyncpg
import structlog

from activities.store.named_queries import query
from activities.store.pool import Connection, Pool
from workflows.values import BEIJING

AHEAD = 3
"""The present month and the next two: the upkeep has weeks to make one, whatever is in its way."""

_log = structlog.stdlib.get_logger("redress.partitions")


async def make_ahead(on: Connection | Pool, now: datetime) -> None:
    """Make the partitions of this month and the next two; safe to call at any time, by many at once.

    Nobody is kept waiting for long: where others hold the tables it gives up, and leaves it to the next call. A month
    that has no partition is filed in all the same, and stays where it was filed.
    """
    try:
        rows = await on.fetch(query("make_partitions"), now.astimezone(BEIJING).date(), AHEAD)
    except asyncpg.LockNotAvailableError:
        _log.warning("partitions_wait")
        return
    for row in rows:
        if row["made"]:
            _log.info("partition_made", partition=row["partition"])
        else:
            _log.warning("month_without_partition", partition=row["partition"])
