"""The doors: what they take in, what they answer, and to whom."""

from collections.abc import Mapping

import pytest

from tests.conftest import Running
from tests.starter.http.gateway.saying import filing, withdrawal
from tests.starter.http.gateway.signing import Program

Known = Mapping[str, Program]


async def test_a_filing_has_its_number_at_once_and_the_same_request_gives_the_same_answer(
    known: Known, name: str
) -> None:
    buyers = known["buyer-app"]
    first = await buyers.post("/v1/complaints", filing(name), request=name)
    again = await buyers.post("/v1/complaints", filing(name), request=name)
    afresh = await buyers.post("/v1/complaints", filing(name))
    assert (first.status_code, again.status_code, afresh.status_code) == (202, 200, 202)
    assert first.json()["complaint"] == again.json()["complaint"] == afresh.json()["complaint"]
    assert first.json()["complaint"].startswith("C20")
    assert (await buyers.get(first.json()["answer"])).json()["kind"] == "filing"


async def test_an_id_that_was_used_for_something_else_is_refused(known: Known, name: str) -> None:
    buyers = known["buyer-app"]
    await buyers.post("/v1/complaints", filing(name), request=name)
    other = await buyers.post("/v1/complaints", filing(f"{name}-2"), request=name)
    theirs = await buyers.post("/v1/complaints", filing(name, filed_by={"role": "buyer", "id": "b-else"}))
    assert (other.status_code, theirs.status_code) == (409, 409)
    assert other.json()["type"] == theirs.json()["type"] == "urn:redress:problem:id-used"


async def test_what_is_accepted_is_committed_before_the_answer(stack: Running, known: Known, name: str) -> None:
    number = (await known["buyer-app"].post("/v1/complaints", filing(name))).json()["complaint"]
    said = await known["buyer-app"].post("/v1/messages", withdrawal(number, name), request=name)
    assert (said.status_code, said.json()["message_id"]) == (202, "w-1")
    kept = await stack.pool.fetchval("SELECT count(*) FROM inbox WHERE complaint = $1", number)
    assert kept == 2


async def test_what_is_somebody_elses_is_not_there(known: Known, name: str) -> None:
    buyers, sellers = known["buyer-app"], known["seller-app"]
    number = (await buyers.post("/v1/complaints", filing(name))).json()["complaint"]
    answers = [
        await buyers.post("/v1/messages", withdrawal(number, f"{name}-other")),
        await buyers.post("/v1/messages", withdrawal("C20261122-0000000000", name)),
        await buyers.get(f"/v1/complaints/{number}?as=buyer:b-other"),
        await sellers.get(f"/v1/complaints/{number}/timeline?as=seller:shop-1"),
        await sellers.get(f"/v1/messages/{name}"),
    ]
    assert [one.status_code for one in answers] == [404] * 5
    assert len({one.text for one in answers}) == 1
    mine = await buyers.get(f"/v1/complaints/{number}?as=buyer:b-{name}")
    assert (mine.status_code, mine.json()["complaint"]) == (200, number)


async def test_when_it_was_received_is_for_the_edge_to_say(known: Known, name: str) -> None:
    number = (await known["buyer-app"].post("/v1/complaints", filing(name))).json()["complaint"]
    stamped = withdrawal(number, name, received_at="2026-11-22T10:00:00+08:00")
    answer = await known["buyer-app"].post("/v1/messages", stamped)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert "received_at" in answer.json()["text"]


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (
            {"amount": "1.00", "currency": "CNY"},
            "request.amount.amount: an amount is a whole number of fen, such as 2990",
        ),
        ({"amount": 29.9}, "request.amount.amount: an amount is a whole number of fen, such as 2990 for 29.90 yuan"),
        (
            "29.90",
            'request.amount: an amount is written {"amount": 2990, "currency": "CNY"}, whole fen, for 29.90 yuan',
        ),
    ],
)
async def test_an_amount_in_yuan_is_told_how_amounts_are_written(
    known: Known, name: str, amount: object, told: str
) -> None:
    answer = await known["buyer-app"].post(
        "/v1/complaints", filing(name, request={"remedy": "refund", "amount": amount})
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert answer.json()["text"].startswith(told)
