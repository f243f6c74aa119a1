"""The doors of the notices: each reads what they were told, marks it read, and says how they wish to be told."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from activities.notifications.channels import Delivery
from activities.store.notifications import Outbox
from starter.client.complaints import Complaints
from tests.conftest import Running
from tests.engine.attacker import until
from tests.starter.http.gateway.saying import filing
from tests.starter.http.gateway.signing import Program
from workflows.complaint.domain.filing import Filing
from workflows.parties import Party
from workflows.vocabulary import Role

Known = Mapping[str, Program]


async def filed(stack: Running, known: Known, name: str) -> dict[str, Any]:
    """File a complaint and return its buyer's notices once there are any."""
    complaints = Complaints(stack.client, None)
    await complaints.open(Filing.model_validate_json(json.dumps(filing(name))))
    found: dict[str, Any] = {}

    async def there() -> bool:
        found.update((await known["buyer-app"].get(f"/v1/notices?as=buyer:b-{name}")).json())
        return bool(found["notices"])

    await until(there, 60, f"a notice for b-{name}")
    return found


async def test_a_buyer_reads_what_they_were_told_and_marks_it_read(stack: Running, known: Known, name: str) -> None:
    page = await filed(stack, known, name)
    (one,) = page["notices"]
    assert (page["unread"], page["next"], one["read_at"]) == (1, None, None)
    assert one["complaint"] in one["subject"]
    mark = {"as": f"buyer:b-{name}", "keys": [one["key"]]}
    first = await known["buyer-app"].post("/v1/notices/read", mark)
    again = await known["buyer-app"].post("/v1/notices/read", mark)
    assert (first.json(), again.json()) == ({"marked": 1, "unread": 0}, {"marked": 0, "unread": 0})
    assert (await known["buyer-app"].get(f"/v1/notices?as=buyer:b-{name}&unread=true")).json()["notices"] == []
    shown = (await known["buyer-app"].get(f"/v1/notices?as=buyer:b-{name}")).json()["notices"]
    assert shown[0]["read_at"] is not None


async def test_nobody_reads_or_marks_what_somebody_else_was_told(stack: Running, known: Known, name: str) -> None:
    (one,) = (await filed(stack, known, name))["notices"]
    buyers, sellers = known["buyer-app"], known["seller-app"]
    other = await buyers.post("/v1/notices/read", {"as": "buyer:b-other", "keys": [one["key"]]})
    assert other.json()["marked"] == 0
    assert (await buyers.get(f"/v1/notices?as=buyer:b-{name}")).json()["unread"] == 1
    for answer in (
        await sellers.get(f"/v1/notices?as=buyer:b-{name}"),
        await sellers.post("/v1/notices/read", {"as": f"buyer:b-{name}", "keys": [one["key"]]}),
        await sellers.put("/v1/preferences", {"as": f"buyer:b-{name}", "wishes": {"channels": ["sms"]}}),
        await sellers.get(f"/v1/preferences?as=buyer:b-{name}"),
    ):
        assert answer.status_code == 403


async def test_a_long_list_is_read_page_by_page(stack: Running, known: Known, name: str) -> None:
    to = Party(role=Role.BUYER, id=f"b-{name}")
    for number in range(60):
        letter = Delivery(
            key=f"{name}:{number}", complaint="C1", event="closed", to=to, locale="en", subject=f"{number}", text="…"
        )
        await Outbox(stack.pool).put(letter)
    first = (await known["buyer-app"].get(f"/v1/notices?as={to}")).json()
    second = (await known["buyer-app"].get(f"/v1/notices?as={to}&before={first['next']}")).json()
    subjects = [one["subject"] for page in (first, second) for one in page["notices"]]
    assert subjects == [str(number) for number in reversed(range(60))]
    assert (first["unread"], second["next"]) == (60, None)


async def test_who_wishes_to_be_told_in_english_is_told_so(stack: Running, known: Known, name: str) -> None:
    who, wishes = f"buyer:b-{name}", {"locale": "en", "channels": ["in_app"], "quiet": "none"}
    assert (await known["buyer-app"].put("/v1/preferences", {"as": who, "wishes": wishes})).status_code == 200
    kept = (await known["buyer-app"].get(f"/v1/preferences?as={who}")).json()
    assert (kept["locale"], kept["channels"], kept["quiet"]) == ("en", ["in_app"], "none")
    (one,) = (await filed(stack, known, name))["notices"]
    assert one["subject"].startswith(("We have your complaint", "Complaint not registered"))


@pytest.mark.parametrize(
    "wishes",
    [
        {"channels": ["pigeon"]}, {"channels": ["sms", "sms"]}, {"quiet": "all day"}, {"addresses": {"email": "no"}},
        {"addresses": {"email": "canary@mail.test\r\nBcc: all"}}, {"channels": ["dingtalk"]}, {"locale": "fr"},
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_kept_is_refused_without_quoting_it(known: Known, wishes: dict[str, Any]) -> None:
    answer = await known["buyer-app"].put("/v1/preferences", {"as": "buyer:b-1", "wishes": wishes})
    assert answer.status_code == 422
    assert "canary" not in answer.text


@pytest.mark.parametrize("query", ["as=boss:1", "as=buyer:b-1&unread=maybe", "as=buyer:b-1&before=-1"])
async def test_a_question_that_makes_no_sense_is_refused(known: Known, query: str) -> None:
    assert (await known["buyer-app"].get(f"/v1/notices?{query}")).status_code == 422
