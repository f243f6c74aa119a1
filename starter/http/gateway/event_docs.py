"""What the gateway's description says of events: the webhooks that subscribed partners serve (OpenAPI 3.1)."""

from typing import Any

from workflows.complaint.views.partner_events import Event

MODELS = (Event,)

_HEADERS = {
    "webhook-id": "id of the event: the same whenever it is sent again, so keep those you have seen",
    "webhook-timestamp": "when this try was signed, in seconds since 1970",
    "webhook-signature": "`v1,` and the base64 of the HMAC-SHA256 of `ID.TIMESTAMP.BODY`; one per secret, "
    "separated by spaces: one that fits is enough",
}

_TOLD = """\
Sent to the `url` of a client's `events` in the clients file, for each step of a complaint that its party may see, and
signed after Standard Webhooks with the client's own secrets. The events of one complaint come one after the other, in
the order of their `sequence`, each at least once: again until an answer of 2xx within 8 s, for 24 hours. What is not
taken by then is a dead letter, and the next one is sent: a number that is missing tells of it. Read the timeline then;
an operator may also send the missing ones later, under their old ids. Redirects are not followed.
"""

WEBHOOKS: dict[str, Any] = {
    "complaint_event": {
        "post": {
            "operationId": "complaint_event",
            "summary": "Be told what happened to a complaint",
            "description": _TOLD,
            "parameters": [
                {"name": name, "in": "header", "required": True, "description": told, "schema": {"type": "string"}}
                for name, told in _HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
            },
            "responses": {
                "2XX": {"description": "Taken: it is not sent again"},
                "410": {"description": "Not wanted, now or later: it becomes a dead letter"},
                "429": {"description": "Later; `Retry-After` is heeded up to an hour"},
                "default": {"description": "Not taken: it is sent again"},
            },
            "security": [],
        }
    }
}
