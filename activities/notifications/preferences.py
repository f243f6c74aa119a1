"""Recipients: how somebody wants to be told things, and what holds for those who never said (R1.5, R10.1)."""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from activities.notifications.channels import IN_APP, ChannelName
from activities.notifications.texts import Locale
from workflows.complaint.domain.filing import Contact
from workflows.parties import Party
from workflows.values import BEIJING, ShortText, Value
from workflows.vocabulary import Role

LOCALE: Locale = "zh_CN"
"""Of everybody who never named another."""

_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{3,30}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")

_WAKING: frozenset[ChannelName] = frozenset({"sms", "email"})
"""Channels that make a telephone ring or blink at night; the app is silent, and a robot speaks to a group."""

_FIRST: Mapping[str, ChannelName] = {"survey_reminded": "sms"}
"""Events whose channel the rulebook names: the reminder after 24 h is a short message (R10.1)."""


class QuietHours(Value):
    """Hours of the day in which nobody is to be rung, Beijing time, written `22:00-08:00`; they may cross midnight."""

    begins: time
    ends: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `22:00-08:00`; raises ValueError saying what is wrong."""
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise ValueError("quiet hours are written as 22:00-08:00, Beijing time")
        hours = [int(part) for part in found.groups()]
        begins, ends = time(hours[0], hours[1]), time(hours[2], hours[3])
        if begins == ends:
            raise ValueError("quiet hours that last all day would never end; take the channel off the list instead")
        return cls(begins=begins, ends=ends)

    def over(self, now: datetime) -> datetime | None:
        """Return when the quiet that reigns at that instant is over, None if there is none."""
        local = now.astimezone(BEIJING)
        clock = local.time()
        nightly = self.begins > self.ends
        quiet = (clock >= self.begins or clock < self.ends) if nightly else self.begins <= clock < self.ends
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if clock >= self.ends else 0)
        return datetime.combine(day, self.ends, tzinfo=BEIJING)


NIGHT = QuietHours(begins=time(22), ends=time(8))
"""For buyers and sellers who never named other hours, on the channels that wake people."""


class Wishes(Value):
    """How one recipient wants to be told: what is left out holds as for the role."""

    locale: Locale | None = None
    channels: Annotated[tuple[ChannelName, ...], Field(max_length=6)] | None = None
    """In this order; the app is the last resort, listed or not."""
    addresses: dict[ChannelName, ShortText] = Field(default_factory=dict)
    """A mail address, a telephone number; for a robot its name in the operator's file, never an address of its own."""
    quiet: str | None = None
    """`22:00-08:00`, or `none`."""

    @field_validator("channels", mode="before")
    @classmethod
    def _as_tuple(cls, given: object) -> object:
        return tuple(given) if isinstance(given, list) else given

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.channels is not None and len(set(self.channels)) != len(self.channels):
            raise ValueError("a channel is listed twice")
        if self.quiet is not None and self.quiet != "none":
            QuietHours.parse(self.quiet)
        wrong = [name for name, address in self.addresses.items() if not can_be(name, address)]
        if wrong:
            raise ValueError(f"addresses.{wrong[0]} is not what that channel can write to")
        return self

    @property
    def hours(self) -> QuietHours | None:
        """The quiet hours, None for none or for none said."""
        return None if self.quiet in (None, "none") else QuietHours.parse(self.quiet or "")


def can_be(channel: ChannelName, address: str) -> bool:
    """Tell whether a channel can write to such an address at all: ASCII, one address, no line of its own."""
    if channel == "email":
        return len(address) <= 200 and _MAIL.fullmatch(address) is not None
    if channel == "sms":
        return _PHONE.fullmatch(address) is not None
    return re.fullmatch(r"[!-~]{1,64}", address) is not None


class Way(NamedTuple):
    """One channel with the address on it, empty where the partner knows its people itself."""

    channel: ChannelName
    address: str
    quiet: QuietHours | None

    def __repr__(self) -> str:
        return f"Way({self.channel})"


class Recipient(NamedTuple):
    """One who is told: in which language, and by which ways in order, the app at last."""

    locale: Locale
    ways: tuple[Way, ...]


def recipient(to: Party, event: str, own: Wishes, of_role: Wishes, contact: Contact) -> Recipient:
    """Join what somebody wished, what holds for the role and what the filing says into the ways to take.

    A way without an address that its channel could write to is left out; short messages need none, since the
    partner knows its people by role and id.
    """
    channels = own.channels if own.channels is not None else (of_role.channels or ())
    first = _FIRST.get(event)
    if first and (own.channels is None or first in own.channels):
        channels = (first, *channels)
    ordered = dict.fromkeys((*channels, IN_APP))
    addresses: dict[ChannelName, str] = {**_of_filing(to, contact), **of_role.addresses, **own.addresses}
    ways = (Way(one, addresses.get(one, ""), _quiet(to, one, own, of_role)) for one in ordered)
    reachable = tuple(way for way in ways if way.address or way.channel in _WITHOUT_ADDRESS)
    return Recipient(own.locale or of_role.locale or LOCALE, reachable)


_WITHOUT_ADDRESS: frozenset[ChannelName] = frozenset({IN_APP, "sms"})


def _of_filing(to: Party, contact: Contact) -> dict[ChannelName, str]:
    """Return the buyer's addresses as the filing names them; what is no address there is left out, as is silence."""
    named: dict[ChannelName, str] = {"email": contact.email, "sms": contact.phone}
    return {name: one for name, one in named.items() if to.role is Role.BUYER and can_be(name, one)}


def _quiet(to: Party, channel: ChannelName, own: Wishes, of_role: Wishes) -> QuietHours | None:
    if channel == IN_APP:
        return None
    for wishes in (own, of_role):
        if wishes.quiet is not None:
            return wishes.hours
    return NIGHT if channel in _WAKING and to.role in (Role.BUYER, Role.SELLER) else None
