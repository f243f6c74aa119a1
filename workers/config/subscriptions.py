"""Who subscribes to events: read from the clients file, of which the gateway reads the rest."""

import os
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks import Webhook

from activities.partner_events.subscriptions import Secret, Subscription, SubscriptionConfig
from workers.config.settings import SettingsInvalid
from workers.config.watched_file import Watched, others_can_read
from workflows.parties import Party
from workflows.vocabulary import PARTIES, Role


class _Client(BaseModel):
    """What the worker needs to know of a client; the gateway checks the rest."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: str
    role: Role
    speaks_for: Literal["all"] | frozenset[str]
    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=2, repr=False)]
    events: SubscriptionConfig | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    clients: list[_Client] = Field(default_factory=list)


class _Known:
    """The subscriptions of one reading of the file."""

    def __init__(self, clients: Sequence[_Client] = ()) -> None:
        self.by_name: dict[str, Subscription] = {}
        self.of_all: Mapping[Role, list[Subscription]] = defaultdict(list)
        self.of_party: Mapping[tuple[Role, str], list[Subscription]] = defaultdict(list)
        for client in clients:
            if client.events is not None and client.role in PARTIES:
                self._add(client, Subscription(client.id, client.events, tuple(map(Webhook, client.secrets))))

    def _add(self, client: _Client, one: Subscription) -> None:
        self.by_name[client.id] = one
        if client.speaks_for == "all":
            self.of_all[client.role].append(one)
        else:
            for party in client.speaks_for:
                self.of_party[client.role, party].append(one)


class ConfiguredSubscriptions:
    """The subscriptions as the clients file says just now."""

    def __init__(self, path: Path | None) -> None:
        """Read the file; raises SettingsInvalid. Without one, and until it is made, nobody subscribes."""
        # The gateway of a stack makes its file at its first start; one that is named must be there.
        until_made = None if os.environ.get("REDRESS_CLIENTS") else _Known()
        self._file = Watched(path, _read, until_made=until_made) if path else None

    def any_configured(self) -> bool:
        """Say whether there is any."""
        return bool(self._known.by_name)

    def all(self) -> Sequence[Subscription]:
        """Return every subscription."""
        return tuple(self._known.by_name.values())

    def of(self, party: Party) -> Sequence[Subscription]:
        """Return those that are told of the complaints of that party."""
        known = self._known
        return (*known.of_all.get(party.role, ()), *known.of_party.get((party.role, party.id), ()))

    def get(self, name: str) -> Subscription | None:
        """Return the subscription of that name."""
        return self._known.by_name.get(name)

    @property
    def _known(self) -> _Known:
        return self._file.now() if self._file else _Known()


def clients_file() -> Path | None:
    """Return the clients file: REDRESS_CLIENTS, else that of the stack this process belongs to, else None."""
    if named := os.environ.get("REDRESS_CLIENTS"):
        return Path(named).expanduser()
    home = os.environ.get("REDRESS_DATA_DIR")
    return Path(home) / "clients.toml" if home else None


def _read(path: Path) -> _Known:
    try:
        if others_can_read(path):
            raise SettingsInvalid(f"{path} holds secrets and others can read it: chmod 600 {path}")
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        return _Known(_File.model_validate(given).clients)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False, include_context=False)
        places = [f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}" for one in found]
        raise SettingsInvalid(f"{path}: {'; '.join(places)}") from None
    except (OSError, ValueError) as wrong:
        raise SettingsInvalid(f"{path} cannot be read ({wrong}): mend it, or name another by REDRESS_CLIENTS") from None
