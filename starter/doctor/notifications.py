"""What `redress doctor` says of the channels by which people are told things."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit

import asyncpg
from pydantic import ValidationError

from activities.notifications.channels import NotDelivered
from activities.notifications.mail import Mail, MailServer
from activities.notifications.robots import Robot
from activities.store.notifications import Deliveries
from starter.client import connection
from starter.client.endpoints import find
from starter.client.errors import CommandError, Exit
from starter.doctor.checks import Check, failed, fine
from workers.config.notifications import chosen
from workers.config.settings import Settings, SettingsInvalid

_MEND = "mend REDRESS_SMTP_*; until then people are told by the next channel on their list, at last in the app"
_REACHED_WITHIN = 3.0


async def channels() -> AsyncIterator[Check]:
    """Check every channel that is set up; what is not is no failure, since everybody has the app."""
    try:
        found = chosen(Settings())
    except SettingsInvalid as invalid:
        yield failed("channels", str(invalid))
        return
    except ValidationError:
        return  # told by the check of the configuration
    yield await _mail(found.mail)
    yield fine("short messages", "go to the partners' notice service")
    yield await _robots(found.robots.values())
    async for check in _in_trouble():
        yield check


async def _mail(server: MailServer | None) -> Check:
    if server is None:
        return fine("mail", "nobody is told by e-mail (REDRESS_SMTP_HOST)")
    try:
        await Mail(server).greet()
    except NotDelivered as wrong:
        return failed("mail", f"{server.host}:{server.port} {wrong.why}: {_MEND}", Exit.UNREACHABLE)
    secured = "in the clear" if server.security == "none" else f"encrypted ({server.security})"
    return fine("mail", f"{server.host}:{server.port} lets us in, {secured}")


async def _robots(robots: Iterable[Robot]) -> Check:
    """Reach each robot's host, and no further: a robot cannot be asked anything without the whole group hearing it."""
    hosts = sorted({(one.kind, *_host(one.url)) for one in robots})
    if not hosts:
        return fine("robots", "none (REDRESS_CHANNELS)")
    away = [f"{kind} at {host}:{port}" for kind, host, port in hosts if not await _reached(host, port)]
    if away:
        text = f"{', '.join(away)} cannot be reached: mend REDRESS_CHANNELS or the way there"
        return failed("robots", text, Exit.UNREACHABLE)
    return fine(
        "robots", f"{', '.join(sorted({kind for kind, *_ in hosts}))} reached; tried with the first notice only"
    )


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


async def _in_trouble() -> AsyncIterator[Check]:
    """Say how many notices fell through in a day; where there is no database, its own check says so."""
    try:
        async with connection.files(find()) as files:
            found = await Deliveries(files.pool).in_trouble()
    except (CommandError, asyncpg.PostgresError):
        return
    if found:
        told = ", ".join(f"{channel} {number}" for channel, number in found.items())
        text = f"{told}: failed or unsure in the last 24 h, and told by the next channel; see the table deliveries"
        yield Check("notices", "warning", text)
    else:
        yield fine("notices", "none fell through to another channel in the last 24 h")
