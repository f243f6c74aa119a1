"""What `redress doctor` looks at: each check says how it stands and, where it fails, what to do."""

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal, NamedTuple

import httpx2
from pydantic import ValidationError
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.errors import PartnerError, PartnerUnreachable
from activities.partners.signing import Signer
from activities.payments.partners import PaymentProvider
from activities.store.migrate import MigrationRefused, unmigrated
from activities.store.payload_keys import known_keys, lacking
from activities.store.pool import Pool
from starter.client import connection
from starter.client.endpoints import Whereabouts, find
from starter.client.errors import CommandError, Exit, Unreachable
from starter.client.inbox_backlog import inbox_stands
from starter.doctor.parcels import carriers_answer, parcels_stand
from starter.doctor.partner_events import events_stand
from workers.config.parcels import carriers
from workers.config.payments import payment_provider
from workers.config.settings import Settings, SettingsInvalid
from workers.encryption.key_ring import KeyRing, KeyRingInvalid, read
from workflows import wire
from workflows.policy.loading import PolicyInvalid, load, packaged
from workflows.time.calendar import Calendar

_AHEAD = timedelta(days=60)
_ANSWERS_WITHIN = timedelta(seconds=5)


class Check(NamedTuple):
    """One line of the doctor: `exit_code` is what a failure of it means for the whole."""

    name: str
    state: Literal["ok", "warning", "failed"]
    text: str
    exit_code: Exit = Exit.DONE


def fine(name: str, text: str) -> Check:
    """Say that all is well."""
    return Check(name, "ok", text)


def failed(name: str, wrong: str | CommandError, code: Exit = Exit.WRONG_USE) -> Check:
    """Say what is wrong and what to do."""
    return Check(name, "failed", str(wrong), wrong.exit_code if isinstance(wrong, CommandError) else code)


async def checks(today: date) -> AsyncIterator[Check]:
    """Check everything, one after the other; what cannot be checked because of an earlier failure is left out."""
    for check in (_settings(), *_rulebook(today)):
        yield check
    try:
        where = find()
    except CommandError as wrong:
        yield failed("whereabouts", wrong)
        return
    where, unusable = _with_ring(where)
    async for check in _temporal(where):
        yield check
    async for check in _database(where, unusable):
        yield check
    if where.codec:
        yield await _codec(where.codec)
    partners = await _partners(where)
    yield partners
    if partners.state == "ok" and where.partners and _of_partners("PAYMENT"):
        yield await _payments(where.partners, where.payment_secret)
    if partners.state == "ok" and where.partners and _of_partners("CARRIER"):
        yield await _carriers(where.partners)


def _settings() -> Check:
    try:
        settings = Settings()
        payment_provider(settings)
        carriers(settings)
    except SettingsInvalid as invalid:
        return failed("configuration", str(invalid))
    except ValidationError as invalid:
        wrong = [f"REDRESS_{str(one['loc'][0]).upper()}: {one['msg']}" for one in invalid.errors(include_url=False)]
        return failed("configuration", f"{'; '.join(wrong)}; mend these variables")
    return fine("configuration", "every REDRESS_* setting can be read")


def _rulebook(today: date) -> tuple[Check, ...]:
    own = os.environ.get("REDRESS_POLICY")
    try:
        rulebook = load(own) if own else packaged()
    except PolicyInvalid as invalid:
        return (failed("policy", f"{'; '.join(invalid.faults)}; mend the file, or unset REDRESS_POLICY"),)
    policy, staff = rulebook.policy.version, rulebook.staff.version
    return fine("policy", f"version {policy}, staff table {staff}"), coverage(rulebook.calendar, today)


def coverage(calendar: Calendar, today: date) -> Check:
    """Say how long the calendar stands on published days (R7.6)."""
    until = f"version {calendar.version} is published up to {calendar.published_to}"
    mend = "install a release with a newer calendar, or name your own calendar.toml by REDRESS_POLICY"
    if today > calendar.published_to:
        return Check("calendar", "warning", f"{until}, which is past: every due date is provisional; {mend}")
    if today + _AHEAD > calendar.published_to:
        return Check("calendar", "warning", f"{until}: due dates after that are provisional; {mend}")
    return fine("calendar", until)


