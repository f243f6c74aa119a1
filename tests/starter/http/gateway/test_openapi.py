"""The description is what the doors do: schemathesis makes requests of it, right and wrong, and checks the answers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from starter.http.gateway.openapi import openapi_document
from starter.http.gateway.resources import OPERATIONS
from tests.chance import SEED
from tests.starter.http.gateway.signing import Program, programs
from workflows.complaint.domain.messages import KINDS

DESCRIPTION = openapi_document(OPERATIONS)


def without_signatures(description: dict[str, Any]) -> dict[str, Any]:
    """Leave out how requests are signed: whoever calls here signs each of them, also those that are wrong otherwise."""
    paths = {
        path: {method: {**told, "security": []} for method, told in methods.items()}
        for path, methods in description["paths"].items()
    }
    return {**description, "paths": paths, "components": {"schemas": description["components"]["schemas"]}}


schema = schemathesis.openapi.from_dict(without_signatures(DESCRIPTION))


class Signed(AuthBase):
    """Signs what goes over the wire, as any client must."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
        signed = text if request.method == "POST" else f"{request.method} {request.path_url}"
        request.headers.update(self._program.headers(signed))
        return request


@pytest.fixture(scope="module")
def process(record: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A gateway process whose Temporal is away: that keeps nobody from being heard."""
    home = tmp_path_factory.mktemp("described")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "REDRESS_"))}
    own = {
        "REDRESS_DATABASE_URL": record,
        "TEMPORAL_ADDRESS": "127.0.0.1:9",
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "REDRESS_CLIENTS": str(home / "clients.toml"),
    }
    command = [sys.executable, "-m", "starter.http.gateway", "--port", "0", "--make-clients"]
    with (home / "log").open("w") as log:
        started = subprocess.Popen(command, env=kept | own, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
    assert started.stdout
    try:
        url = json.loads(started.stdout.readline())["gateway"]
        yield programs(url, home / "clients.toml")["buyer-app"]
    finally:
        started.terminate()
        assert started.wait(20) == 0
        started.stdout.close()


def hold(case: schemathesis.Case[Any], process: Program) -> None:
    # What a schema cannot say, such as which remedy takes an amount, the answer says: so right data may be refused.
    excluded: list[Any] = [positive_data_acceptance] if case.method == "POST" else []
    if case.path.startswith("/v1/webhooks/"):  # what a partner pushes beyond what we read is let be
        excluded.append(negative_data_rejection)
    case.call_and_validate(base_url=process.url, auth=Signed(process), excluded_checks=excluded)


tried = settings(deadline=None, database=None, suppress_health_check=[*HealthCheck])


@schema.parametrize()
@seed(SEED)
@settings(tried, max_examples=25, phases=[Phase.generate])
def test_every_door_answers_as_it_is_described(case: schemathesis.Case[Any], process: Program) -> None:
    hold(case, process)


@pytest.mark.chaos
@schema.parametrize()
@seed(SEED)
@settings(tried, max_examples=100, phases=[Phase.explicit, Phase.generate])
def test_every_door_answers_as_it_is_described_at_every_edge_of_every_field(
    case: schemathesis.Case[Any], process: Program
) -> None:
    hold(case, process)


def test_the_description_has_every_door_and_every_kind_of_message() -> None:
    paths = {(one.path, one.method.lower()) for one in OPERATIONS}
    assert paths == {(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods}
    told = DESCRIPTION["components"]["schemas"]["MessageBody"]["properties"]["message"]["discriminator"]["mapping"]
    assert set(told) == set(KINDS)
    assert "received_at" not in json.dumps(
        [DESCRIPTION["components"]["schemas"][one.__name__] for one in KINDS.values()]
    )
    assert DESCRIPTION["openapi"].startswith("3.1")


def test_the_description_refers_to_nothing_that_is_not_there() -> None:
    known = {f"#/components/schemas/{name}" for name in DESCRIPTION["components"]["schemas"]}
    assert set(re.findall(r'"(#/components/[^"]+)"', json.dumps(DESCRIPTION))) <= known
