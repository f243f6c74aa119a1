"""What `redress doctor` says of the channels by which people are told things."""

from collections.abc import AsyncIterator

from pydantic import ValidationError

from activities.adapters.mail import Mail, MailServer
from activities.channels import NotDelivered
from starter.checks import Check, failed, fine
from starter.errors import Exit
from workers.channels import chosen
from workers.settings import Settings, SettingsInvalid

_MEND = "mend REDRESS_SMTP_*; until then people are told by the next channel on their list, at last in the app"


async def channels() -> AsyncIterator[Check]:
    """Check every channel that is set up; what is not is no failure, since everybody has the app."""
    try:
        found = chosen(Settings())
    except SettingsInvalid as invalid:
        yield failed("channels", str(invalid))
        return
    except ValidationError:
        return  # told by the check of the configuration
    yield await _mail(found.mail)
    kinds = sorted(robot.kind for robot in found.robots.values())
    # A robot cannot be asked anything without the whole group hearing it.
    robots = f"{', '.join(kinds)}: read, and first tried with the first notice" if kinds else "none (REDRESS_CHANNELS)"
    yield fine("robots", robots)


async def _mail(server: MailServer | None) -> Check:
    if server is None:
        return fine("mail", "nobody is told by e-mail (REDRESS_SMTP_HOST)")
    try:
        await Mail(server).greet()
    except NotDelivered as wrong:
        return failed("mail", f"{server.host}:{server.port} {wrong.why}: {_MEND}", Exit.UNREACHABLE)
    secured = "in the clear" if server.security == "none" else f"encrypted ({server.security})"
    return fine("mail", f"{server.host}:{server.port} lets us in, {secured}")
