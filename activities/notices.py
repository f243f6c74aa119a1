"""Notices: what happened, worded for the one who is told, delivered once (R1.5, R7.2, R10.1, R10.3)."""

from typing import Protocol

from temporalio import activity

from activities.attempts import attempt
from activities.telling import NOTIFY
from activities.texts import Locale, render
from workflows.domain.filing import Party
from workflows.domain.records import Notice

LOCALE: Locale = "zh_CN"
"""Of everybody, until recipients have preferences of their own."""

CHANNEL = "in_app"


class Sink(Protocol):
    """What brings a finished notice to a person."""

    async def deliver(self, key: str, *, channel: str, to: Party, locale: str, subject: str, text: str) -> None:
        """Deliver one notice; the same key again arrives once."""


class Notices:
    """Implements the standalone activity `notify`."""

    def __init__(self, sink: Sink, *, locale: Locale = LOCALE, channel: str = CHANNEL) -> None:
        self._sink, self._locale, self._channel = sink, locale, channel

    @activity.defn(name=NOTIFY)
    async def notify(self, notice: Notice) -> None:
        """Word a notice and deliver it; an event without a text of its own is told in general words."""
        with attempt(notice.complaint) as this:
            subject, text = render(notice, self._locale)
            await self._sink.deliver(
                notice.key, channel=self._channel, to=notice.to, locale=self._locale, subject=subject, text=text
            )
            this.outcome = notice.event
