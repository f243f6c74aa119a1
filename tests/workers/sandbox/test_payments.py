import asyncio

import httpx2
import pytest

from tests.workers.sandbox.running import a_movement, complaint_of
from workers.sandbox.client import SandboxClient
from workflows.money.movement import Movement


def request_for(movement: Movement) -> dict[str, object]:
    wanted = movement.model_dump(mode="json")
    return {name: wanted[name] for name in ("key", "purpose", "from", "to", "amount", "remark")}


async def send(http: httpx2.AsyncClient, body: dict[str, object], key: object = None) -> httpx2.Response:
    return await http.post("/payments", json=body, headers={"Idempotency-Key": str(key or body["key"])})


async def test_a_payment_settles_at_once_and_stands_in_the_book(
    http: httpx2.AsyncClient, operator: SandboxClient
) -> None:
    movement = a_movement(12345)
    answer = await send(http, request_for(movement))
    assert (answer.status_code, answer.json()["state"]) == (200, "settled")
    (line,) = await operator.book(complaint_of(movement))
    assert (line.key, line.amount, line.state, line.remark) == (movement.key, movement.amount, "settled", "退款 refund")
    assert (line.payer.id, line.payee.id, line.purpose) == ("sl-1", "b-1", "refund")


async def test_the_same_key_and_body_bring_the_stored_answer_and_no_second_payment(
    http: httpx2.AsyncClient, operator: SandboxClient
) -> None:
    movement = a_movement()
    answers = await asyncio.gather(*(send(http, request_for(movement)) for _ in range(30)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert len(await operator.book(complaint_of(movement))) == 1


@pytest.mark.parametrize("change", [{"amount": {"amount": 1, "currency": "CNY"}}, {"remark": "another"}])
async def test_the_same_key_with_another_body_is_a_conflict(
    http: httpx2.AsyncClient, operator: SandboxClient, change: dict[str, object]
) -> None:
    movement = a_movement()
    await send(http, request_for(movement))
    answer = await send(http, request_for(movement) | change)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    (line,) = await operator.book(complaint_of(movement))
    assert line.amount == movement.amount


@pytest.mark.parametrize("change", [{"amount": {"amount": 0, "currency": "CNY"}}, {"to": None}, {"surprise": 1}])
async def test_a_payment_that_makes_no_sense_is_refused_and_not_written(
    http: httpx2.AsyncClient, operator: SandboxClient, change: dict[str, object]
) -> None:
    movement = a_movement()
    assert (await send(http, request_for(movement) | change)).status_code == 422
    assert (await send(http, request_for(movement), key="another-key")).status_code == 422
    assert await operator.book(complaint_of(movement)) == []


async def test_a_look_up_tells_what_became_of_a_key(http: httpx2.AsyncClient) -> None:
    movement = a_movement()
    unknown = await http.get(f"/payments/{movement.key}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_payment")
    sent = await send(http, request_for(movement))
    assert (await http.get(f"/payments/{movement.key}")).json() == sent.json()


async def test_a_declined_payment_stays_declined_for_its_key(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    await operator.fault("payment", "declined")
    movement = a_movement()
    for answer in [await send(http, request_for(movement)) for _ in range(2)]:
        assert (answer.status_code, answer.json()["state"]) == (402, "declined")
    assert [line.state for line in await operator.book(complaint_of(movement))] == ["declined"]


async def test_the_whole_book_is_in_the_order_it_was_written(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    keys = [movement.key for movement in (a_movement(), a_movement(), a_movement())]
    for key in keys:
        await send(http, request_for(a_movement(complaint=key.split(":")[0])))
    assert [line.key for line in await operator.book()][-3:] == keys
