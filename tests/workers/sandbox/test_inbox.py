import httpx2
import pytest

from workers.sandbox.client import SandboxClient
from workflows.parties import Party
from workflows.vocabulary import Role


def a_notice(key: str, to: str = "b-inbox", text: str = "已收到您的投诉。") -> dict[str, object]:
    return {
        "key": key, "channel": "in_app", "to": {"role": "buyer", "id": to}, "locale": "zh_CN",
        "subject": "投诉已登记", "text": text,
    }  # fmt: skip


async def test_a_notice_arrives_once_and_as_it_was_first(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    first = await http.post("/notices", json=a_notice("n-1"))
    again = await http.post("/notices", json=a_notice("n-1", text="rendered anew"))
    assert (first.status_code, again.status_code, again.json()["first"]) == (201, 200, False)
    (arrived,) = await operator.inbox(Party(role=Role.BUYER, id="b-inbox"))
    assert (arrived.text, arrived.channel, arrived.locale) == ("已收到您的投诉。", "in_app", "zh_CN")


async def test_an_inbox_holds_only_what_was_sent_to_it(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    await http.post("/notices", json=a_notice("n-2", to="b-one"))
    await http.post("/notices", json=a_notice("n-3", to="b-two"))
    assert [one.key for one in await operator.inbox(Party(role=Role.BUYER, id="b-two"))] == ["n-3"]
    assert await operator.inbox(Party(role=Role.SELLER, id="b-two")) == []
    assert {"n-2", "n-3"} <= {one.key for one in await operator.inbox()}


@pytest.mark.parametrize("to", ["b-1", "buyer:", "nobody:b-1", ":"])
async def test_an_inbox_of_nobody_is_refused_with_the_form_to_use(http: httpx2.AsyncClient, to: str) -> None:
    answer = await http.get("/sandbox/inbox", params={"to": to})
    assert answer.status_code == 422
    assert "ROLE:ID such as buyer:b-1" in answer.json()["text"]
