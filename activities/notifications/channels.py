"""Channels: what a channel is, and the outcomes of one delivery: sent, failed, unknown."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol, get_args

from activities.errors import ActivitiesError
from workflows.parties import Party

ChannelName = Literal["in_app", "email", "sms", "dingtalk", "wecom", "feishu"]
CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)

IN_APP: ChannelName = "in_app"
"""Everybody's last resort: idempotent and retried for ever; it makes no sound."""

_LONGEST_KEY = 128


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A rendered notice for one channel; address, subject and text are kept out of logs and errors (`repr=False`)."""

    key: str
    """Idempotency key, unique per channel."""
    complaint: str
    event: str
    to: Party
    address: str = field(default="", repr=False)
    locale: str
    subject: str = field(repr=False)
    text: str = field(repr=False)


class DeliveryFailed(ActivitiesError):  # noqa: N818 - pairs with DeliveryUnknown
    """It was not delivered, for certain. `permanent`: a retry cannot succeed, for example an unknown address.

    `why` is a code for the record, such as `550` or `errcode 310000`; never an address or a partner's own text.
    """

    def __init__(self, why: str, *, permanent: bool) -> None:
        super().__init__(why)
        self.why, self.permanent = why, permanent


class DeliveryUnknown(ActivitiesError):  # noqa: N818 - an outcome
    """It may have been delivered: not retried on a channel that is not idempotent."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Channel(Protocol):
    """One channel, such as e-mail."""

    idempotent: bool
    """Whether the receiving side deduplicates by key, so that a send with unknown outcome may be repeated."""

    async def send(self, delivery: Delivery) -> None:
        """Send once; raises DeliveryFailed or DeliveryUnknown only."""


def delivery_key(channel: ChannelName, key: str) -> str:
    """Return the idempotency key of a notice on a channel (at most 128 characters); in the app it is its own."""
    if channel == IN_APP:
        return key
    named = f"{key}:{channel}"
    if len(named) <= _LONGEST_KEY:
        return named
    return f"{key[:80]}:{sha256(key.encode()).hexdigest()[:32]}:{channel}"
