"""Open connections to the backends, with what to do when one does not answer."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import asyncpg
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.errors import CONNECTION_ERRORS
from activities.store.case_files import CaseFiles
from activities.store.payload_keys import known_keys, lacking
from activities.store.pool import Pool, open_pool
from starter.client.complaints import Complaints
from starter.client.endpoints import Whereabouts
from starter.client.errors import Unreachable, WrongUse
from starter.client.record import Files
from starter.client.temporal_calls import ASK_WITHIN
from workers.encryption.converter import data_converter
from workers.encryption.key_ring import KeyRingInvalid, read

_INNERMOST = re.compile(r'message: "([^"]+)"')
_MEND = "see `redress doctor`"


async def temporal(where: Whereabouts, *, lazily: bool = False) -> Client:
    """Connect to Temporal with the product's data converter; raises WrongUse for a broken key ring, and Unreachable.

    If `lazily`, the second is raised when the client is used.
    """
    settings = {"target_host": where.temporal} | where.connect
    try:
        converter = data_converter(where.key_ring)
    except KeyRingInvalid as wrong:
        raise WrongUse(str(wrong)) from None
    try:
        return await Client.connect(**settings, data_converter=converter, lazy=lazily)
    except (RuntimeError, RPCError, OSError) as wrong:
        raise Unreachable(f"Temporal at {where.temporal} does not answer ({first_line(wrong)}); {_MEND}") from None


async def identity(client: Client) -> dict[str, str]:
    """Return what tells this place for complaints from every other, wherever it is reached; raises Unreachable."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        found = await client.workflow_service.describe_namespace(request, timeout=ASK_WITHIN)
    except RPCError as wrong:
        raise Unreachable(f"Temporal does not answer ({first_line(wrong)}); {_MEND}") from None
    return {"namespace": client.namespace, "namespace_id": found.namespace_info.id}


@asynccontextmanager
async def files(where: Whereabouts) -> AsyncIterator[Files]:
    """Open the database for reading; raises Unreachable."""
    url = where.need_database()
    try:
        pool = await open_pool(url, most=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as wrong:
        place = without_password(url)
        raise Unreachable(f"the database at {place} does not answer ({first_line(wrong)}); {_MEND}") from None
    try:
        yield Files(CaseFiles(pool), pool)
    finally:
        await pool.close()


@asynccontextmanager
async def both(where: Whereabouts) -> AsyncIterator[tuple[Client, Files]]:
    """Open Temporal and the record, for what needs both; raises Unreachable, or WrongUse for a wrong key ring."""
    client = await temporal(where)
    async with files(where) as record:
        with suppress(*CONNECTION_ERRORS):  # whoever needs the record says what is wrong with it
            await require_keys(where, record.pool)
        yield client, record


@asynccontextmanager
async def complaints(where: Whereabouts) -> AsyncIterator[Complaints]:
    """Open the client of the complaints, with whichever of Temporal and the record can be reached.

    Raises Unreachable when neither can; what needs the missing one says so itself.
    """
    client, record, without = None, None, None
    async with AsyncExitStack() as opened:
        try:
            client = await temporal(where)
        except Unreachable as wrong:
            without = wrong
        try:
            record = await opened.enter_async_context(files(where))
        except Unreachable as wrong:
            if client is None:
                raise without or wrong from None
            without = wrong
        if record is not None:
            with suppress(*CONNECTION_ERRORS):
                await require_keys(where, record.pool)
        yield Complaints(client, record, without=without)


async def require_keys(where: Whereabouts, pool: Pool) -> None:
    """Raise WrongUse where workers cannot open what is sealed here: a filing they cannot read stays refused.

    Raises AWAY while the database does not answer: then nothing is known.
    """
    ring = read(where.key_ring) if where.key_ring else None
    async with pool.acquire() as opened:
        known = await known_keys(opened)
    wrong = lacking(known, ring.checks if ring else {}, ring.retired if ring else ())
    if not wrong and ring and known and ring.active not in known:
        wrong = f"no worker holds the key {ring.active} yet: restart them with this ring before anything is sent"
    if wrong:
        raise WrongUse(wrong)


def first_line(wrong: BaseException) -> str:
    """Return in few words what an error says, or its name."""
    text = str(wrong).strip().split("\n")[0]
    inner = _INNERMOST.findall(text)  # the Temporal client nests its reasons
    return (inner[-1] if inner else text[:200]) or type(wrong).__name__


def without_password(url: str) -> str:
    """Return the address of a database as host, port and name only."""
    return url.rpartition("@")[2].partition("?")[0] or "the configured address"
