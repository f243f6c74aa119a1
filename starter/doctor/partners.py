"""Checks of the partners' services: payment provider, carriers and parcels, partner events, notice channels."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg
import httpx2
from pydantic import ValidationError

from activities.errors import PartnerError, PartnerUnreachable
from activities.notifications.channels import DeliveryFailed
from activities.notifications.mail import Mail, MailServer
from activities.notifications.robots import Robot
from activities.parcels.partners import CarrierService
from activities.partner_events.webhook import WebhookClient, WebhookFailed
from activities.partners.signing import Signer
from activities.payments.partners import PaymentProvider
from activities.store.notifications import Deliveries
from activities.store.parcels import under_way
from activities.store.partner_events import DeadLetters, Standing
from activities.store.pool import Pool
from starter.client import connection
from starter.client.endpoints import Endpoints, data_dir, find
from starter.client.errors import ClientError, Exit
from starter.doctor import Check, failed, ok
from workers.config.notifications import chosen
from workers.config.settings import Settings, SettingsInvalid
from workers.config.subscriptions import ConfiguredSubscriptions, clients_file
from workflows.complaint.domain.parcels import Parcel

_ANSWERS_WITHIN = timedelta(seconds=5)


_NEVER_SENT = Parcel(complaint="doctor", leg="return", carrier="doctor", tracking="never-sent")


_LOOKS_WITHIN = timedelta(hours=1)
"""A parcel is looked at within a quarter of an hour; one that was not after an hour has a carrier that fails."""


_SILENT_FOR = timedelta(hours=8)
"""Nothing is heard or asked for so long only where the looks fail: they come after six hours."""


_MEND = "mend REDRESS_SMTP_*; until then people are told by the next channel on their list, at last in the app"


_REACHED_WITHIN = 3.0


async def partners_answer(endpoints: Endpoints) -> Check:
    """Check that the partners' services can be reached."""
    if endpoints.partners is None:
        return failed("partners", "no address is known: set REDRESS_PARTNERS_URL")
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=_ANSWERS_WITHIN.total_seconds()) as http:
            await http.get(f"{endpoints.partners}/health")
    except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
        why = connection.first_line(wrong)
        text = f"{endpoints.partners} does not answer ({why}): start them, or mend REDRESS_PARTNERS_URL"
        return failed("partners", text, Exit.UNREACHABLE)
    return ok("partners", f"answer at {endpoints.partners}")


def uses_partners(what: str) -> bool:
    """Tell whether PAYMENT or CARRIER calls go to the partners' services, as they do unless set otherwise."""
    return os.environ.get(f"REDRESS_{what}_PROVIDER", "partners") == "partners"


async def payments(partners: str, secret: str | None) -> Check:
    """Check that the payment provider answers and verifies our signature."""
    name = "payment provider"
    try:
        signer = Signer(secret) if secret else None
        async with PaymentProvider(partners, signer=signer) as provider:
            await provider.ping()
    except PartnerUnreachable as wrong:
        return failed(name, str(wrong), Exit.UNREACHABLE)
    except (PartnerError, ValueError) as wrong:
        return failed(name, f"{wrong} (REDRESS_PAYMENT_SECRET)")
    if signer is None:
        return Check(name, "warning", "believes requests that nobody signed: set REDRESS_PAYMENT_SECRET on both sides")
    return ok(name, "believes what we sign")


# -- carriers and parcels (R6.4) --------------------------------------------------------------------------------------


async def parcels(pool: Pool) -> Check:
    """Check that the parcels on their way are watched: subscribed, or polled while their carrier is silent."""
    found = await under_way(pool, _LOOKS_WITHIN, _SILENT_FOR)
    if not found.there:
        return ok("parcels", "none is on its way")
    if found.unwatched:
        text = f"{found.unwatched} of {found.there} on their way, and no carrier tells of them"
        see = "see the activities `watch_parcel` and the schedule `ParcelWatch` in the web UI"
        return Check("parcels", "warning", f"{text}: {see}")
    doubtful = f"; {found.doubtful} of them doubtful, as their handlers were told" if found.doubtful else ""
    return ok("parcels", f"{found.there} on their way, all of them watched{doubtful}")


