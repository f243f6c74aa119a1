"""Open connections to Temporal and PostgreSQL; failures are raised with what to do."""

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
from starter.client.endpoints import Endpoints
from starter.client.errors import Unreachable, WrongUse
from starter.client.record import Record
from starter.client.temporal_calls import QUERY_TIMEOUT
from workers.encryption.converter import data_converter
from workers.encryption.key_ring import KeyRingInvalid, read

_INNERMOST = re.compile(r'message: "([^"]+)"')
_MEND = "see `redress doctor`"


async def temporal(endpoints: Endpoints, *, lazily: bool = False) -> Client:
    """Connect to Temporal with our data converter; raises WrongUse for an invalid key ring, Unreachable otherwise.

    With `lazily` the connection is made, and Unreachable raised, on first use.
    """
    settings = {"target_host": endpoints.temporal} | endpoints.connect
    try:
        converter = data_converter(endpoints.key_ring)
    except KeyRingInvalid as wrong:
        raise WrongUse(str(wrong)) from None
    try:
        return await Client.connect(**settings, data_converter=converter, lazy=lazily)
    except (RuntimeError, RPCError, OSError) as wrong:
        raise Unreachable(f"Temporal at {endpoints.temporal} does not answer ({first_line(wrong)}); {_MEND}") from None


async def identity(client: Client) -> dict[str, str]:
    """Return what identifies the namespace, independently of its address; raises Unreachable."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        found = await client.workflow_service.describe_namespace(request, timeout=QUERY_TIMEOUT)
    except RPCError as wrong:
        raise Unreachable(f"Temporal does not answer ({first_line(wrong)}); {_MEND}") from None
    return {"namespace": client.namespace, "namespace_id": found.namespace_info.id}


@asynccontextmanager
async def files(endpoints: Endpoints) -> AsyncIterator[Record]:
    """Open the record; raises Unreachable."""
    url = endpoints.need_database()
    try:
        pool = await open_pool(url, most=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as wrong:
        place = without_password(url)
        raise Unreachable(f"the database at {place} does not answer ({first_line(wrong)}); {_MEND}") from None
    try:
        yield Record(CaseFiles(pool), pool)
    finally:
        await pool.close()


@asynccontextmanager
async def both(endpoints: Endpoints) -> AsyncIterator[tuple[Client, Record]]:
    """Open Temporal and the record; raises Unreachable, or WrongUse for a key ring that workers do not share."""
    client = await temporal(endpoints)
    async with files(endpoints) as record:
        with suppress(*CONNECTION_ERRORS):  # what needs the record reports the failure itself
            await require_keys(endpoints, record.pool)
        yield client, record


@asynccontextmanager
async def complaints(endpoints: Endpoints) -> AsyncIterator[Complaints]:
    """Open the client with whichever of Temporal and the record is reachable; raises Unreachable if neither is."""
    client, record, without = None, None, None
    async with AsyncExitStack() as opened:
        try:
            client = await temporal(endpoints)
        except Unreachable as wrong:
            without = wrong
        try:
            record = await opened.enter_async_context(files(endpoints))
        except Unreachable as wrong:
            if client is None:
                raise without or wrong from None
            without = wrong
        if record is not None:
            with suppress(*CONNECTION_ERRORS):
                await require_keys(endpoints, record.pool)
        yield Complaints(client, record, without=without)


async def require_keys(endpoints: Endpoints, pool: Pool) -> None:
    """Require that workers can decrypt what this process encrypts; raises WrongUse.

    Raises one of CONNECTION_ERRORS if the database does not answer.
    """
    ring = read(endpoints.key_ring) if endpoints.key_ring else None
    async with pool.acquire() as opened:
        known = await known_keys(opened)
    wrong = lacking(known, ring.checks if ring else {}, ring.retired if ring else ())
    if not wrong and ring and known and ring.active not in known:
        wrong = f"no worker holds the key {ring.active} yet: restart them with this ring before anything is sent"
    if wrong:
        raise WrongUse(wrong)


def first_line(wrong: BaseException) -> str:
    """Return the first line of an error, or its class name."""
    text = str(wrong).strip().split("\n")[0]
    inner = _INNERMOST.findall(text)  # the Temporal client nests its errors
    return (inner[-1] if inner else text[:200]) or type(wrong).__name__


def without_password(url: str) -> str:
    """Return host, port and name of a database URL."""
    return url.rpartition("@")[2].partition("?")[0] or "the configured address"
