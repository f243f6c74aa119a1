"""Role x kind x ownership: who may say what of whose complaint, through the command line, by the rules' own tables."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from starter.cli import session
from starter.cli.tell import tell
from starter.client.complaints import Complaints
from starter.client.errors import Exit
from starter.terminal import Common
from tests.workflows.complaint.speaking import OWNERSHIP, Scene, Whose, refusal, roles_of, scene, sender
from workflows import wire
from workflows.answers import Code, Receipt, Refusal
from workflows.complaint.decoding import Unreadable, read_update
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.rules.dispatch import hear
from workflows.complaint.rules.tables import HEARINGS
from workflows.vocabulary import Role


class Door:
    """The update door of one complaint without a server: the decoder of the door, and the rules behind it."""

    def __init__(self, at: Scene) -> None:
        self.at = at

    def get_workflow_handle(self, complaint: str) -> "Door":
        assert complaint == self.at.case.complaint
        return self

    async def execute_update(self, name: str, argument: dict[str, Any], **_: Any) -> Receipt:
        payload = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(argument).encode())
        message = read_update(name, [RawValue(payload)])
        assert not isinstance(message, Unreadable), message
        answer = hear(self.at.case, message, self.at.now)[1]
        if isinstance(answer, Refusal):
            cause = ApplicationError(answer.text, answer.model_dump(mode="json"), type=wire.REFUSED)
            raise WorkflowUpdateFailedError(cause)
        return answer


async def said(kind: str, role: Role, whose: Whose, monkeypatch: pytest.MonkeyPatch) -> int:
    """Say it with `redress tell`, and return the exit code."""
    at = scene(kind, role)

    @asynccontextmanager
    async def here(*_: object) -> AsyncIterator[tuple[Complaints, None]]:
        yield Complaints(Door(at), None), None  # type: ignore[arg-type]  # stands in for the client

    monkeypatch.setattr(session, "complaints", here)
    who = at.said["sender"]["id"] if role in roles_of(kind) else "x-1"
    body = {name: value for name, value in at.said.items() if name != "sender"}
    speaker = f"{role}:{sender(at.case, role, whose, who)}"
    return await tell(at.case.complaint, kind, as_=speaker, data=json.dumps(body), common=Common(json=True))


@pytest.mark.parametrize("role", sorted(Role))
async def test_who_may_say_what_of_whose_complaint(
    role: Role, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: dict[tuple[str, Whose], tuple[int, Code | None]] = {}
    for kind in HEARINGS:
        for whose in OWNERSHIP:
            code = await said(kind, role, whose, monkeypatch)
            answer = json.loads(capsys.readouterr().out.splitlines()[-1])
            found[kind, whose] = (code, None if answer["accepted"] else Code(answer["code"]))
    codes = {(kind, whose): refusal(kind, role, whose) for kind in HEARINGS for whose in OWNERSHIP}
    assert found == {one: (Exit.REFUSED if code else Exit.DONE, code) for one, code in codes.items()}


def test_the_table_has_every_kind_and_every_role_but_the_systems_own() -> None:
    assert set(HEARINGS) == set(KINDS)
    assert frozenset().union(*map(roles_of, HEARINGS)) == frozenset(Role) - {Role.SYSTEM}
    kept = {(kind, role) for kind in HEARINGS for role in Role if refusal(kind, role, "their own") is None}
    assert ("ruled", Role.CARRIER) not in kept
    assert ("payment_reported", Role.SELLER) not in kept
