"""Checks of Temporal, the database with its schema, the key ring, the codec server and the HTTP gateway."""

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx2
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.store.migrate import MigrationRefused, unmigrated
from activities.store.payload_keys import known_keys, lacking
from activities.store.pool import Pool
from starter.client import connection
from starter.client.endpoints import Endpoints, find
from starter.client.errors import ClientError, Exit, Unreachable, WrongUse
from starter.client.record import inbox_state
from starter.doctor import Check, failed, ok
from starter.doctor.partners import parcels, partner_events
from starter.http.gateway import clients as api_clients
from starter.http.gateway.signed_requests import signed_headers
from workers.encryption.key_ring import KeyRing, KeyRingInvalid, read
from workflows import wire

_ANSWERS_WITHIN = timedelta(seconds=5)


_UNKNOWN_REQUEST = "/v1/messages/redress-doctor"
"""A request that does not exist: 404 proves that the signature was accepted, 401 that it was not."""


# -- Temporal ---------------------------------------------------------------------------------------------------------


async def temporal(endpoints: Endpoints) -> AsyncIterator[Check]:
    """Check Temporal: connection, namespace, search attributes, workers on the queue."""
    try:
        client = await connection.temporal(endpoints)
    except Unreachable as wrong:
        text = f"{wrong.args[0].partition('; see')[0]}: start it, or mend TEMPORAL_ADDRESS"
        yield failed("Temporal", text, Exit.UNREACHABLE)
        return
    yield ok("Temporal", f"answers at {endpoints.temporal}")
    namespace = await _namespace(client)
    yield namespace
    if namespace.state == "ok":
        yield await _search_attributes(client)
        yield await _worker(client)


async def _namespace(client: Client) -> Check:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request, timeout=_ANSWERS_WITHIN)
    except RPCError as wrong:
        if wrong.status is RPCStatusCode.NOT_FOUND:
            create = f"temporal operator namespace create --namespace {client.namespace}"
            return failed("namespace", f"{client.namespace} does not exist: create it with `{create}`")
        return failed("namespace", f"{client.namespace} cannot be read ({wrong.message})", Exit.UNREACHABLE)
    return ok("namespace", client.namespace)


async def _search_attributes(client: Client) -> Check:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        answer = await client.operator_service.list_search_attributes(request, timeout=_ANSWERS_WITHIN)
    except RPCError as wrong:
        return failed("search attributes", f"cannot be read ({wrong.message})", Exit.UNREACHABLE)
    known = {name: IndexedValueType.Name(kind) for name, kind in answer.custom_attributes.items()}
    return compared(known, client.namespace)


def compared(known: Mapping[str, str], namespace: str) -> Check:
    """Compare the search attributes there are with those the complaints set; `known` is name to Temporal's type."""
    wanted = wire.SEARCH_ATTRIBUTE_TYPES
    missing = [name for name in wanted if name not in known]
    other = [name for name in wanted if name in known and known[name] != f"INDEXED_VALUE_TYPE_{wanted[name].upper()}"]
    if other:
        remove = " ".join(f"--name {name}" for name in other)
        text = f"{', '.join(other)} of another type: remove with `temporal operator search-attribute remove {remove}`"
        return failed("search attributes", text)
    if missing:
        add = " ".join(f"--name {name} --type {wanted[name]}" for name in missing)
        command = f"temporal operator search-attribute create --namespace {namespace} {add}"
        return failed("search attributes", f"{', '.join(missing)} missing: add with `{command}`")
    return ok("search attributes", f"all {len(wanted)} are registered")


async def _worker(client: Client) -> Check:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=wire.TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        answer = await client.workflow_service.describe_task_queue(request, timeout=_ANSWERS_WITHIN)
    except RPCError as wrong:
        return failed("worker", f"the queue cannot be read ({wrong.message})", Exit.UNREACHABLE)
    if not answer.pollers:
        text = f"nobody works on the queue {wire.TASK_QUEUE}: start `redress worker`, or look at its log"
        return failed("worker", text, Exit.UNREACHABLE)
    names = sorted(poller.identity for poller in answer.pollers)
    return ok("worker", f"{len(names)} on the queue {wire.TASK_QUEUE}: {', '.join(names[:3])}")


# -- database, key ring, codec ----------------------------------------------------------------------------------------


async def database(endpoints: Endpoints, unusable: Check | None) -> AsyncIterator[Check]:
    """Check the database: connection, schema, keys, what waits in it; `unusable` is a failed check of the key ring."""
    try:
        async with connection.files(endpoints) as files:
            yield ok("database", f"answers at {connection.without_password(endpoints.need_database())}")
            schema = await _schema(files.pool)
            yield schema
            if schema.state == "ok":
                yield unusable or await _keys(endpoints, files.pool)
                yield await partner_events(files.pool)
                yield Check("inbox", *await inbox_state(files.pool))
                yield await parcels(files.pool)
    except Unreachable as wrong:
        text = f"{wrong.args[0].partition('; see')[0]}: start it, or mend REDRESS_DATABASE_URL"
        yield failed("database", text, Exit.UNREACHABLE)