async def _temporal(where: Whereabouts) -> AsyncIterator[Check]:
    try:
        client = await connection.temporal(where)
    except Unreachable as wrong:
        text = f"{wrong.args[0].partition('; see')[0]}: start it, or mend TEMPORAL_ADDRESS"
        yield failed("Temporal", text, Exit.UNREACHABLE)
        return
    yield fine("Temporal", f"answers at {where.temporal}")
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
    return fine("namespace", client.namespace)


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
    return fine("search attributes", f"all {len(wanted)} are registered")


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
    return fine("worker", f"{len(names)} on the queue {wire.TASK_QUEUE}: {', '.join(names[:3])}")


async def _database(where: Whereabouts, unusable: Check | None) -> AsyncIterator[Check]:
    try:
        async with connection.files(where) as files:
            yield fine("database", f"answers at {connection.without_password(where.need_database())}")
            schema = await _schema(files.pool)
            yield schema
            if schema.state == "ok":
                yield unusable or await _keys(where, files.pool)
                yield Check("events to partners", *await events_stand(files.pool))
                yield Check("inbox", *await inbox_stands(files.pool))
                yield Check("parcels", *(await parcels_stand(files.pool))[:2])
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
    return fine("schema", "up to date")


def _with_ring(where: Whereabouts) -> tuple[Whereabouts, Check | None]:
    """Go on without a key ring that cannot be used; what is wrong with it is the second."""
    try:
        if where.key_ring:
            read(where.key_ring)
    except KeyRingInvalid as wrong:
        return replace(where, key_ring=None), failed("key ring", str(wrong))
    return where, None


async def _keys(where: Whereabouts, pool: Pool) -> Check:
    async with pool.acquire() as opened:
        known = await known_keys(opened)
    return sealing(read(where.key_ring) if where.key_ring else None, known)


def sealing(ring: KeyRing | None, known: Mapping[str, str]) -> Check:
    """Compare the ring here with the keys that workers hold; `known` is name to check value."""
    name = "key ring"
    if wrong := lacking(known, ring.checks if ring else {}, ring.retired if ring else ()):
        return failed(name, wrong)
    if ring is None:
        return fine(name, "none: what Temporal is told lies there in the clear; see deploy/docs/encryption.md")
    if ring.active not in known:
        return failed(name, f"no worker holds {ring.active} yet: restart them with this ring before anything is sent")
    return fine(name, f"{ring.active} seals, {len(ring.checks)} in all open")


async def _codec(address: str) -> Check:
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=_ANSWERS_WITHIN.total_seconds()) as http:
            answer = await http.post(f"{address}/decode", json={"payloads": []})
    except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
        why = connection.first_line(wrong)
        text = f"{address} does not answer ({why}): start `redress codec`, or mend REDRESS_CODEC_URL"
        return failed("codec server", text, Exit.UNREACHABLE)
    if answer.status_code != httpx2.codes.UNAUTHORIZED:
        return failed("codec server", f"{address} lets strangers in ({answer.status_code}): is that `redress codec`?")
    return fine("codec server", f"answers at {address}, to readers only")


async def _partners(where: Whereabouts) -> Check:
    if where.partners is None:
        return failed("partners", "no address is known: set REDRESS_PARTNERS_URL")
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=_ANSWERS_WITHIN.total_seconds()) as http:
            await http.get(f"{where.partners}/health")
    except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
        why = connection.first_line(wrong)
        text = f"{where.partners} does not answer ({why}): start them, or mend REDRESS_PARTNERS_URL"
        return failed("partners", text, Exit.UNREACHABLE)
    return fine("partners", f"answer at {where.partners}")


def _of_partners(what: str) -> bool:
    return os.environ.get(f"REDRESS_{what}_PROVIDER", "partners") == "partners"


async def _carriers(partners: str) -> Check:
    said = await carriers_answer(partners)
    if said.state == "ok":
        return fine("carriers", said.text)
    return failed("carriers", said.text, Exit.WRONG_USE if said.reached else Exit.UNREACHABLE)


async def _payments(partners: str, secret: str | None) -> Check:
    name = "payment provider"
    try:
        signer = Signer(secret) if secret else None
        async with PaymentProvider(partners, signer=signer) as provider:
            await provider.greet()
    except PartnerUnreachable as wrong:
        return failed(name, str(wrong), Exit.UNREACHABLE)
    except (PartnerError, ValueError) as wrong:
        return failed(name, f"{wrong} (REDRESS_PAYMENT_SECRET)")
    if signer is None:
        return Check(name, "warning", "believes requests that nobody signed: set REDRESS_PAYMENT_SECRET on both sides")
    return fine(name, "believes what we sign")
