"""API clients: who may call, as whom, with which secrets (one TOML file, reloaded on change), and their rate limits."""

import base64
import math
import os
import secrets
import tomllib
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from standardwebhooks import Webhook

from activities.partner_events.subscriptions import Secret, SubscriptionConfig
from starter.client.endpoints import data_dir
from starter.client.errors import WrongUse
from starter.client.filing_input import faults
from starter.client.message_input import senders
from starter.http.gateway.problems import Problem
from workers.config.watched_file import Watched, others_can_read
from workflows.complaint.domain.messages import KINDS
from workflows.parties import Party
from workflows.values import Id
from workflows.vocabulary import PARTIES, STAFF, Role

_MOST_BUCKETS = 20_000
"""The least recently used is dropped first; it has refilled by then."""

_BURST_SECONDS = 10
"""Burst size, in seconds of the rate."""


class Allowance(NamedTuple):
    """Requests per minute: in total, and per complaint."""

    in_all: int
    one_complaint: int


class _Bucket:
    def __init__(self, per_minute: int, now: float) -> None:
        self._rate = per_minute / 60
        self._size = max(self._rate * _BURST_SECONDS, 1.0)
        self._tokens, self._at = self._size, now

    def wait(self, now: float) -> float:
        """Take a token and return 0, or the seconds until there is one."""
        self._tokens = min(self._tokens + max(now - self._at, 0) * self._rate, self._size)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate


class RateLimiter:
    """Token buckets, per process."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str, int], _Bucket] = OrderedDict()

    def take(self, client: str, allowance: Allowance, now: float, complaint: str = "") -> None:
        """Count one request, in total or per complaint; raises Problem 429 with Retry-After."""
        rate = allowance.one_complaint if complaint else allowance.in_all
        key = (client, complaint, rate)
        bucket = self._buckets.pop(key, None) or _Bucket(rate, now)
        self._buckets[key] = bucket
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if seconds := math.ceil(bucket.wait(now)):
            about = f" about {complaint}" if complaint else ""
            text = f"client {client} may send {rate} requests a minute{about}: send it again in {seconds} s"
            raise Problem("too-many", text, headers={"Retry-After": str(seconds)})


_PREFIX = "whsec_"


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

_RESERVED_IDS = frozenset({"alipay", "kuaidi100"})
"""Names under which webhooks with formats of their own are stored and rate limited."""


class Client(BaseModel):
    """An API client: the parties it may act for, the kinds it may send, its secrets and rates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Name
    role: Role
    speaks_for: Literal["all"] | frozenset[Id]
    kinds: Literal["all"] | frozenset[str] = "all"
    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=2, repr=False)]
    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 600
    per_complaint: Annotated[int, Field(ge=1, le=1_000_000)] = 60
    events: SubscriptionConfig | None = None
    """Its subscription to events; read by the worker."""

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.id in _RESERVED_IDS:
            raise ValueError(f"id: {self.id} signs in a form of its own, at a door of its own; take another")
        if self.role is Role.SYSTEM:
            raise ValueError("role system is never accepted from outside (R7.4)")
        if self.kinds != "all" and (wrong := sorted(self.kinds - kinds_of(self.role))):
            raise ValueError(f"kinds: {', '.join(wrong)} cannot come from {self.role}")
        if self.events is not None and not self.of_a_party:
            raise ValueError(f"events: buyer and seller are told (R11.2), not {self.role}")
        return self

    @cached_property
    def keys(self) -> tuple[Webhook, ...]:
        """Keys that verify its signatures."""
        return tuple(Webhook(secret) for secret in self.secrets)

    def may_say(self, kind: str) -> bool:
        """Tell whether it may send messages of that kind."""
        return kind in (kinds_of(self.role) if self.kinds == "all" else self.kinds)

    def speaks_as(self, party: Party) -> bool:
        """Tell whether it may act for that party."""
        return party.role is self.role and (self.speaks_for == "all" or party.id in self.speaks_for)

    @property
    def may_file(self) -> bool:
        """Tell whether it may file: buyers, and staff on their behalf (R1.3)."""
        return self.role is Role.BUYER or self.role in STAFF

    @property
    def of_a_party(self) -> bool:
        """Tell whether it acts for buyers or sellers."""
        return self.role in PARTIES

    @property
    def allowance(self) -> Allowance:
        """Its rate limits."""
        return Allowance(self.per_minute, self.per_complaint)


def kinds_of(role: Role) -> frozenset[str]:
    """Return the kinds of message a role may send, by the rules."""
    return frozenset(kind for kind in KINDS if role in senders(kind))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clients: list[Client] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.id for one in self.clients]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} occurs twice")
        return self


def read(path: Path) -> Mapping[str, Client]:
    """Load the clients file; raises WrongUse listing every fault."""
    try:
        if others_can_read(path):
            raise WrongUse(f"{path} holds secrets and others can read it: chmod 600 {path}")
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        return {one.id: one for one in _File.model_validate(given).clients}
    except ValidationError as wrong:
        raise WrongUse(f"{path}: {'; '.join(faults(wrong))}") from None
    except (OSError, ValueError) as wrong:
        raise WrongUse(f"{path} cannot be read ({wrong}): mend it, or name another by REDRESS_CLIENTS") from None


def clients_file() -> Path:
    """Return the path of the clients file: REDRESS_CLIENTS, else the embedded stack's."""
    named = os.environ.get("REDRESS_CLIENTS")
    return Path(named).expanduser() if named else data_dir() / "clients.toml"


class Clients:
    """The clients, reloaded when the file changes; an invalid file keeps the last valid state."""

    def __init__(self, path: Path) -> None:
        """Load the file; raises WrongUse."""
        self._file = Watched(path, read)

    def get(self, name: str) -> Client | None:
        """Return the client of that name."""
        return self._file.now().get(name)


_STACK_CLIENTS = (
    ("buyer-app", Role.BUYER, '"all"'),
    ("seller-app", Role.SELLER, '"all"'),
    *((f"desk-{role.replace('_', '-')}", role, '"all"') for role in (*sorted(STAFF), Role.DEPARTMENT)),
    ("sf", Role.CARRIER, '["sf"]'),
    ("yto", Role.CARRIER, '["yto"]'),
    ("sandbox-pay", Role.PAYMENT, '["sandbox-pay"]'),
)
_HEAD = """\
# The programs that may speak at the doors of this stack; read again whenever it changes.
# speaks_for: "all", or a list of ids; kinds: "all" of its role, or a list; secrets: one, or two while one is replaced.
"""


def make(path: Path) -> None:
    """Write a clients file with fresh secrets for an embedded stack, mode 600, unless it exists."""
    if path.exists():
        return
    parts = [_HEAD]
    for name, role, whom in _STACK_CLIENTS:
        secret = _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        lines = (f'id = "{name}"', f'role = "{role}"', f"speaks_for = {whom}", f'secrets = ["{secret}"]')
        parts.append("\n".join(("[[clients]]", *lines, "per_minute = 60000", "per_complaint = 600", "")))
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write("\n".join(parts))
    fresh.replace(path)
