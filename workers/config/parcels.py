"""Who tells this installation of parcels: a setting, read and checked before anything is started."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit

from activities.parcels.kuaidi100.adapter import Account, Kuaidi100
from activities.parcels.kuaidi100.pushes import PushReader
from activities.parcels.partners import CarrierService
from activities.parcels.watch import ParcelPolling, ParcelSubscriber
from activities.store.inbox import Inbox
from activities.store.parcels import Parcels
from activities.store.pool import Pool
from workers.config.settings import Settings, SettingsInvalid

Connects = Callable[[], AbstractAsyncContextManager[CarrierService | Kuaidi100]]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NEEDED = ("kuaidi100_customer", "kuaidi100_key", "kuaidi100_salt", "kuaidi100_callback")


def carriers(settings: Settings) -> Connects:
    """Return how to connect to whoever tells of parcels; raises SettingsInvalid naming every fault."""
    if settings.carrier_provider == "partners":
        return lambda: CarrierService(settings.partners_url)
    account, address = _account(settings), settings.kuaidi100_address
    return lambda: Kuaidi100(account, address)


def watches(settings: Settings, pool: Pool, asked: CarrierService | Kuaidi100) -> Sequence[Callable[..., Any]]:
    """Return the activities that watch parcels over such a connection."""
    parcels = Parcels(pool, Inbox(pool), stamp=not settings.time_skipping)
    return ParcelSubscriber(parcels, asked).watch_parcel, ParcelPolling(parcels, asked).look_at_parcels


def kuaidi100_pushes(settings: Settings) -> PushReader | None:
    """Return what reads kuaidi100's pushes, None where nobody was given a salt to sign them with."""
    salt = settings.kuaidi100_salt
    return PushReader(salt.get_secret_value()) if salt else None


def _account(settings: Settings) -> Account:
    missing = [f"REDRESS_{name.upper()}" for name in _NEEDED if not getattr(settings, name)]
    if missing or settings.kuaidi100_key is None or settings.kuaidi100_salt is None:
        raise SettingsInvalid(f"REDRESS_CARRIER_PROVIDER is kuaidi100, which needs {' and '.join(missing)}: set them")
    for name in ("kuaidi100_address", "kuaidi100_callback"):
        given = urlsplit(getattr(settings, name))
        if given.scheme != "https" and given.hostname not in _LOOPBACK:
            raise SettingsInvalid(f"REDRESS_{name.upper()}: {given.geturl()} is not https; name one that is")
    return Account(
        customer=settings.kuaidi100_customer,
        key=settings.kuaidi100_key.get_secret_value(),
        salt=settings.kuaidi100_salt.get_secret_value(),
        callback=settings.kuaidi100_callback,
    )
