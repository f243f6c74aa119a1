"""A worker that is killed inside an activity, before or after its effect, leaves one effect when it is tried again."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.partners import PaymentProvider
from activities.payments.pay import Payments
from activities.store.case_files import CaseFiles
from tests import ROOT
from tests.activities.dying import POINTS
from tests.activities.world import World, a_registration, accepted, agreed, burst
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workflows.complaint.domain.records import Payment
from workflows.complaint.views.view import view_of
from workflows.values import Value


async def dies(url: str, partners: str, activity: str, point: str, given: Value) -> None:
    """Run the activity in a process of its own that is killed at that point."""
    command = ["-m", "tests.activities.dying", url, partners, activity, point]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=ROOT
    )
    _, errors = await asyncio.wait_for(process.communicate(given.model_dump_json().encode()), 20)
    assert process.returncode == -signal.SIGKILL, errors.decode()


@pytest.mark.parametrize("point", POINTS["register"])
async def test_a_registration_that_was_killed_is_one_complaint(world: World, address: str, point: str) -> None:
    registration = a_registration()
    await dies(address, "", "register", point, registration)
    there = await CaseFiles(world.pool).view(registration.complaint)
    assert (there is None) == (point == "inside the transaction")
    case = await world.register(registration)
    assert await world.pool.fetchval("SELECT count(*) FROM complaints") == 1
    assert await CaseFiles(world.pool).timeline(case.complaint) == case.timeline
    assert len(world.told) == len({notice.key for notice in world.told}) > 0


@pytest.mark.parametrize("point", POINTS["record"])
async def test_a_record_that_was_killed_is_one_record(world: World, address: str, point: str) -> None:
    case = await world.opened()
    after = accepted(case)
    await dies(address, "", "record", point, burst(case, after))
    there = await CaseFiles(world.pool).timeline(case.complaint)
    assert there == (case.timeline if point == "inside the transaction" else after.timeline)
    world.told.clear()
    await world.record(burst(case, after))
    assert await CaseFiles(world.pool).timeline(case.complaint) == after.timeline
    assert await CaseFiles(world.pool).view(case.complaint) == view_of(after)
    assert world.told == list(burst(case, after).notices)


@pytest.mark.parametrize("point", POINTS["pay"])
async def test_a_payment_that_was_killed_is_one_payment(
    world: World, address: str, sandbox: RunningSandbox, operator: SandboxClient, point: str
) -> None:
    case = await world.opened()
    after = agreed(case)
    await world.record(burst(case, after))
    movement = after.money[0].movement
    await dies(address, sandbox.url, "pay", point, movement)
    booked = [payment for payment in await operator.book() if payment.key == movement.key]
    assert len(booked) == (0 if point == "before the provider" else 1)
    async with PaymentProvider(sandbox.url) as provider:
        answer = await ActivityEnvironment().run(Payments(world.pool, provider).pay, Payment(movement=movement))
    assert answer.result == "settled"
    assert len([payment for payment in await operator.book() if payment.key == movement.key]) == 1
    assert await world.pool.fetchval("SELECT state FROM movements WHERE key = $1", movement.key) == "settled"
