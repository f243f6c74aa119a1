"""The app: a notice lies in the outbox for its recipient to find, and is handed to the platform's app at once."""

from typing import Protocol

from activities.notifications.channels import IN_APP, Letter
from activities.store.notifications import Outbox
from workflows.parties import Party


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
