"""What `redress doctor` says of the gateway: whether it answers, can accept, and believes its clients."""

import time
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2

from starter.client import connection
from starter.client.endpoints import find
from starter.client.errors import CommandError, Exit, WrongUse
from starter.doctor.checks import Check, failed, fine
from starter.http.gateway.clients import Client, clients_file, read
from starter.http.gateway.signatures import headers

_ANSWERS_WITHIN = 5.0
_NOTHING = "/v1/messages/redress-doctor"
"""A request that nobody ever sent: who is believed hears that there is none."""


async def doors() -> AsyncIterator[Check]:
    """Check the gateway, where one is known."""
    try:
        where = find()
    except CommandError:
        return  # said already
    if where.gateway is None:
        return
    async with httpx2.AsyncClient(base_url=where.gateway, trust_env=False, timeout=_ANSWERS_WITHIN) as http:
        answers = await _answers(http, where.gateway)
        yield answers
        if answers.state == "ok":
            yield await _believes(http)


async def _answers(http: httpx2.AsyncClient, gateway: str) -> Check:
    try:
        told = (await http.get("/health")).json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as wrong:
        why = connection.first_line(wrong)
        text = f"{gateway} does not answer ({why}): start `redress gateway`, or mend REDRESS_GATEWAY_URL"
        return failed("gateway", text, Exit.UNREACHABLE)
    if not isinstance(told, dict) or told.get("database") != "ok":
        text = f"{gateway} accepts nothing: its database is away; mend REDRESS_DATABASE_URL where it runs"
        return failed("gateway", text, Exit.UNREACHABLE)
    return fine("gateway", f"answers at {gateway}, described at {gateway}/openapi.json")


async def _believes(http: httpx2.AsyncClient) -> Check:
    name, file = "gateway's clients", clients_file()
    if not file.exists():
        return Check(name, "warning", f"{file} is not on this machine: whether signatures are believed was not tried")
    try:
        known = list(read(file).values())
    except WrongUse as wrong:
        return failed(name, str(wrong))
    if not known:
        return Check(name, "warning", f"{file} names no client: nobody may speak at the doors")
    return await _tried(http, known[0], f"{len(known)} in {file}")


async def _tried(http: httpx2.AsyncClient, client: Client, all_of_them: str) -> Check:
    name, request = "gateway's clients", f"doctor-{uuid4().hex}"
    signed = headers(client.id, client.keys[0], request, f"GET {_NOTHING}", time.time())
    try:
        answer = await http.get(_NOTHING, headers=signed)
    except httpx2.HTTPError as wrong:
        return failed(name, f"no answer ({connection.first_line(wrong)})", Exit.UNREACHABLE)
    if answer.status_code == httpx2.codes.NOT_FOUND:
        return fine(name, f"{all_of_them}; what {client.id} signs is believed")
    return failed(name, f"what {client.id} signs is answered {answer.status_code}: compare this file and the clocks")
