"""Channel `email`: one message per SMTP session; server answers are mapped to failed or unknown."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientRefused, SMTPResponseException

from activities.notifications.channels import Delivery, DeliveryFailed, DeliveryUnknown

TIMEOUT_SECONDS = 6.0
"""Timeout of a whole session, so that the next channels still fit into the attempt."""

_PERMANENT_FROM = 500
"""SMTP reply codes from here on are permanent failures; below, temporary ones."""

_CONTENT_LANGUAGE = {"zh_CN": "zh-CN", "en": "en"}


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """SMTP server, credentials and sender. `tls`: implicit TLS; `starttls`: upgraded before login."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    seconds: float = TIMEOUT_SECONDS

    def client(self) -> SMTP:
        """Return a client for one connection."""
        encrypted = self.security != "none"
        return SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=ssl.create_default_context(cafile=self.ca) if encrypted else None,
            username=self.user,
            password=self.password,
            local_hostname=self.sender.rpartition("@")[2],
            timeout=self.seconds,
        )


class Mail:
    """Sends e-mail. SMTP does not deduplicate, so a message with unknown outcome is not sent again."""

    idempotent = False

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def ping(self) -> None:
        """Connect, encrypt and log in without sending anything; raises DeliveryFailed."""
        async with _session(self._server) as session:
            with _not_sent():
                await session.client.noop()

    async def send(self, delivery: Delivery) -> None:
        """Send one message; raises DeliveryFailed, or DeliveryUnknown if the server may have accepted it."""
        content = compose(delivery, self._server.sender, datetime.now(UTC))
        async with _session(self._server) as session:
            with _not_sent():
                await session.client.mail(self._server.sender)
                await session.client.rcpt(delivery.address)
            session.content_sent = True
            try:
                await session.client.data(content)
            except SMTPDataError as refused:
                raise DeliveryFailed(f"content {refused.code}", permanent=refused.code >= _PERMANENT_FROM) from None
            except (SMTPException, OSError) as lost:
                # The content may have been accepted and only the answer lost.
                raise DeliveryUnknown(type(lost).__name__) from None


@dataclass
class _Session:
    """An SMTP session; `content_sent` once DATA has begun."""

    client: SMTP
    content_sent: bool = False


@contextlib.asynccontextmanager
async def _session(server: MailServer) -> AsyncIterator[_Session]:
    session = _Session(server.client())
    try:
        async with asyncio.timeout(server.seconds):
            with _not_sent():
                await session.client.connect()
            yield session
    except TimeoutError:
        if session.content_sent:
            raise DeliveryUnknown("no answer in time") from None
        raise DeliveryFailed("no answer in time", permanent=False) from None
    finally:
        with contextlib.suppress(SMTPException, OSError):
            if session.client.is_connected:
                await session.client.quit(timeout=1)
        session.client.close()


@contextlib.contextmanager
def _not_sent() -> Iterator[None]:
    """Map errors before DATA to DeliveryFailed: nothing can have been accepted yet."""
    try:
        yield
    except SMTPRecipientRefused as bounced:
        raise DeliveryFailed(f"recipient {bounced.code}", permanent=bounced.code >= _PERMANENT_FROM) from None
    except SMTPResponseException as refused:
        # The server refuses us, not the recipient: an operator fixes that; until then the next channel is used.
        raise DeliveryFailed(f"{type(refused).__name__} {refused.code}", permanent=False) from None
    except (SMTPException, OSError) as wrong:
        raise DeliveryFailed(type(wrong).__name__, permanent=False) from None


def compose(delivery: Delivery, sender: str, at: datetime) -> bytes:
    """Return the MIME message; its Message-ID is derived from the key, so that mail readers can deduplicate."""
    message = EmailMessage(policy=SMTP_LINES)
    message["From"], message["To"], message["Subject"] = sender, delivery.address, delivery.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{sha256(delivery.key.encode()).hexdigest()}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{delivery.text}\n", cte="base64")
    message["Content-Language"] = _CONTENT_LANGUAGE.get(delivery.locale, delivery.locale)
    return bytes(message)
