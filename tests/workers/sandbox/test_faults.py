import asyncio
from typing import Any

import httpx2
import pytest

from tests.workers.sandbox.running import RunningSandbox, a_movement, an_order
from tests.workers.sandbox.test_payments import request_for, send
from workers.sandbox.client import SandboxClient, SandboxRefused
from workers.sandbox.faults import REPERTOIRE, Mode, Partner


async def statuses(http: httpx2.AsyncClient, path: str, times: int) -> list[int]:
    return [(await http.get(path)).status_code for _ in range(times)]


async def test_a_fault_is_met_by_exactly_as_many_calls_as_ordered(
    http: httpx2.AsyncClient, operator: SandboxClient
) -> None:
    await operator.put_orders([an_order("o-fault")])
    await operator.fault("orders", "error_500", times=3)
    assert await statuses(http, "/orders/o-fault/lines/1", 5) == [500, 500, 500, 200, 200]


async def test_a_fault_for_one_operation_leaves_the_others_alone(
    http: httpx2.AsyncClient, operator: SandboxClient
) -> None:
    await operator.fault("payment", "error_500", operation="look_up")
    movement = a_movement()
    assert (await send(http, request_for(movement))).status_code == 200
    assert await statuses(http, f"/payments/{movement.key}", 2) == [500, 200]


async def test_a_call_meets_one_fault_and_the_oldest_first(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    await operator.fault("payment", "error_500")
    await operator.fault("payment", "declined")
    movement = a_movement()
    codes = [(await send(http, request_for(movement))).status_code for _ in range(3)]
    assert codes == [500, 402, 402]


async def test_a_business_fault_waits_for_a_new_payment(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    movement = a_movement()
    await send(http, request_for(movement))
    await operator.fault("payment", "declined")
    assert (await send(http, request_for(movement))).status_code == 200
    assert len(await operator.faults()) == 1
    assert (await send(http, request_for(a_movement()))).status_code == 402


async def test_slow_answers_come_late_but_come(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    await operator.fault("payment", "slow")
    answer = await send(http, request_for(a_movement()))
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


async def test_a_call_left_without_an_answer_ends_when_its_caller_hangs_up(
    http: httpx2.AsyncClient, sandbox: RunningSandbox, operator: SandboxClient
) -> None:
    await operator.fault("orders", "timeout_before")
    with pytest.raises(httpx2.ReadTimeout):
        await http.get("/orders/o-hangs/lines/1", timeout=0.3)
    async with asyncio.timeout(10):
        while '"/orders/o-hangs/lines/1", "status": 504' not in sandbox.errors:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_faults_outlive_the_process(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> None:
    async with RunningSandbox(tmp_path_factory.mktemp("faults")) as own, own.client() as client:
        ordered = await client.fault("notices", "timeout_after", times=7, operation="deliver")
        await own.kill()
        await own.start()
        assert await client.faults() == [ordered]
    assert own.url != sandbox.url


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (("bank", "error_500"), "'orders', 'payment', 'carrier' or 'notices'"),
        (("payment", "broken"), "'error_500', 'busy', 'timeout_before', 'timeout_after', 'stored_error', 'declined'"),
        (("orders", "declined"), "mode declined makes no sense for orders; it knows: error_500"),
        (("notices", "pending"), "mode pending makes no sense for notices"),
        (("payment", "pending", 1, "callback"), "mode pending makes no sense for payment callback"),
        (("payment", "slow", 1, "pay"), "payment has no operation 'pay'; it has: send, look_up, book, cover, callback"),
        (("orders", "slow", 1, None, "C-1"), "orders is not told of complaints; only payment is"),
        (("payment", "slow", 0), "times: Input should be greater than or equal to 1"),
    ],
)
async def test_an_impossible_fault_is_refused_with_what_there_is(
    http: httpx2.AsyncClient, operator: SandboxClient, order: tuple[Any, ...], reason: str
) -> None:
    names = ("partner", "mode", "times", "operation", "complaint")
    answer = await http.post("/sandbox/faults", json=dict(zip(names, order, strict=False)))
    assert answer.status_code == 422
    assert reason in answer.json()["text"]
    with pytest.raises(SandboxRefused) as refused:
        await operator.fault(*order)
    assert reason in str(refused.value)


def test_every_partner_and_every_mode_can_be_ordered() -> None:
    assert set(REPERTOIRE) == set(Partner)
    assert {mode for operations in REPERTOIRE.values() for modes in operations.values() for mode in modes} == set(Mode)
