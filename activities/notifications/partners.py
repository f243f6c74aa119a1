"""Channels over the partners' notice service: the app (idempotent, last resort) and short messages (R10.1)."""

from typing import Protocol

from pydantic import BaseModel, ConfigDict

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.notifications.channels import IN_APP, Delivery, DeliveryFailed
from activities.partners.http import PartnerClient
from activities.store.notifications import Outbox
from workflows.parties import Party


class _Receipt(BaseModel):
    model_config = ConfigDict(strict=True)

    key: str


class NoticeSink(PartnerClient):
    """Client of the notice service; raises PartnerError only."""

    NAME = "the notice sink"

    async def deliver(
        self, key: str, *, channel: str, to: Party, locale: str, subject: str, text: str, address: str = ""
    ) -> None:
        """Deliver one notice; idempotent by key.

        The service addresses people by role and id; `address` overrides that where we know a better one.
        """
        notice = {"key": key, "channel": channel, "to": to.model_dump(mode="json"), "locale": locale}
        notice |= {"subject": subject, "text": text} | ({"address": address} if address else {})
        answer = await self._partner.call("POST", "/notices", notice, key=key)
        if answer.status not in (200, 201):
            raise self._partner.unexpected(answer)
        if self._partner.decode(_Receipt, answer).key != key:
            raise self._partner.protocol_error(f"answered for another notice than {key}")


class ShortMessages:
    """Channel `sms`, over the notice service, which deduplicates by key."""

    idempotent = True

    def __init__(self, sink: NoticeSink) -> None:
        self._sink = sink

    async def send(self, delivery: Delivery) -> None:
        """Send one short message; raises DeliveryFailed."""
        try:
            await self._sink.deliver(
                delivery.key, channel="sms", to=delivery.to, locale=delivery.locale, subject=delivery.subject,
                text=delivery.text, address=delivery.address,
            )  # fmt: skip
        except PartnerUnreachable:
            raise DeliveryFailed("no answer", permanent=False) from None
        except PartnerProtocolError:
            # The service's own text may quote the number; it is in the service's log.
            raise DeliveryFailed("refused", permanent=True) from None


class Sink(Protocol):
    """Port to the notice service."""

    async def deliver(
        self, key: str, *, channel: str, to: Party, locale: str, subject: str, text: str, address: str = ""
    ) -> None:
        """Deliver one notice; idempotent by key."""


class InApp:
    """Channel `in_app`: stores the notice, then hands it to the app; idempotent, so it can be retried for ever."""

    def __init__(self, outbox: Outbox, sink: Sink) -> None:
        self._outbox, self._sink = outbox, sink

    async def send(self, delivery: Delivery) -> None:
        """Store and send; raises PartnerError or a database error, to be retried."""
        await self._outbox.put(delivery)
        await self._sink.deliver(
            delivery.key,
            channel=IN_APP,
            to=delivery.to,
            locale=delivery.locale,
            subject=delivery.subject,
            text=delivery.text,
        )
