"""The webhooks of partners are described beside the doors, as they are sent."""

import json
from datetime import UTC, datetime

import jsonschema_rs
import pytest

from starter.http.gateway.openapi import openapi_document
from starter.http.gateway.resources import OPERATIONS
from workflows.complaint.domain.partner_events import About, event_of
from workflows.complaint.domain.progress import EVENTS
from workflows.complaint.domain.timeline import Step
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.vocabulary import Phase, Role

ABOUT = About(complaint="C20261122-7K3M9Q0VWX", party=Party(role=Role.SELLER, id="shop-1"), order_id="o-1", line=1)


def a_step(event: str) -> Step:
    return Step(
        number=7, at=datetime.now(UTC), actor="a-1", role=Role.AGENT, event=event, phase=Phase.REVIEW, rule="R2.1",
        amount=Money(amount=29900),
    )  # fmt: skip


def schema() -> dict[str, object]:
    told = openapi_document(OPERATIONS)
    body = told["webhooks"]["complaint_event"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {**body, "components": told["components"]}


def test_what_is_sent_is_what_is_described() -> None:
    valid = jsonschema_rs.validator_for(schema())
    for event in EVENTS:
        body = json.loads(event_of(ABOUT, a_step(event), 3).model_dump_json(by_alias=True))
        valid.validate(body)
        valid.validate(body | {"added": "later"})  # the same version may say more


@pytest.mark.parametrize("change", [{"type": "complaint.filed.v2"}, {"timestamp": None}, {"data": {}}])
def test_what_is_not_described_would_be_found(change: dict[str, object]) -> None:
    body = json.loads(event_of(ABOUT, a_step("filed"), 3).model_dump_json(by_alias=True))
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validator_for(schema()).validate(body | change)