async def _schema(pool: Pool) -> Check:
    try:
        async with pool.acquire() as opened:
            waiting = await unmigrated(opened)
    except MigrationRefused as wrong:
        return failed("schema", str(wrong))
    if waiting:
        return failed("schema", f"{', '.join(waiting)} not applied: run `redress worker --migrate`, or `redress up`")
    return ok("schema", "up to date")


def with_usable_key_ring(endpoints: Endpoints) -> tuple[Endpoints, Check | None]:
    """Return the endpoints without a key ring that cannot be used, and the check that says what is wrong with it."""
    try:
        if endpoints.key_ring:
            read(endpoints.key_ring)
    except KeyRingInvalid as wrong:
        return replace(endpoints, key_ring=None), failed("key ring", str(wrong))
    return endpoints, None


async def _keys(endpoints: Endpoints, pool: Pool) -> Check:
    async with pool.acquire() as opened:
        known = await known_keys(opened)
    return sealing(read(endpoints.key_ring) if endpoints.key_ring else None, known)


def sealing(ring: KeyRing | None, known: Mapping[str, str]) -> Check:
    """Compare the ring here with the keys that workers hold; `known` is name to check value."""
    name = "key ring"
    if wrong := lacking(known, ring.checks if ring else {}, ring.retired if ring else ()):
        return failed(name, wrong)
    if ring is None:
        return ok(name, "none: what Temporal is told lies there in the clear; see deploy/docs/encryption.md")
    if ring.active not in known:
        return failed(name, f"no worker holds {ring.active} yet: restart them with this ring before anything is sent")
    return ok(name, f"{ring.active} seals, {len(ring.checks)} in all open")


async def codec(address: str) -> Check:
    """Check that the codec server answers, and refuses callers who are not readers."""
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=_ANSWERS_WITHIN.total_seconds()) as http:
            answer = await http.post(f"{address}/decode", json={"payloads": []})
    except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
        why = connection.first_line(wrong)
        text = f"{address} does not answer ({why}): start `redress codec`, or mend REDRESS_CODEC_URL"
        return failed("codec server", text, Exit.UNREACHABLE)
    if answer.status_code != httpx2.codes.UNAUTHORIZED:
        return failed("codec server", f"{address} lets strangers in ({answer.status_code}): is that `redress codec`?")
    return ok("codec server", f"answers at {address}, to readers only")


# -- gateway ----------------------------------------------------------------------------------------------------------


async def gateway() -> AsyncIterator[Check]:
    """Check the gateway, where one is known."""
    try:
        endpoints = find()
    except ClientError:
        return  # said already
    if endpoints.gateway is None:
        return
    async with httpx2.AsyncClient(
        base_url=endpoints.gateway, trust_env=False, timeout=_ANSWERS_WITHIN.total_seconds()
    ) as http:
        answers = await _answers(http, endpoints.gateway)
        yield answers
        if answers.state == "ok":
            yield await _accepts_signatures(http)


async def _answers(http: httpx2.AsyncClient, gateway: str) -> Check:
    try:
        answer = (await http.get("/health")).json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as wrong:
        why = connection.first_line(wrong)
        text = f"{gateway} does not answer ({why}): start `redress gateway`, or mend REDRESS_GATEWAY_URL"
        return failed("gateway", text, Exit.UNREACHABLE)
    if not isinstance(answer, dict) or answer.get("database") != "ok":
        text = f"{gateway} accepts nothing: its database is away; mend REDRESS_DATABASE_URL where it runs"
        return failed("gateway", text, Exit.UNREACHABLE)
    return ok("gateway", f"answers at {gateway}, described at {gateway}/openapi.json")


async def _accepts_signatures(http: httpx2.AsyncClient) -> Check:
    name, file = "gateway's clients", api_clients.clients_file()
    if not file.exists():
        return Check(name, "warning", f"{file} is not on this machine: whether signatures are believed was not tried")
    try:
        known = list(api_clients.read(file).values())
    except WrongUse as wrong:
        return failed(name, str(wrong))
    if not known:
        return Check(name, "warning", f"{file} names no client: nobody may speak at the doors")
    return await _tried(http, known[0], f"{len(known)} in {file}")


async def _tried(http: httpx2.AsyncClient, client: api_clients.Client, all_of_them: str) -> Check:
    name, request = "gateway's clients", f"doctor-{uuid4().hex}"
    signed = signed_headers(client.id, client.keys[0], request, f"GET {_UNKNOWN_REQUEST}", time.time())
    try:
        answer = await http.get(_UNKNOWN_REQUEST, headers=signed)
    except httpx2.HTTPError as wrong:
        return failed(name, f"no answer ({connection.first_line(wrong)})", Exit.UNREACHABLE)
    if answer.status_code == httpx2.codes.NOT_FOUND:
        return ok(name, f"{all_of_them}; what {client.id} signs is believed")
    return failed(name, f"what {client.id} signs is answered {answer.status_code}: compare this file and the clocks")
