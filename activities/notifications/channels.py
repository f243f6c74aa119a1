"""Channels: the ways by which a notice can reach somebody, and what each of them can answer."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol, get_args

from workflows.parties import Party

ChannelName = Literal["in_app", "email", "sms", "dingtalk", "wecom", "feishu"]
CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)

IN_APP: ChannelName = "in_app"
"""The last resort of everybody: silent, idempotent, and never given up."""

_LONGEST_KEY = 128


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A notice in its final words for one channel; where it goes and what it says stay out of every text about it."""

    key: str
    """Unique per channel: what a partner, or a mail reader, knows a repetition by."""
    complaint: str
    event: str
    to: Party
    address: str = field(default="", repr=False)
    locale: str
    subject: str = field(repr=False)
    text: str = field(repr=False)


class NotDelivered(Exception):  # noqa: N818 - named as the news it brings
    """Proven: it did not arrive. `lasting` means that trying again cannot help, as for an address nobody has.

    `why` is a code for the record, such as `550` or `errcode 310000`; never an address, never a partner's own words.
    """

    def __init__(self, why: str, *, lasting: bool) -> None:
        super().__init__(why)
        self.why, self.lasting = why, lasting


class Undecided(Exception):  # noqa: N818 - named as the news it brings
    """It may have arrived, and nobody can say: never tried again on a channel that does not know a repetition."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Channel(Protocol):
    """One way to people."""

    repeatable: bool
    """The other side knows a key it has seen: sending again after a doubt arrives once."""

    async def send(self, letter: Letter) -> None:
        """Deliver a letter; raises NotDelivered or Undecided, and nothing else."""


def key_on(channel: ChannelName, key: str) -> str:
    """Return the key of a notice on one channel: its own in the app, and one made of it on every other."""
    if channel == IN_APP:
        return key
    named = f"{key}:{channel}"
    if len(named) <= _LONGEST_KEY:
        return named
    return f"{key[:80]}:{sha256(key.encode()).hexdigest()[:32]}:{channel}"
