"""Channels over the partners' notice service: the app (idempotent, last resort) and short messages (R10.1)."""

from typing import Protocol

from pydantic import BaseModel, ConfigDict

from activities.errors import PartnerConfused, PartnerUnreachable
from activities.notifications.channels import IN_APP, Letter, NotDelivered
from activities.partners.http import PartnerClient
from activities.store.notifications import Outbox
from workflows.parties import Party


class _Receipt(BaseModel):
    model_config = ConfigDict(strict=True)

    key: str


class NoticeSink(PartnerClient):
    """Delivers over HTTP; raises PartnerUnreachable or PartnerConfused, nothing else."""

    NAME = "the notice sink"

    async def deliver(
        self, key: str, *, channel: str, to: Party, locale: str, subject: str, text: str, address: str = ""
    ) -> None:
        """Deliver one notice; the same key again arrives once, and is answered as delivered.

        The service knows its people by role and id; an address is told where we know a better one.
        """
        notice = {"key": key, "channel": channel, "to": to.model_dump(mode="json"), "locale": locale}
        notice |= {"subject": subject, "text": text} | ({"address": address} if address else {})
        answer = await self._partner.call("POST", "/notices", notice, key=key)
        if answer.status not in (200, 201):
            raise self._partner.unexpected(answer)
        if self._partner.read(_Receipt, answer).key != key:
            raise self._partner.confused(f"answered for another notice than {key}")


class ShortMessages:
    """The channel `sms`: the notice service once more, which knows a key it has seen."""

    repeatable = True

    def __init__(self, sink: NoticeSink) -> None:
        self._sink = sink

    async def send(self, letter: Letter) -> None:
        """Send a letter to a telephone; raises NotDelivered."""
        try:
            await self._sink.deliver(
                letter.key, channel="sms", to=letter.to, locale=letter.locale, subject=letter.subject,
                text=letter.text, address=letter.address,
            )  # fmt: skip
        except PartnerUnreachable:
            raise NotDelivered("no answer", lasting=False) from None
        except PartnerConfused:
            # Its own words may quote the number; whoever mends it finds them in the service's log.
            raise NotDelivered("refused", lasting=True) from None


class Sink(Protocol):
    """What brings a finished notice to a person's screen."""

    async def deliver(
        self, key: str, *, channel: str, to: Party, locale: str, subject: str, text: str, address: str = ""
    ) -> None:
        """Deliver one notice; the same key again arrives once."""


class InApp:
    """The last resort: idempotent from end to end, so that it can be tried for ever."""

    def __init__(self, outbox: Outbox, sink: Sink) -> None:
        self._outbox, self._sink = outbox, sink

    async def send(self, letter: Letter) -> None:
        """Deliver a letter; raises PartnerError or a database's error, and is tried again then."""
        await self._outbox.put(letter)
        await self._sink.deliver(
            letter.key,
            channel=IN_APP,
            to=letter.to,
            locale=letter.locale,
            subject=letter.subject,
            text=letter.text,
        )
