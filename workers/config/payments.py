"""Which payment provider this worker pays with: a setting, read and checked before anything is started."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from activities.payments.alipay.adapter import Alipay, HeldFunds
from activities.payments.alipay.gateway import App
from activities.payments.alipay.notifications import Notifications
from activities.payments.alipay.signing import AlipayKey, AppKey, Certificates, KeyInvalid
from activities.payments.partners import PaymentProvider
from workers.config.settings import Settings, SettingsInvalid

Connects = Callable[[HeldFunds], AbstractAsyncContextManager[PaymentProvider | Alipay]]
"""Connects to the provider, given our own books of held money for one that does not keep it apart."""

_ACCOUNT = re.compile(r"2088[0-9]{12}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SELLERS = TypeAdapter(dict[str, str])


def payment_provider(settings: Settings) -> Connects:
    """Return how to connect to the provider that was chosen; raises SettingsInvalid naming every fault.

    Keys are read here, once, from files: they are in no setting, and no text of ours quotes them.
    """
    if settings.payment_provider == "partners":
        return lambda _: PaymentProvider(settings.partners_url, signer=settings.signer())
    app, sellers = _app(settings), _sellers(settings.alipay_sellers)
    scene, gateway = settings.alipay_transfer_scene, settings.alipay_gateway
    return lambda held: Alipay(app, held, sellers, scene=scene, gateway=gateway)


def alipay_notifications(settings: Settings) -> Notifications | None:
    """Return what reads Alipay's notifications, None where nobody pays over Alipay; raises SettingsInvalid."""
    if settings.payment_provider != "alipay":
        return None
    if not settings.alipay_app_id or settings.alipay_public_key is None:
        raise SettingsInvalid("Alipay's notifications need REDRESS_ALIPAY_APP_ID and REDRESS_ALIPAY_PUBLIC_KEY")
    try:
        return Notifications(settings.alipay_app_id, AlipayKey.read(settings.alipay_public_key))
    except KeyInvalid as wrong:
        raise SettingsInvalid(f"a file named by REDRESS_ALIPAY_*: {wrong}") from None


def _app(settings: Settings) -> App:
    app_key, public_key = settings.alipay_app_key, settings.alipay_public_key
    if not settings.alipay_app_id or app_key is None or public_key is None:
        raise SettingsInvalid(
            "REDRESS_PAYMENT_PROVIDER is alipay, which needs REDRESS_ALIPAY_APP_ID, REDRESS_ALIPAY_APP_KEY and "
            "REDRESS_ALIPAY_PUBLIC_KEY: set all three"
        )
    address = urlsplit(settings.alipay_gateway)
    if address.scheme != "https" and address.hostname not in _LOOPBACK:
        raise SettingsInvalid(f"REDRESS_ALIPAY_GATEWAY: {settings.alipay_gateway} is not https; name one that is")
    try:
        key = AppKey.read(app_key)
        return App(settings.alipay_app_id, key, AlipayKey.read(public_key), _certificates(settings, public_key, key))
    except KeyInvalid as wrong:
        raise SettingsInvalid(f"a file named by REDRESS_ALIPAY_*: {wrong}") from None


def _certificates(settings: Settings, alipay: Path, key: AppKey) -> Certificates | None:
    app, roots = settings.alipay_app_cert, settings.alipay_root_cert
    if app is None and roots is None:
        return None
    if app is None or roots is None:
        raise SettingsInvalid("REDRESS_ALIPAY_APP_CERT and REDRESS_ALIPAY_ROOT_CERT belong together: set both or none")
    return Certificates.read(app, roots, alipay, key)


def _sellers(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        sellers = _SELLERS.validate_json(path.read_bytes())
    except OSError as wrong:
        raise SettingsInvalid(f"REDRESS_ALIPAY_SELLERS: {path}: {wrong.strerror}") from None
    except ValidationError:
        raise SettingsInvalid(f'REDRESS_ALIPAY_SELLERS: {path} is no JSON object {{"seller id": "2088…"}}') from None
    if strange := sorted(seller for seller, account in sellers.items() if not _ACCOUNT.fullmatch(account)):
        raise SettingsInvalid(
            f"REDRESS_ALIPAY_SELLERS: {path}: no account of 16 digits beginning with 2088: {', '.join(strange[:5])}"
        )
    return sellers