async def carriers(partners: str) -> Check:
    """Check that the partners' carriers answer, by a parcel that does not exist."""
    try:
        async with CarrierService(partners) as service:
            await service.look_up(_NEVER_SENT)
    except PartnerUnreachable as wrong:
        return failed("carriers", str(wrong), Exit.UNREACHABLE)
    except PartnerError as wrong:
        return failed("carriers", str(wrong))
    return ok("carriers", "answers what is known of a parcel")


# -- events to partners (R11.2) ---------------------------------------------------------------------------------------


async def partner_events(pool: Pool) -> Check:
    """Check events to partners: receivers that must not be called, dead letters, deliveries that nobody runs."""
    name = "events to partners"
    try:
        subscriptions = ConfiguredSubscriptions(clients_file() or data_dir() / "clients.toml")
    except SettingsInvalid as wrong:
        return failed(name, str(wrong))
    wrong_ones = await _forbidden_receivers(subscriptions)
    standing = await DeadLetters(pool).standing()
    faults = [*wrong_ones, *_backlog(standing)]
    if faults:
        return Check(name, "warning", "; ".join(faults))
    return ok(name, f"{len(subscriptions.all())} subscriptions, {standing.waiting} events on their way")


async def _forbidden_receivers(subscriptions: ConfiguredSubscriptions) -> list[str]:
    found = []
    async with WebhookClient() as webhooks:
        for one in subscriptions.all():
            try:
                await webhooks.addresses(one)
            except WebhookFailed as wrong:
                found.append(f"the receiver of {one.name} {wrong}: mend `events` in the clients file")
    return found


def _backlog(standing: Standing) -> list[str]:
    found = []
    if standing.dead:
        found.append(f"{standing.dead} dead letters: see `redress events dead-letters`, then `redress events replay`")
    if standing.forgotten:
        found.append(f"nobody tries {standing.forgotten} old events: `redress events replay --all` starts them again")
    return found


# -- notice channels --------------------------------------------------------------------------------------------------


async def channels() -> AsyncIterator[Check]:
    """Check every channel that is configured; one that is not is no failure, since everybody has the app."""
    try:
        found = chosen(Settings())
    except SettingsInvalid as invalid:
        yield failed("channels", str(invalid))
        return
    except ValidationError:
        return  # told by the check of the configuration
    yield await _mail(found.mail)
    yield ok("short messages", "go to the partners' notice service")
    yield await _robots(found.robots.values())
    async for check in _fallen_through():
        yield check


async def _mail(server: MailServer | None) -> Check:
    if server is None:
        return ok("mail", "nobody is told by e-mail (REDRESS_SMTP_HOST)")
    try:
        await Mail(server).ping()
    except DeliveryFailed as wrong:
        return failed("mail", f"{server.host}:{server.port} {wrong.why}: {_MEND}", Exit.UNREACHABLE)
    secured = "in the clear" if server.security == "none" else f"encrypted ({server.security})"
    return ok("mail", f"{server.host}:{server.port} lets us in, {secured}")


async def _robots(robots: Iterable[Robot]) -> Check:
    """Reach each robot's host, and no further: a robot cannot be asked anything without the whole group hearing it."""
    hosts = sorted({(one.kind, *_host(one.url)) for one in robots})
    if not hosts:
        return ok("robots", "none (REDRESS_CHANNELS)")
    away = [f"{kind} at {host}:{port}" for kind, host, port in hosts if not await _reached(host, port)]
    if away:
        text = f"{', '.join(away)} cannot be reached: mend REDRESS_CHANNELS or the way there"
        return failed("robots", text, Exit.UNREACHABLE)
    return ok("robots", f"{', '.join(sorted({kind for kind, *_ in hosts}))} reached; tried with the first notice only")


def _host(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)


async def _reached(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_REACHED_WITHIN):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _fallen_through() -> AsyncIterator[Check]:
    """Say how many notices fell through in a day; where there is no database, its own check says so."""
    try:
        async with connection.files(find()) as files:
            found = await Deliveries(files.pool).in_trouble()
    except (ClientError, asyncpg.PostgresError):
        return
    if found:
        counts = ", ".join(f"{channel} {number}" for channel, number in found.items())
        text = f"{counts}: failed or unsure in the last 24 h, and told by the next channel; see the table deliveries"
        yield Check("notices", "warning", text)
    else:
        yield ok("notices", "none fell through to another channel in the last 24 h")
