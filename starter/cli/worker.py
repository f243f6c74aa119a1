"""`redress worker`: a worker in the foreground, against the configured Temporal and database."""

# ruff: noqa: D417 - `common` is explained to people option by option

import asyncio
import os
from typing import Annotated

from cyclopts import Parameter

from activities.store.migrate import migrate as apply
from starter.client.endpoints import Whereabouts, find
from starter.terminal import PLAIN, Common, say
from workers.composition.worker import main


def worker(*, migrate: Annotated[bool, Parameter(negative=())] = False, common: Common = PLAIN) -> int:
    """Run a worker until SIGINT or SIGTERM; settings are REDRESS_* and TEMPORAL_*, else the running stack's.

    Parameters
    ----------
    migrate
        First bring the schema of the database up to date; safe at any time.

    """
    where = find()
    for name, value in _settings(where).items():
        os.environ.setdefault(name, value)
    if migrate:
        asyncio.run(apply(where.need_database()))
    if not common.json:
        say(f"working for Temporal {where.temporal}, namespace {where.namespace}; Ctrl-C stops")
    return main()


def _settings(where: Whereabouts) -> dict[str, str]:
    told = {
        "TEMPORAL_ADDRESS": where.connect.get("target_host"),
        "REDRESS_DATABASE_URL": where.database,
        "REDRESS_PARTNERS_URL": where.partners,
        "REDRESS_PAYMENT_SECRET": where.payment_secret,
        "REDRESS_KEY_RING": where.key_ring,
    }
    return {name: str(value) for name, value in told.items() if value}
