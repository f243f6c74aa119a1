"""Which channels this worker tells people by: settings and one file, read and checked before anything is started."""

import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import httpx2
from pydantic import Field, ValidationError

from activities.notifications.channels import Channel, ChannelName
from activities.notifications.delivery import NoticeDelivery
from activities.notifications.mail import Mail, MailServer
from activities.notifications.partners import InApp, NoticeSink, ShortMessages
from activities.notifications.preferences import Preferences, is_address_of
from activities.notifications.robots import Robot, Robots
from activities.store.notifications import Outbox
from activities.store.pool import Pool
from workers.config.settings import Settings, SettingsInvalid
from workflows.values import Value
from workflows.vocabulary import Role

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class _RobotNamed(Value):
    kind: Literal["dingtalk", "wecom", "feishu"]
    url: str = Field(pattern=r"^https?://[!-~]+$")
    secret: str = ""


class _Named(Value):
    """The file: robots by name, and what holds for a role where its members said nothing."""

    robots: dict[str, _RobotNamed] = Field(default_factory=dict)
    roles: dict[str, Preferences] = Field(default_factory=dict)


class Chosen(NamedTuple):
    """What is set up: a mail server or none, robots by name, wishes by role."""

    mail: MailServer | None
    robots: Mapping[str, Robot]
    of_roles: Mapping[Role, Preferences]


def chosen(settings: Settings) -> Chosen:
    """Return the channels that are set up; raises SettingsInvalid saying what to mend, without quoting a secret."""
    named = _named(settings.channels)
    robots = {name: Robot(one.kind, one.url, one.secret) for name, one in named.robots.items()}
    strange = sorted(set(named.roles) - set(Role))
    if strange:
        raise SettingsInvalid(f"REDRESS_CHANNELS: there is no role {strange[0]}; the roles are {', '.join(Role)}")
    for role, wishes in named.roles.items():
        for kind, name in wishes.addresses.items():
            if kind in ("dingtalk", "wecom", "feishu") and (name not in robots or robots[name].kind != kind):
                raise SettingsInvalid(f"REDRESS_CHANNELS: roles.{role} names no {kind} robot of the file: {name}")
    return Chosen(_mail_server(settings), robots, {Role(role): one for role, one in named.roles.items()})


def _named(path: Path | None) -> _Named:
    if path is None:
        return _Named()
    try:
        if path.stat().st_mode & 0o007:
            raise SettingsInvalid(f"REDRESS_CHANNELS: {path} holds secrets that others can read: chmod 600 {path}")
        return _Named.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as wrong:
        raise SettingsInvalid(f"REDRESS_CHANNELS: {path}: {wrong.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SettingsInvalid(f"REDRESS_CHANNELS: {path} is not TOML; README, Notices, shows one") from None
    except ValidationError as wrong:
        faults = wrong.errors(include_url=False, include_input=False, include_context=False)
        places = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults[:5])
        raise SettingsInvalid(f"REDRESS_CHANNELS: {path}: {places}") from None


def _mail_server(settings: Settings) -> MailServer | None:
    if not settings.smtp_host:
        return None
    if not is_address_of("email", settings.smtp_from):
        raise SettingsInvalid("REDRESS_SMTP_FROM: name the address that mail comes from, such as care@shop.example")
    secret = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    if bool(secret) != bool(settings.smtp_user):
        raise SettingsInvalid("REDRESS_SMTP_USER and REDRESS_SMTP_PASSWORD belong together: set both or none")
    if secret and settings.smtp_security == "none" and settings.smtp_host not in _LOOPBACK:
        raise SettingsInvalid("REDRESS_SMTP_SECURITY: a password goes over an encrypted line only: starttls or tls")
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port or _PORTS[settings.smtp_security],
        security=settings.smtp_security,
        sender=settings.smtp_from,
        user=settings.smtp_user or None,
        password=secret,
        ca=settings.smtp_ca,
    )


@asynccontextmanager
async def notices_over(settings: Settings, pool: Pool) -> AsyncIterator[NoticeDelivery]:
    """Open every channel that is set up, and close them at the end; raises SettingsInvalid."""
    found = chosen(settings)
    async with AsyncExitStack() as opened:
        sink = await opened.enter_async_context(NoticeSink(settings.partners_url))
        client = await opened.enter_async_context(httpx2.AsyncClient(trust_env=False))
        channels: dict[ChannelName, Channel] = {"sms": ShortMessages(sink)}
        if found.mail is not None:
            channels["email"] = Mail(found.mail)
        for robot in found.robots.values():
            channels[robot.kind] = Robots(robot.kind, found.robots, client)
        yield NoticeDelivery(
            pool, InApp(Outbox(pool), sink), channels, found.of_roles, quiet=not settings.time_skipping
        )
