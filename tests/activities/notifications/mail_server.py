"""A real mail server for tests: what it does with a letter is said by the local part of the address."""

import asyncio
import ssl
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.notifications.mail import MailServer

SENDER = "care@shop.example"


class Post:
    """`async with Post(): …` listens on loopback. `arrived` are the letters by address, `tried` how often each was.

    Local parts: `gone…` is refused for good, `full…` for now, `grey…` the first time only, `spam…` after its content,
    `drop…` takes the letter and hangs up without a word, `slow…` answers the recipient too late.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        *,
        slow: float = 5,
        at_once: bool = False,
    ) -> None:
        self.arrived: dict[str, list[Message]] = {}
        self.tried: Counter[str] = Counter()
        self.port = 0
        self._tls, self._login, self._slow, self._at_once = tls, login, slow, at_once

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            self._session, "127.0.0.1", self.port, ssl=self._tls if self._at_once else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _session(self) -> SMTP:
        return SMTP(
            self, hostname="mail.test", tls_context=None if self._at_once else self._tls,
            require_starttls=self._tls is not None and not self._at_once,
            auth_required=self._login is not None, authenticator=self._believes if self._login else None,
        )  # fmt: skip

    def _believes(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, who: Any) -> AuthResult:
        given = (who.login.decode(), who.password.decode()) if isinstance(who, LoginPassword) else None
        return AuthResult(success=given == self._login, handled=False)

    async def handle_RCPT(  # noqa: N802 - named by the library
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.tried[address] += 1
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}> is not here"
        if address.startswith("full") or (address.startswith("grey") and self.tried[address] == 1):
            return f"452 4.2.2 <{address}>: come again later"
        if address.startswith("slow"):
            await asyncio.sleep(self._slow)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        (address,) = envelope.rcpt_tos
        if address.startswith("spam"):
            return "554 5.7.1 not wanted"
        assert isinstance(envelope.content, bytes)
        self.arrived.setdefault(address, []).append(message_from_bytes(envelope.content, policy=default))
        if address.startswith("drop"):
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 taken"

    def server(self, **changes: Any) -> MailServer:
        given: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "security": "none", "sender": SENDER}
        return MailServer(**(given | changes))


def certificate(home: Path) -> Path:
    """Make a certificate for 127.0.0.1 and return the file that holds it and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    both = made.public_bytes(encoding) + key.private_bytes(encoding, form, serialization.NoEncryption())
    file = home / "mail.pem"
    file.write_bytes(both)
    return file
