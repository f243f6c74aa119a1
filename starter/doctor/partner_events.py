"""How it stands with what partners are told: dead letters, forgotten deliveries, receivers that must not be called."""

from typing import Literal

from activities.partner_events.webhook import NotTaken, Webhooks
from activities.store.partner_events import DeadLetters, Standing
from activities.store.pool import Pool
from starter.client.endpoints import data_dir
from workers.config.settings import SettingsInvalid
from workers.config.subscriptions import ConfiguredSubscriptions, clients_file

Told = tuple[Literal["ok", "warning", "failed"], str]


async def events_stand(pool: Pool) -> Told:
    """Say how events to partners stand, and what to mend."""
    try:
        subscriptions = ConfiguredSubscriptions(clients_file() or data_dir() / "clients.toml")
    except SettingsInvalid as wrong:
        return "failed", str(wrong)
    wrong_ones = await _not_to_be_called(subscriptions)
    standing = await DeadLetters(pool).standing()
    faults = [*wrong_ones, *_left_behind(standing)]
    if faults:
        return "warning", "; ".join(faults)
    return "ok", f"{len(subscriptions.all())} subscriptions, {standing.waiting} events on their way"


async def _not_to_be_called(subscriptions: ConfiguredSubscriptions) -> list[str]:
    found = []
    async with Webhooks() as webhooks:
        for one in subscriptions.all():
            try:
                await webhooks.addresses(one)
            except NotTaken as wrong:
                found.append(f"the receiver of {one.name} {wrong}: mend `events` in the clients file")
    return found


def _left_behind(standing: Standing) -> list[str]:
    found = []
    if standing.dead:
        found.append(f"{standing.dead} dead letters: see `redress events dead-letters`, then `redress events replay`")
    if standing.forgotten:
        found.append(f"nobody tries {standing.forgotten} old events: `redress events replay --all` starts them again")
    return found
