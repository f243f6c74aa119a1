"""What `redress doctor` says of carriers: whether they answer, and whether any parcel is left unwatched (R6.4)."""

from datetime import timedelta
from typing import Literal, NamedTuple

from activities.errors import PartnerError, PartnerUnreachable
from activities.parcels.partners import CarrierService
from activities.store.parcels import under_way
from activities.store.pool import Pool
from workflows.complaint.domain.parcels import Parcel

_NEVER_SENT = Parcel(complaint="doctor", leg="return", carrier="doctor", tracking="never-sent")

_LOOKS_WITHIN = timedelta(hours=1)
"""A parcel is looked at within a quarter of an hour; one that was not after an hour has a carrier that fails."""

_SILENT_FOR = timedelta(hours=8)
"""Nothing is heard or asked for so long only where the looks fail: they come after six hours."""


class Said(NamedTuple):
    """How it stands, in words."""

    state: Literal["ok", "warning", "failed"]
    text: str
    reached: bool = True


async def parcels_stand(pool: Pool) -> Said:
    """Say how many parcels are on their way, and whether their carriers were asked."""
    parcels = await under_way(pool, _LOOKS_WITHIN, _SILENT_FOR)
    if not parcels.there:
        return Said("ok", "none is on its way")
    if parcels.unwatched:
        text = f"{parcels.unwatched} of {parcels.there} on their way, and no carrier tells of them"
        return Said(
            "warning", f"{text}: see the activities `watch_parcel` and the schedule `ParcelWatch` in the web UI"
        )
    doubtful = f"; {parcels.doubtful} of them doubtful, as their handlers were told" if parcels.doubtful else ""
    return Said("ok", f"{parcels.there} on their way, all of them watched{doubtful}")


async def carriers_answer(partners: str) -> Said:
    """Ask the partners' carriers about a parcel that nobody ever sent."""
    try:
        async with CarrierService(partners) as service:
            await service.look_up(_NEVER_SENT)
    except PartnerUnreachable as wrong:
        return Said("failed", str(wrong), reached=False)
    except PartnerError as wrong:
        return Said("failed", str(wrong))
    return Said("ok", "answers what is known of a parcel")
