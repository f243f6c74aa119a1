"""Dependencies of the resources: clients, inbox, record, client library, clock, rate limiter."""

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
from starter.http.gateway.clients import Clients, RateLimiter
from starter.http.gateway.signed_requests import BODY_SECONDS


@dataclass
class HealthCache:
    """Cached result of the health check, so that anonymous requests cause at most one query a second."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = 0.0
    database: bool = False


@dataclass(frozen=True, kw_only=True)
class GatewayContext:
    """One gateway process; `clock` returns seconds since 1970, `stamps` is false on time-skipping stacks (contract).

    `body_seconds`: timeout for receiving a body.
    """

    clients: Clients
    pool: Pool
    complaints: Complaints
    stamps: bool = True
    kuaidi100: PushReader | None = None
    alipay: Notifications | None = None
    clock: Callable[[], float] = time.time
    body_seconds: float = BODY_SECONDS
    limits: RateLimiter = field(default_factory=RateLimiter)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a message is accepted; wakes the dispatcher."""
    health: HealthCache = field(default_factory=HealthCache)
    """Whether the database answers."""

    @property
    def inbox(self) -> Inbox:
        """The inbox."""
        return Inbox(self.pool, self.arrived.set)

    @property
    def parcels(self) -> Parcels:
        """Parcels and their events."""
        return Parcels(self.pool, self.inbox, stamp=self.stamps)

    @property
    def cases(self) -> CaseFiles:
        """The record."""
        return CaseFiles(self.pool)

    @property
    def requests(self) -> Requests:
        """Ids of signed requests that leave nothing in the inbox."""
        return Requests(self.pool)
