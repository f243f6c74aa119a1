"""E-mail: one letter over SMTP, and what each answer of the server proves."""

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

from activities.notifications.channels import Letter, NotDelivered, Undecided

SECONDS = 6.0
"""For all of one letter, so that others have their turn within the attempt."""

_LASTING = 500
"""From here on an answer is for good; below, the server asks us to come again."""

_CONTENT_LANGUAGE = {"zh_CN": "zh-CN", "en": "en"}


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed in, and as whom. `tls` from the first byte on, `starttls` before anything is said."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    seconds: float = SECONDS

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
    """The channel `email`. A mail server does not know a repetition, so a doubt is never resolved by sending again."""

    repeatable = False

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def greet(self) -> None:
        """Connect, encrypt and log in without sending anything; raises NotDelivered saying what went wrong."""
        async with _said(self._server) as line:
            with _proven():
                await line.client.noop()

    async def send(self, letter: Letter) -> None:
        """Hand one letter to the server; raises NotDelivered, or Undecided where it may have been taken."""
        content = composed(letter, self._server.sender, datetime.now(UTC))
        async with _said(self._server) as line:
            with _proven():
                await line.client.mail(self._server.sender)
                await line.client.rcpt(letter.address)
            line.given = True
            try:
                await line.client.data(content)
            except SMTPDataError as refused:
                raise NotDelivered(f"content {refused.code}", lasting=refused.code >= _LASTING) from None
            except (SMTPException, OSError) as lost:
                # The last dot may have arrived, and its answer not.
                raise Undecided(type(lost).__name__) from None


@dataclass
class _Line:
    """A connection to the server; `given` once the content is on its way."""

    client: SMTP
    given: bool = False


@contextlib.asynccontextmanager
async def _said(server: MailServer) -> AsyncIterator[_Line]:
    line = _Line(server.client())
    try:
        async with asyncio.timeout(server.seconds):
            with _proven():
                await line.client.connect()
            yield line
    except TimeoutError:
        if line.given:
            raise Undecided("no answer in time") from None
        raise NotDelivered("no answer in time", lasting=False) from None
    finally:
        with contextlib.suppress(SMTPException, OSError):
            if line.client.is_connected:
                await line.client.quit(timeout=1)
        line.client.close()


@contextlib.contextmanager
def _proven() -> Iterator[None]:
    """Before the content goes out, whatever happens proves that nothing arrived."""
    try:
        yield
    except SMTPRecipientRefused as bounced:
        raise NotDelivered(f"recipient {bounced.code}", lasting=bounced.code >= _LASTING) from None
    except SMTPResponseException as refused:
        # Ourselves it does not want: an operator mends that, and until then the next channel is better than waiting.
        raise NotDelivered(f"{type(refused).__name__} {refused.code}", lasting=False) from None
    except (SMTPException, OSError) as wrong:
        raise NotDelivered(type(wrong).__name__, lasting=False) from None


def composed(letter: Letter, sender: str, at: datetime) -> bytes:
    """Return the letter as it goes over the wire. Its Message-ID is of its key: a repetition can be told as such."""
    message = EmailMessage(policy=SMTP_LINES)
    message["From"], message["To"], message["Subject"] = sender, letter.address, letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{sha256(letter.key.encode()).hexdigest()}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{letter.text}\n", cte="base64")
    message["Content-Language"] = _CONTENT_LANGUAGE.get(letter.locale, letter.locale)
    return bytes(message)
