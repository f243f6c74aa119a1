import json

import httpx2
import pytest

from tests.workers.sandbox.running import an_order, an_order_document
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import InputUnreadable, SellerAccount, read_orders, read_sellers
from workflows.money.amount import Money


async def put(http: httpx2.AsyncClient, document: object) -> httpx2.Response:
    return await http.put("/sandbox/orders", content=json.dumps(document))


async def test_an_order_line_comes_back_as_facts_with_all_of_its_money_held(http: httpx2.AsyncClient) -> None:
    assert (await put(http, an_order_document("o-held"))).json() == {"put": 1}
    facts = (await http.get("/orders/o-held/lines/1")).json()
    assert facts["title"] == "青瓷茶具"
    assert facts["held"] == {"amount": 30900, "currency": "CNY"}
    assert "tracking" not in facts


async def test_putting_an_order_line_again_replaces_it(http: httpx2.AsyncClient) -> None:
    await put(http, [an_order_document("o-twice", 1), an_order_document("o-twice", 2)])
    await put(http, {**an_order_document("o-twice", 2), "title": "新茶具"})
    titles = [(await http.get(f"/orders/o-twice/lines/{line}")).json()["title"] for line in (1, 2)]
    assert titles == ["青瓷茶具", "新茶具"]


async def test_an_unknown_line_is_a_404_with_its_own_code(http: httpx2.AsyncClient) -> None:
    await put(http, an_order_document("o-one-line"))
    for path in ("/orders/o-one-line/lines/2", "/orders/o-none/lines/1", f"/orders/o-none/lines/{10**30}"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_line")


async def test_one_bad_line_among_many_is_named_and_none_is_taken(http: httpx2.AsyncClient) -> None:
    good, bad = an_order_document("o-good"), {**an_order_document("o-bad"), "paid": {"amount": "1", "currency": "CNY"}}
    answer = await http.put("/sandbox/orders", content=f"{json.dumps(good)}\n\n{json.dumps(bad)}\n")
    assert answer.status_code == 422
    assert answer.json()["text"].startswith("line 3: paid.amount: an amount is a whole number of fen")
    assert (await http.get("/orders/o-good/lines/1")).status_code == 404


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "nothing was given"),
        ("{", "not JSON"),
        ("7", "Input should be an object"),
        (json.dumps(an_order_document() | {"colour": "red"}), "colour: Extra inputs are not permitted"),
        (json.dumps(an_order_document(line=0)), "line: Input should be greater than or equal to 1"),
        (json.dumps(an_order_document() | {"title": "a\x00b"}), "title: contains a NUL"),
        (json.dumps(an_order_document() | {"held": {"amount": 30901, "currency": "CNY"}}), "held 309.01 is more than"),
        (json.dumps([an_order_document(), an_order_document() | {"quantity": 0}]), "[1].quantity: "),
    ],
)
async def test_what_cannot_be_an_order_is_refused_with_its_place(
    http: httpx2.AsyncClient, document: str, reason: str
) -> None:
    answer = await http.put("/sandbox/orders", content=document)
    assert answer.status_code == 422
    assert reason in answer.json()["text"]
    with pytest.raises(InputUnreadable) as refused:
        read_orders(document)
    assert str(refused.value) == answer.json()["text"]


async def test_a_body_that_is_not_text_or_far_too_big_is_refused(http: httpx2.AsyncClient) -> None:
    assert (await http.put("/sandbox/orders", content=b"\xff\xfe")).status_code == 422
    assert (await http.put("/sandbox/orders", content=b" " * (17 * 1024 * 1024))).status_code == 413


async def test_a_sellers_deposit_is_kept(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    await operator.put_sellers([SellerAccount(seller_id="sl-9", deposit=Money(amount=100))])
    await operator.put_sellers(read_sellers('{"seller_id": "sl-9", "deposit": {"amount": 500, "currency": "CNY"}}'))
    assert (await http.get("/sellers/sl-9")).json()["deposit"]["amount"] == 500
    assert (await http.get("/sellers/sl-none")).json()["code"] == "no_such_seller"


async def test_the_operators_client_puts_orders(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    await operator.put_orders([an_order("o-by-client"), an_order("o-by-client", 2)])
    assert (await http.get("/orders/o-by-client/lines/2")).status_code == 200
