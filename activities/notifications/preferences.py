"""Notification preferences: locale, channels in order, addresses, quiet hours; defaults by role (R1.5, R10.1)."""

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

DEFAULT_LOCALE: Locale = "zh_CN"
"""Of recipients without a preference."""

_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{3,30}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")

_INTRUSIVE: frozenset[ChannelName] = frozenset({"sms", "email"})
"""Channels with quiet hours by default: they make a phone ring. The app is silent, chat bots write to groups."""

_PREFERRED_BY_EVENT: Mapping[str, ChannelName] = {"survey_reminded": "sms"}
"""Events whose channel the rulebook names: the survey reminder is a short message (R10.1)."""


class QuietHours(Value):
    """Daily hours, Beijing time, in which a channel is not used, written `22:00-08:00`; may cross midnight."""

    begins: time
    ends: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `22:00-08:00`; raises ValueError."""
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise ValueError("quiet hours are written as 22:00-08:00, Beijing time")
        hours = [int(part) for part in found.groups()]
        begins, ends = time(hours[0], hours[1]), time(hours[2], hours[3])
        if begins == ends:
            raise ValueError("quiet hours that last all day would never end; take the channel off the list instead")
        return cls(begins=begins, ends=ends)

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours around that instant end, None outside of them."""
        local = now.astimezone(BEIJING)
        clock = local.time()
        nightly = self.begins > self.ends
        quiet = (clock >= self.begins or clock < self.ends) if nightly else self.begins <= clock < self.ends
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if clock >= self.ends else 0)
        return datetime.combine(day, self.ends, tzinfo=BEIJING)


DEFAULT_QUIET_HOURS = QuietHours(begins=time(22), ends=time(8))
"""For buyers and sellers without a preference, on intrusive channels."""


class Preferences(Value):
    """Preferences of one recipient; a missing field falls back to the role's default."""

    locale: Locale | None = None
    channels: Annotated[tuple[ChannelName, ...], Field(max_length=6)] | None = None
    """In order of preference; the app is always the last one, listed or not."""
    addresses: dict[ChannelName, ShortText] = Field(default_factory=dict)
    """Mail address, phone number; for a chat bot its name in the operator's file, never a URL."""
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
        wrong = [name for name, address in self.addresses.items() if not is_address_of(name, address)]
        if wrong:
            raise ValueError(f"addresses.{wrong[0]} is not what that channel can write to")
        return self

    @property
    def hours(self) -> QuietHours | None:
        """The quiet hours; None for `none` and for no preference."""
        return None if self.quiet in (None, "none") else QuietHours.parse(self.quiet or "")


def is_address_of(channel: ChannelName, address: str) -> bool:
    """Tell whether an address is well formed for a channel: ASCII, one address, no line break."""
    if channel == "email":
        return len(address) <= 200 and _MAIL.fullmatch(address) is not None
    if channel == "sms":
        return _PHONE.fullmatch(address) is not None
    return re.fullmatch(r"[!-~]{1,64}", address) is not None


class Route(NamedTuple):
    """A channel with the recipient's address; empty where the channel addresses people by id."""

    channel: ChannelName
    address: str
    quiet: QuietHours | None

    def __repr__(self) -> str:
        return f"Route({self.channel})"


class Recipient(NamedTuple):
    """Locale of a recipient, and the routes to attempt in order, the app last."""

    locale: Locale
    routes: tuple[Route, ...]


def resolve_recipient(
    to: Party, event: str, own: Preferences, role_default: Preferences, contact: Contact
) -> Recipient:
    """Combine preferences, role defaults and the filing's contact into the routes to attempt.

    A channel without a usable address is left out; short messages need none: the partner addresses people by id.
    """
    channels = own.channels if own.channels is not None else (role_default.channels or ())
    first = _PREFERRED_BY_EVENT.get(event)
    if first and (own.channels is None or first in own.channels):
        channels = (first, *channels)
    ordered = dict.fromkeys((*channels, IN_APP))
    addresses: dict[ChannelName, str] = {**_contact_addresses(to, contact), **role_default.addresses, **own.addresses}
    routes = (Route(one, addresses.get(one, ""), _quiet_hours(to, one, own, role_default)) for one in ordered)
    reachable = tuple(route for route in routes if route.address or route.channel in _ADDRESSED_BY_ID)
    return Recipient(own.locale or role_default.locale or DEFAULT_LOCALE, reachable)


_ADDRESSED_BY_ID: frozenset[ChannelName] = frozenset({IN_APP, "sms"})


def _contact_addresses(to: Party, contact: Contact) -> dict[ChannelName, str]:
    """Return the addresses in the buyer's filing; malformed ones are left out."""
    named: dict[ChannelName, str] = {"email": contact.email, "sms": contact.phone}
    return {name: one for name, one in named.items() if to.role is Role.BUYER and is_address_of(name, one)}


def _quiet_hours(to: Party, channel: ChannelName, own: Preferences, role_default: Preferences) -> QuietHours | None:
    if channel == IN_APP:
        return None
    for preferences in (own, role_default):
        if preferences.quiet is not None:
            return preferences.hours
    return DEFAULT_QUIET_HOURS if channel in _INTRUSIVE and to.role in (Role.BUYER, Role.SELLER) else None
