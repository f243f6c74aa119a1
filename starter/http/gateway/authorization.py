"""Whose a complaint is: what is somebody else's answers as if it were not there."""

from activities.store.signed_requests import belonging
from starter.http.gateway.context import House
from starter.http.gateway.problems import not_found
from workflows.parties import Party
from workflows.vocabulary import Role


async def require_theirs(house: House, complaint: str, party: Party) -> None:
    """Raise Problem 404 unless a complaint is there and the party has to do with it.

    A filing that was accepted and is not registered yet is the buyer's already; others do not know of it.
    """
    known = await belonging(house.pool, complaint)
    if known is not None:
        if not known.concerns(party):
            raise not_found()
        return
    filed = await house.inbox.filing_of(complaint)
    hidden = party.role in (Role.SELLER, Role.CARRIER) or (party.role is Role.BUYER and filed and filed.sender != party)
    if filed is None or hidden:
        raise not_found()
