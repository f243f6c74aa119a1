"""Where the money is, and whether everybody says the same of it: `redress ledger`, `exposure`, `verify`."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from activities.partners.signing import Signer
from activities.payments.partners import PaymentProvider
from starter.client.errors import Exit
from tests.activities.store.moving import Moving
from tests.starter.cli.running import Ran, ran
from tests.starter.cli.test_commands import Desk, desk, forgotten, without_a_worker
from tests.workers.sandbox.running import a_movement
from workflows.values import BEIJING

__all__ = ["desk"]


@pytest.fixture
async def paid(desk: Desk) -> str:
    """A complaint whose refund has settled."""
    complaint = await desk.opened()
    await desk.done("tell", complaint, "reviewed", "--set", "decision=accept")
    await desk.done("tell", complaint, "seller_answered", "--set", "answer=agree")
    await desk.done("fast-forward", complaint, "1h")
    return complaint


async def test_the_list_for_finance_says_from_to_amount_purpose_and_who_ordered_it(desk: Desk, paid: str) -> None:
    listed = (await desk.done("ledger", paid, "--json")).data
    (entry,) = listed["entries"]
    assert (entry["to"], entry["amount"]["amount"], entry["purpose"]) == ("buyer:b-1", 29900, "refund")
    assert entry["from"].startswith("seller_held:d-")
    assert entry["ordered_by"] == "seller:s-77"
    assert listed["totals"] == {
        "transactions": 1, "by_purpose": {"refund": 29900}, "by_accounts": {"seller_held": -29900, "buyer": 29900}
    }  # fmt: skip
    assert [one["state"] for one in listed["movements"][0]["states"]] == ["decided", "requested", "settled"]
    people = (await desk.done("ledger", paid)).out
    assert "299.00" in people
    assert f"sha256 {listed['sha256']}" in people


def sealed(listed: dict[str, object]) -> bytes:
    """Write a list as `jq -cS '{complaint, of, totals}, .entries[]'` does."""
    entries = listed["entries"]
    assert isinstance(entries, list)
    lines = [{name: listed[name] for name in ("complaint", "of", "totals")}, *entries]
    text = [json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for line in lines]
    return "".join(f"{line}\n" for line in text).encode()


async def test_the_list_is_sealed_so_that_anybody_can_count_it_anew(desk: Desk, paid: str) -> None:
    key, posted = "a key that nobody can guess", "SELECT max(at) FROM transactions WHERE movement LIKE $1 || ':%'"
    day = f"{(await desk.stack.pool.fetchval(posted, paid)).astimezone(BEIJING):%Y-%m-%d}"
    listed = (await ran(desk.stack.environment | {"REDRESS_LEDGER_KEY": key}, "ledger", "--of", day, "--json")).data
    assert paid in {entry["complaint"] for entry in listed["entries"]}
    assert listed["sha256"] == hashlib.sha256(sealed(listed)).hexdigest()
    assert listed["hmac_sha256"] == hmac.new(key.encode(), sealed(listed), hashlib.sha256).hexdigest()
    listed["entries"][0]["amount"]["amount"] += 1
    assert listed["sha256"] != hashlib.sha256(sealed(listed)).hexdigest()


async def test_another_day_has_another_list(desk: Desk, paid: str) -> None:
    assert paid
    empty = await desk.done("ledger", "--of", "2020-01-01")
    assert "nothing was posted" in empty.err
    assert (await desk.done("ledger", "--of", "2020-01-01", "--json")).data["entries"] == []


async def test_misuse_is_explained(desk: Desk) -> None:
    short = await ran(desk.stack.environment | {"REDRESS_LEDGER_KEY": "short"}, "ledger")
    wrong_day, nobody, nobody_there = [
        await desk("ledger", "--of", "yesterday"), await desk("ledger", "C20260101-0000000000"),
        await desk("verify", "C20260101-0000000000"),
    ]  # fmt: skip
    assert (short.code, "REDRESS_LEDGER_KEY: at least 24" in short.err) == (Exit.WRONG_USE, True)
    assert (wrong_day.code, "give a day such as 2026-11-22" in wrong_day.err) == (Exit.WRONG_USE, True)
    assert (nobody.code, nobody_there.code) == (Exit.NOT_FOUND, Exit.NOT_FOUND)


async def test_what_the_fund_has_advanced_is_shown_by_seller_and_age(desk: Desk, paid: str) -> None:
    money = Moving(desk.stack.pool, await desk.opened())
    await money.settled("advance", 9900)
    frozen = await seller(desk, money.complaint)
    assert (frozen["frozen"]["amount"], frozen["unrecovered"]["amount"], frozen["age_days"]) == (9900, 0, 0)
    await money.settled("unfreeze", 9000, rest=900)
    await money.settled("recovery", 4000)
    debt = await seller(desk, money.complaint)
    assert (debt["frozen"]["amount"], debt["unrecovered"]["amount"]) == (0, 5000)
    assert "50.00" in (await desk.done("exposure")).out
    await money.settled("write_off", 5000)
    assert money.complaint not in json.dumps((await desk.done("exposure", "--json")).data)
    assert paid not in json.dumps((await desk.done("exposure", "--json")).data)


async def seller(desk: Desk, complaint: str) -> dict[str, Any]:
    sellers = (await desk.done("exposure", "--json")).data["sellers"]
    (found,) = [one for whose in sellers if whose["seller"] == "s-77" for one in whose["advances"]
                if one["complaint"] == complaint]  # fmt: skip
    return dict(found)


async def differing(desk: Desk, complaint: str) -> tuple[Ran, list[dict[str, str]]]:
    answer = await desk("verify", complaint, "--json")
    return answer, answer.data["differences"]


async def test_where_everybody_agrees_it_says_so(desk: Desk, paid: str) -> None:
    answer = await desk.done("verify", paid)
    assert "1 movements of 1 complaints: provider, ledger, record and workflow agree" in answer.out
    assert (await desk.done("verify", paid, "--json")).data["agree"] is True


async def test_an_entry_of_the_provider_that_nobody_here_knows_is_named(desk: Desk, paid: str) -> None:
    await paid_behind_our_back(desk, f"{paid}:refund:9")
    answer, (difference,) = await differing(desk, paid)
    assert answer.code == Exit.REFUSED
    assert (difference["movement"], difference["provider"], difference["ledger"]) == (
        f"{paid}:refund:9",
        "settled",
        "-",
    )
    assert "ask the provider what it is" in difference["advice"]


async def paid_behind_our_back(desk: Desk, key: str) -> None:
    ready = desk.stack.ready
    async with PaymentProvider(str(ready.partners), signer=Signer(ready.payment_secret)) as provider:
        await provider.pay(a_movement(100).but(key=key), True)


async def test_what_only_the_ledger_knows_is_named_with_what_to_do(desk: Desk, paid: str) -> None:
    key = await Moving(desk.stack.pool, paid).settled("compensation", 100)
    answer, found = await differing(desk, paid)
    assert answer.code == Exit.REFUSED
    assert {one["movement"] for one in found} == {key}
    assert {one["text"] for one in found} == {
        "the provider's book says nothing, ours settled", "the complaint does not know it"
    }  # fmt: skip


async def test_a_workflow_that_is_gone_while_its_complaint_is_open_is_named(desk: Desk, paid: str) -> None:
    await desk.stack.client.get_workflow_handle(paid).terminate()
    answer, (terminated,) = await differing(desk, paid)
    assert (answer.code, "its workflow is terminated" in terminated["text"]) == (Exit.REFUSED, True)
    await forgotten(desk.stack, paid)
    _, (gone,) = await differing(desk, paid)
    assert "its workflow is gone" in gone["text"]


async def test_without_temporal_or_provider_the_rest_is_compared_and_it_says_so(desk: Desk, paid: str) -> None:
    elsewhere = desk.stack.environment | {"REDRESS_PARTNERS_URL": "http://127.0.0.1:1"}
    without = await ran(elsewhere, "verify", paid)
    assert (without.code, "not compared: the payment provider at" in without.err) == (Exit.UNREACHABLE, True)
    nowhere = desk.stack.environment | {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    nowhere |= {
        "REDRESS_DATABASE_URL": desk.stack.ready.database,
        "REDRESS_PARTNERS_URL": str(desk.stack.ready.partners),
    }
    nowhere |= {"REDRESS_PAYMENT_SECRET": desk.stack.ready.payment_secret}
    without = await ran(nowhere, "verify", paid)
    assert (without.code, "not compared: Temporal at 127.0.0.1:1" in without.err) == (Exit.UNREACHABLE, True), without
    assert "what could be asked agrees" in without.out
    with without_a_worker(desk.stack):
        without = await desk("verify", paid)
    assert (without.code, "not compared: no worker answers" in without.err) == (Exit.UNREACHABLE, True)


async def test_all_complaints_are_compared_at_once(desk: Desk, paid: str) -> None:
    answer = await desk("verify", "--json")
    assert answer.data["complaints"] >= 1
    assert paid not in {one["complaint"] for one in answer.data["differences"]}
