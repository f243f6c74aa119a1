"""Every request to the payment provider is signed, and one that is not ours, or not of now, is not believed."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator

import httpx2
import pytest

from activities.errors import PartnerProtocolError
from activities.partners.signing import ID, SIGNATURE, TIMESTAMP, TOLERANCE, SignatureInvalid, Signer
from activities.payments.partners import PaymentProvider
from tests.workers.sandbox.running import RunningSandbox, a_movement
from tests.workers.sandbox.test_payments import request_for

SECRET, OTHER = "a secret of the tests, long enough", "another secret of the tests, as long"
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
async def careful(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    """A provider that believes only what is signed."""
    async with RunningSandbox(tmp_path_factory.mktemp("careful"), secret=SECRET) as running:
        yield running


@pytest.fixture(scope="module")
async def bare(careful: RunningSandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=careful.url, trust_env=False) as client:
        yield client


async def test_signed_requests_are_believed_whatever_the_key(careful: RunningSandbox, bare: httpx2.AsyncClient) -> None:
    async with PaymentProvider(careful.url, client=bare, signer=Signer(SECRET)) as provider:
        for complaint in ("C-plain", "a/b", "..", "./x", "50%", "a%2Fb", "q?a=1&b#c", "a+b", "~(*)"):
            movement = a_movement(complaint=f"{complaint}{a_movement().key}")
            for first_attempt in (True, False):
                assert (await provider.pay(movement, first_attempt)).result == "settled"


@pytest.mark.parametrize(
    ("signer", "code"), [(None, "unsigned"), (Signer(OTHER), "bad_signature")], ids=["unsigned", "another secret"]
)
@pytest.mark.parametrize("first_attempt", [True, False])
async def test_what_is_not_signed_with_the_secret_is_refused_and_nothing_is_paid(
    careful: RunningSandbox, bare: httpx2.AsyncClient, signer: Signer | None, code: str, first_attempt: bool
) -> None:
    movement = a_movement()
    async with PaymentProvider(careful.url, client=bare, signer=signer) as provider, careful.client() as operator:
        with pytest.raises(PartnerProtocolError, match=f"401 {code}: .* compare the secret or key .* and the clocks"):
            await provider.pay(movement, first_attempt)
        assert movement.key not in [line.key for line in await operator.book()]


async def code_of(
    bare: httpx2.AsyncClient, body: bytes, signed: dict[str, str], target: str = "/payments"
) -> tuple[int, str]:
    answer = await bare.post(target, content=body, headers=signed)
    return answer.status_code, answer.json()["code"]


async def test_a_recording_is_not_believed_later_nor_for_anything_else(bare: httpx2.AsyncClient) -> None:
    body, signer = json.dumps(request_for(a_movement())).encode(), Signer(SECRET)
    old = signer.headers("POST", "/payments", body, at=time.time() - TOLERANCE - 5)
    assert await code_of(bare, body, old) == (401, "stale_signature")
    signed = signer.headers("POST", "/payments", body)
    assert await code_of(bare, body + b" ", signed) == (401, "bad_signature")
    assert await code_of(bare, body, signed | {ID: "another"}) == (401, "bad_signature")
    assert await code_of(bare, body, signed, "/payments?x=1") == (401, "bad_signature")
    assert (await bare.get("/payments/k", headers=signed)).status_code == 401
    # Only the header that the signature does not cover is missing: the call is believed, and then found wanting.
    assert await code_of(bare, body, signed) == (422, "invalid")


def test_the_signature_is_the_one_that_is_written_down() -> None:
    headers = Signer(SECRET).headers("POST", "/payments?a=1", "退款".encode(), at=NOW)
    signed = f"{headers[ID]}.1800000000.POST /payments?a=1.退款".encode()
    by_hand = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers[SIGNATURE] == f"v1,{by_hand}"
    assert headers[TIMESTAMP] == "1800000000"


def test_a_secret_that_is_being_replaced_may_sign_beside_the_new_one() -> None:
    headers = Signer(SECRET).headers("GET", "/payments/k", b"", at=NOW)
    both = headers | {SIGNATURE: f"v1,AAAA {headers[SIGNATURE]} v2,BBBB"}
    Signer(SECRET).verify(both, "GET", "/payments/k", b"", at=NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({SIGNATURE: ""}, "unsigned"),
        ({TIMESTAMP: "soon"}, "stale_signature"),
        ({TIMESTAMP: "-1800000000"}, "stale_signature"),
        ({TIMESTAMP: "9" * 400}, "stale_signature"),
        ({TIMESTAMP: "١٨٠٠٠٠٠٠٠٠"}, "stale_signature"),
        ({TIMESTAMP: str(int(NOW) + TOLERANCE + 1)}, "stale_signature"),
        ({TIMESTAMP: str(int(NOW) + 1)}, "bad_signature"),
        ({SIGNATURE: "v1,退款"}, "bad_signature"),
        ({SIGNATURE: "退" * 5000}, "bad_signature"),
        ({ID: "\ud800"}, "bad_signature"),
    ],
)
def test_a_header_that_was_touched_is_not_believed(change: dict[str, str], code: str) -> None:
    headers = Signer(SECRET).headers("GET", "/payments/k", b"", at=NOW)
    with pytest.raises(SignatureInvalid) as wrong:
        Signer(SECRET).verify(headers | change, "GET", "/payments/k", b"", at=NOW)
    assert wrong.value.code == code


def test_a_short_secret_is_none_and_no_secret_is_ever_shown() -> None:
    with pytest.raises(ValueError, match="at least 24 characters"):
        Signer("short")
    assert SECRET not in repr(Signer(SECRET))
