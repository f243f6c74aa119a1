"""The checks of `redress doctor` in order, and those of the configuration itself: settings, policy, calendar."""

import os
from collections.abc import AsyncIterator
from datetime import date, timedelta

from pydantic import ValidationError

from starter.client.endpoints import find
from starter.client.errors import ClientError
from starter.doctor import Check, failed, ok
from starter.doctor.backends import codec, database, gateway, temporal, with_usable_key_ring
from starter.doctor.partners import carriers, channels, partners_answer, payments, uses_partners
from workers.config import parcels
from workers.config.payments import payment_provider
from workers.config.settings import Settings, SettingsInvalid
from workflows.policy.loading import PolicyInvalid, load, packaged
from workflows.time.calendar import Calendar

_AHEAD = timedelta(days=60)


async def checks(today: date) -> AsyncIterator[Check]:
    """Run every check in order; what cannot be checked because of an earlier failure is left out."""
    for part in (channels(), _system(today), gateway()):
        async for check in part:
            yield check


async def _system(today: date) -> AsyncIterator[Check]:
    for check in (_settings(), *_rulebook(today)):
        yield check
    try:
        endpoints = find()
    except ClientError as wrong:
        yield failed("whereabouts", wrong)
        return
    endpoints, unusable = with_usable_key_ring(endpoints)
    async for check in temporal(endpoints):
        yield check
    async for check in database(endpoints, unusable):
        yield check
    if endpoints.codec:
        yield await codec(endpoints.codec)
    partners = await partners_answer(endpoints)
    yield partners
    if partners.state == "ok" and endpoints.partners and uses_partners("PAYMENT"):
        yield await payments(endpoints.partners, endpoints.payment_secret)
    if partners.state == "ok" and endpoints.partners and uses_partners("CARRIER"):
        yield await carriers(endpoints.partners)


def _settings() -> Check:
    try:
        settings = Settings()
        payment_provider(settings)
        parcels.carriers(settings)
    except SettingsInvalid as invalid:
        return failed("configuration", str(invalid))
    except ValidationError as invalid:
        wrong = [f"REDRESS_{str(one['loc'][0]).upper()}: {one['msg']}" for one in invalid.errors(include_url=False)]
        return failed("configuration", f"{'; '.join(wrong)}; mend these variables")
    return ok("configuration", "every REDRESS_* setting can be read")


def _rulebook(today: date) -> tuple[Check, ...]:
    own = os.environ.get("REDRESS_POLICY")
    try:
        rulebook = load(own) if own else packaged()
    except PolicyInvalid as invalid:
        return (failed("policy", f"{'; '.join(invalid.faults)}; mend the file, or unset REDRESS_POLICY"),)
    policy, staff = rulebook.policy.version, rulebook.staff.version
    return ok("policy", f"version {policy}, staff table {staff}"), coverage(rulebook.calendar, today)


def coverage(calendar: Calendar, today: date) -> Check:
    """Say how long the calendar stands on published days (R7.6)."""
    until = f"version {calendar.version} is published up to {calendar.published_to}"
    mend = "install a release with a newer calendar, or name your own calendar.toml by REDRESS_POLICY"
    if today > calendar.published_to:
        return Check("calendar", "warning", f"{until}, which is past: every due date is provisional; {mend}")
    if today + _AHEAD > calendar.published_to:
        return Check("calendar", "warning", f"{until}: due dates after that are provisional; {mend}")
    return ok("calendar", until)
