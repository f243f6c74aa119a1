"""The webhooks of partners are described beside the doors, as they are sent."""

import json

import jsonschema_rs
import pytest

from starter.http.gateway.openapi import openapi_document
from starter.http.gateway.resources import OPERATIONS
from tests.workflows.complaint.steps import step_of
from workflows.complaint.domain.timeline import CATALOGUE
from workflows.complaint.views.partner_events import About, event_of
from workflows.complaint.views.timeline import StepView, step_view
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.vocabulary import Role

ABOUT = About(complaint="C20261122-7K3M9Q0VWX", party=Party(role=Role.SELLER, id="shop-1"), order_id="o-1", line=1)


def a_step(event: str) -> StepView:
    return step_view(step_of(event, Role.AGENT, "a-1").but(amount=Money(amount=29900)))


def schema() -> dict[str, object]:
    told = openapi_document(OPERATIONS)
    body = told["webhooks"]["complaint_event"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {**body, "components": told["components"]}


def test_what_is_sent_is_what_is_described() -> None:
    valid = jsonschema_rs.validator_for(schema())
    for event in CATALOGUE:
        body = json.loads(event_of(ABOUT, a_step(event), 3).model_dump_json(by_alias=True))
        valid.validate(body)
        valid.validate(body | {"added": "later"})  # the same version may say more


@pytest.mark.parametrize("change", [{"type": "complaint.filed.v2"}, {"timestamp": None}, {"data": {}}])
def test_what_is_not_described_would_be_found(change: dict[str, object]) -> None:
    body = json.loads(event_of(ABOUT, a_step("filed"), 3).model_dump_json(by_alias=True))
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validator_for(schema()).validate(body | change)
