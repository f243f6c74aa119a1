"""What a complaint makes of the inbox before it acts on silence (R7.4)."""

import json
from collections.abc import Mapping

import pytest

from tests.workflows.complaint.rules.test_dispatch import DUE, agrees, negotiating
from workflows import ports
from workflows.complaint.domain.case import Case
from workflows.complaint.mailbox import Mailbox
from workflows.inbox import Drain, Drained, Held

_NEWER = {"kind": "haggled", "message_id": "h-1", "sender": {"role": "seller", "id": "s-1"}}
"""A message of a later release."""


async def heard(monkeypatch: pytest.MonkeyPatch, *pages: Drained, times: int = 1) -> Case:
    """Let a complaint ask an inbox that holds these pages, so many times; gives the case it becomes."""
    left: list[Drained] = []

    async def drain(_: Drain) -> Drained:
        return left.pop(0)

    monkeypatch.setattr(ports, "drain", drain)
    complaint = Mailbox()
    complaint._becomes(negotiating())
    for _ in range(times):
        complaint._asked_up_to, left[:] = None, pages
        await complaint._hears_the_inbox(DUE)
    assert complaint.opened is not None
    return complaint.opened


def _held(number: int, message: Mapping[str, object]) -> Held:
    return Held(number=number, message=json.dumps(message), received_at=DUE)


async def test_what_this_release_cannot_read_is_no_step_however_often_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = await heard(monkeypatch, Drained(held=(_held(1, _NEWER),)), times=3)
    assert case == negotiating()


async def test_what_is_behind_it_is_heard_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    said = agrees(received_at=DUE).model_dump(mode="json", exclude_none=True)
    pages = Drained(held=(_held(1, _NEWER),), more=True), Drained(held=(_held(2, said), _held(3, _NEWER)))
    events = [step.event for step in (await heard(monkeypatch, *pages)).timeline]
    assert "seller_answered" in events
    assert "refused" not in events
