"""Signatures: whatever is not signed by a client, just now, over these very bytes, is not believed."""

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from tests.chance import SEED
from tests.starter.http.gateway.own import Own, gateway
from tests.starter.http.gateway.saying import filing
from tests.starter.http.gateway.signing import Program
from tests.starter.http.gateway.wire import statuses, written

MUTANTS = 10_000
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _changed(text: str, chance: random.Random, alphabet: str) -> str:
    at = chance.randrange(len(text))
    other = chance.choice([letter for letter in alphabet if letter != text[at]])
    return text[:at] + other + text[at + 1 :]


def mutants(program: Program, others: list[Program], chance: random.Random) -> Iterator[bytes]:
    """Give requests that differ from a rightly signed one in one place."""
    while True:
        body = json.dumps(filing(f"m-{chance.getrandbits(60):x}"))
        right = program.headers(body)
        signature = right["webhook-signature"].removeprefix("v1,")
        other = chance.choice(others)
        now = int(right["webhook-timestamp"])
        changes = chance.choice(
            [
                {"webhook-signature": "v1," + _changed(signature, chance, _BASE64)},
                {"webhook-signature": "v1," + signature[: chance.randrange(len(signature))]},
                {"webhook-signature": "v1," + _same_bytes_otherwise(signature, chance)},
                {"webhook-signature": chance.choice(["v2,", "v1a,", "v1 ,", "", "v1", "V1,", "v1,v1,"]) + signature},
                {"webhook-signature": Webhook(other.secret).sign(right["webhook-id"], _at(now), body)},
                {"webhook-signature": program.headers("")["webhook-signature"]},
                {"webhook-id": _changed(right["webhook-id"], chance, "abcdef0123456789_-")},
                {"webhook-timestamp": str(now + chance.choice([-1, 1]) * chance.randrange(1, 290))},
                {"redress-client": chance.choice([other.id, "nobody", program.id.upper(), f"{program.id} "[:-2]])},
                {"webhook-signature": " ".join(f"v1,{_changed(signature, chance, _BASE64)}" for _ in range(9))},
                {chance.choice([*right]): ""},
                {},
            ]
        )
        sent = body if changes else _changed(body, chance, "abcdefghij0123456789 {}")
        yield written("/v1/complaints", right | changes, sent.encode())


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _same_bytes_otherwise(signature: str, chance: random.Random) -> str:
    """Write the same bytes in base64 that a lenient reader would take: spare bits set, padding dropped or doubled."""
    spare = signature[:-2] + _BASE64[_BASE64.index(signature[-2]) | chance.randrange(1, 4)] + "="
    assert base64.b64decode(spare) == base64.b64decode(signature)
    return chance.choice([spare, signature.rstrip("="), f"{signature}=", f"{signature}=="])


async def test_of_ten_thousand_mutated_requests_none_is_believed(own: Own) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not a secret
    program, *others = own.programs.values()
    requests = mutants(program, others, chance)
    found = await statuses(own.port, [next(requests) for _ in range(MUTANTS)])
    assert len(found) == MUTANTS
    assert set(found) == {401}
    right = json.dumps(filing("not-mutated"))
    assert await statuses(own.port, [written("/v1/complaints", program.headers(right), right.encode())]) == [202]


async def test_a_replay_changes_nothing_at_once_nor_after_minutes_and_is_not_believed_after_days(
    own: Own, name: str
) -> None:
    program, body = own.programs["buyer-app"], json.dumps(filing(name))
    recorded = written("/v1/complaints", program.headers(body, name), body.encode())
    try:
        first, at_once = await statuses(own.port, [recorded, recorded], at_once=1)
        own.clock.ahead = 290
        after_minutes = await statuses(own.port, [recorded])
        own.clock.ahead = 310
        too_late = await statuses(own.port, [recorded])
        own.clock.ahead = 3 * 86_400
        after_days = await statuses(own.port, [recorded])
        signed_anew = await program.post("/v1/complaints", body, name, at=own.clock())
        other_body = await program.post("/v1/complaints", filing(f"{name}-2"), name, at=own.clock())
    finally:
        own.clock.ahead = 0
    assert (first, at_once, after_minutes) == (202, 200, [200])
    assert (too_late, after_days) == ([401], [401])
    assert (signed_anew.status_code, other_body.status_code) == (200, 409)


async def test_a_timestamp_from_the_future_is_believed_for_five_minutes_of_it(own: Own, name: str) -> None:
    program = own.programs["buyer-app"]
    soon = await program.post("/v1/complaints", filing(name), at=own.clock() + 280)
    later = await program.post("/v1/complaints", filing(name), at=own.clock() + 310)
    assert (soon.status_code, later.status_code) == (202, 401)
    assert "clocks" in later.json()["detail"]


async def test_a_body_that_says_the_same_in_other_bytes_is_not_what_was_signed(own: Own, name: str) -> None:
    program, said = own.programs["buyer-app"], filing(name)
    signed = json.dumps(said, ensure_ascii=False)
    others = [json.dumps(said), json.dumps(said, indent=1), signed + "\n", json.dumps(said, sort_keys=True)]
    headers = program.headers(signed)
    assert await statuses(own.port, [written("/v1/complaints", headers, one.encode()) for one in others]) == [401] * 4
    assert await statuses(own.port, [written("/v1/complaints", headers, signed.encode())]) == [202]


async def test_an_unknown_client_and_a_wrong_secret_are_answered_alike(own: Own, name: str) -> None:
    right = own.programs["buyer-app"]
    unknown = await replace(right, id="nobody").post("/v1/complaints", filing(name))
    wrong = await replace(right, secret=own.programs["sf"].secret).post("/v1/complaints", filing(name))
    assert (unknown.status_code, unknown.text) == (401, wrong.text)
    assert "WWW-Authenticate" in wrong.headers


async def test_a_read_signs_its_target_and_its_id_serves_once(own: Own, complaint: str) -> None:
    program, target = own.programs["buyer-app"], f"/v1/complaints/{complaint}?as=buyer:b-1"
    headers = program.headers(f"GET {target}")
    asked = written(target, headers, b"", method="GET")
    elsewhere = written(f"/v1/complaints/{complaint}/timeline?as=buyer:b-1", headers, b"", method="GET")
    assert await statuses(own.port, [elsewhere, asked, asked], at_once=1) == [401, 200, 409]


async def test_what_was_signed_for_a_read_cannot_be_sent_as_a_body(own: Own, complaint: str) -> None:
    target = f"/v1/complaints/{complaint}?as=buyer:b-1"
    signed = own.programs["buyer-app"].headers(f"GET {target}")
    assert await statuses(own.port, [written("/v1/messages", signed, f"GET {target}".encode())]) == [422]


async def test_two_secrets_are_good_while_one_is_replaced_and_the_old_one_is_bad_afterwards(
    record: str, tmp_path: Path, name: str
) -> None:
    async with gateway(record, tmp_path) as one:
        old, fresh = one.programs["buyer-app"], "whsec_" + base64.b64encode(random.randbytes(32)).decode()  # noqa: S311
        one.rewrite(secrets=f'["{fresh}", "{old.secret}"]')
        both = [
            await replace(old, secret=secret).post("/v1/complaints", filing(name)) for secret in (fresh, old.secret)
        ]
        one.rewrite(secrets=f'["{fresh}"]')
        after = [
            await replace(old, secret=secret).post("/v1/complaints", filing(name)) for secret in (fresh, old.secret)
        ]
    assert [answer.status_code for answer in (*both, *after)] == [202, 202, 202, 401]
