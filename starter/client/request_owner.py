"""Who files first under a request has it: what the inbox holds of it, and what is told to others at the gateway."""

import json
from typing import NamedTuple

from pydantic import ValidationError

from activities.store.inbox import Inbox
from activities.store.pool import Pool
from activities.store.signed_requests import belonging
from starter.client.errors import Unreachable
from starter.client.results import Opened
from workflows import wire
from workflows.answers import Code, Refusal
from workflows.complaint.domain.filing import Filing
from workflows.vocabulary import Phase


class Accepted(NamedTuple):
    """A filing that a gateway has accepted, under its number, and has not delivered yet."""

    filing: Filing
    number: str
    received_at: str | None


async def accepted_first(pool: Pool, request_id: str) -> Accepted | None:
    """Return the filing that waits in the inbox under that request; raises Unreachable for one of a newer release."""
    row = await Inbox(pool).filed(request_id)
    if row is None or row.state != "accepted":
        return None
    try:
        filing = Filing.model_validate_json(json.dumps(row.message))
    except ValidationError:
        text = f"request {request_id} waits for a gateway of the release that accepted it: this one does not read it"
        raise Unreachable(text) from None
    return Accepted(filing, row.complaint, row.stamped.get(wire.RECEIVED_AT))


async def unless_somebody_elses(pool: Pool, opened: Opened, filing: Filing) -> Opened:
    """Return how a filing was taken, or its refusal where the complaint under that request is somebody else's.

    A gateway promises a number before it can ask Temporal who has filed there, by the command line, a moment ago.
    """
    known = await belonging(pool, opened.complaint)
    if known is None or known.filed_by == filing.filed_by:
        return opened
    text = f"request_id {filing.request_id} was used by somebody else: file under a fresh one"
    refusal = Refusal(code=Code.ALREADY_FILED, rule="R1.4", phase=Phase.REGISTRATION, text=text)
    return opened.but(state="refused", text=text, refusal=refusal)
