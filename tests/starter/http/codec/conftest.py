"""A complaint on a sealed stack, and the official program to look at it."""

import asyncio
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from activities.store.case_files import CaseFiles
from starter.client.complaints import Complaints
from starter.client.record import Record
from tests.conftest import Running
from workers.sandbox.shapes import SandboxOrder
from workers.stack.temporal import _binary
from workflows.complaint.domain.filing import Filing

SAID = "壶嘴有裂纹 13800000000"


@dataclass(frozen=True)
class Desk:
    """A complaint, and what a person at the command line has."""

    stack: Running
    complaints: Complaints
    number: str

    @property
    def secret(self) -> str:
        return str(tomllib.loads((self.stack.data_dir / "readers.toml").read_text())["readers"]["operator"])

    @property
    def reading(self) -> dict[str, str]:
        return {"TEMPORAL_CODEC_ENDPOINT": str(self.stack.ready.codec), "TEMPORAL_CODEC_AUTH": f"Bearer {self.secret}"}

    async def temporal(self, *words: str, reading: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run the official program, with the settings for reading if given; returns code and words."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
        kept |= {"TEMPORAL_ADDRESS": self.stack.ready.temporal, "TEMPORAL_CONFIG_FILE": os.devnull}
        process = await asyncio.create_subprocess_exec(
            *(_binary(), *words),
            env=kept | dict(reading or {}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, out.decode()

    async def of_this(self, *words: str, reading: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run the official program on this complaint."""
        return await self.temporal(*words, "--workflow-id", self.number, reading=reading)

    async def told(self) -> list[tuple[str, str | None]]:
        """Return event and reason of every step."""
        return [(step.event, step.reason) for step in await self.complaints.timeline(self.number)]


@pytest.fixture
async def desk(sealed: Running) -> Desk:
    run = uuid4().hex[:8]
    order = {
        "order_id": f"o-{run}", "line": 1, "buyer_id": "b-1", "seller_id": "shop-1", "item_id": "i-1", "title": "茶壶",
        "spec": "", "quantity": 1, "paid": {"amount": 29900}, "shipping_fee": {"amount": 0},
        "paid_at": "2026-11-01T10:00:00+08:00",
    }  # fmt: skip
    await sealed.sandbox.put_orders([SandboxOrder.model_validate_json(json.dumps(order))])
    filing = {
        "request_id": f"app-{run}", "channel": "order_page", "filed_by": {"role": "buyer", "id": "b-1"},
        "order_id": f"o-{run}", "line": 1, "problem": "not_as_described", "description": SAID,
        "request": {"remedy": "refund", "amount": {"amount": 29900}},
    }  # fmt: skip
    complaints = Complaints(sealed.client, Record(CaseFiles(sealed.pool), sealed.pool))
    opened = await complaints.open(Filing.model_validate_json(json.dumps(filing)))
    return Desk(sealed, complaints, opened.complaint)


def noted(text: str) -> dict[str, Any]:
    return {"kind": "noted", "message_id": uuid4().hex, "sender": {"role": "agent", "id": "a-1"}, "text": text}
