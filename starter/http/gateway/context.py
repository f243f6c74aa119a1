"""What the doors need: the clients, the inbox, the record, the complaints themselves, the clock, the limits."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from activities.parcels.kuaidi100.pushes import PushReader
from activities.payments.alipay.notifications import Notifications
from activities.store.case_files import CaseFiles
from activities.store.inbox import Inbox
from activities.store.parcels import Parcels
from activities.store.pool import Pool
from activities.store.signed_requests import Requests
from starter.client.complaints import Complaints
from starter.http.gateway.clients import Clients, Limits
from starter.http.gateway.signed_requests import BODY_SECONDS


@dataclass
class Look:
    """What was seen at the last look, and until when all are answered that: strangers cost one look a second."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = 0.0
    database: bool = False


@dataclass(frozen=True, kw_only=True)
class House:
    """One gateway process; `clock` gives seconds since 1970, `stamps` is false where time is skipped (contract).

    `patience` is how many seconds a body may take to arrive.
    """

    clients: Clients
    pool: Pool
    complaints: Complaints
    stamps: bool = True
    kuaidi100: PushReader | None = None
    alipay: Notifications | None = None
    clock: Callable[[], float] = time.time
    patience: float = BODY_SECONDS
    limits: Limits = field(default_factory=Limits)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something was accepted, for whoever delivers it."""
    look: Look = field(default_factory=Look)
    """Whether the database answers, for whoever asks without having signed."""

    @property
    def inbox(self) -> Inbox:
        """Where what is accepted is kept."""
        return Inbox(self.pool, self.arrived.set)

    @property
    def parcels(self) -> Parcels:
        """What carriers say, and who waits for it."""
        return Parcels(self.pool, self.inbox, stamp=self.stamps)

    @property
    def cases(self) -> CaseFiles:
        """The record."""
        return CaseFiles(self.pool)

    @property
    def requests(self) -> Requests:
        """The ids of signed requests that keep nothing in the inbox."""
        return Requests(self.pool)
