"""What kuaidi100 pushes: believed only with the salt of our subscriptions, and read into events."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from activities.parcels.kuaidi100.pushes import PushReader, PushSignatureInvalid
from activities.parcels.kuaidi100.tracks import carrier_of, company_of, event_of
from activities.parcels.partners import PushMalformed
from workflows.complaint.domain.parcels import ParcelEvent

SALT = "a-salt-of-at-least-24-chars"
PUSHES = PushReader(SALT)
DELIVERED = ParcelEvent(event="delivered", at=datetime(2026, 11, 20, 10, 30, tzinfo=UTC))


def a_push(**changes: Any) -> dict[str, Any]:
    items = [{"ftime": "2026-11-20 18:30:00", "context": "客户签收人: 已签收", "status": "签收"}]
    last = {
        "message": "ok",
        "state": "3",
        "status": "200",
        "com": "yuantong",
        "nu": "YT1",
        "ischeck": "1",
        "data": items,
    }
    return {"status": "shutdown", "billstatus": "check", "message": "", "lastResult": last} | changes


def pushed(document: object, salt: str = SALT, capitals: bool = True) -> bytes:
    param = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    sign = hashlib.md5((param + salt).encode(), usedforsecurity=False).hexdigest()
    return urlencode({"sign": sign.upper() if capitals else sign, "param": param}).encode()


@pytest.mark.parametrize("capitals", [True, False])
def test_a_push_is_read_whichever_letters_it_is_signed_in(capitals: bool) -> None:
    told = PUSHES.read(pushed(a_push(), capitals=capitals))
    assert told == ("yto", "YT1", (DELIVERED,), False)


def test_a_push_signed_with_another_salt_or_changed_on_the_way_is_not_believed() -> None:
    body = pushed(a_push())
    forged = [
        pushed(a_push(), salt="another-salt-of-24-characters"),
        pushed(a_push(), salt=""),
        body.replace(b"YT1", b"YT2"),
        body.partition(b"&")[2],
        b"",
        b"param=",
        b"sign=&param=",
    ]
    for one in forged:
        with pytest.raises(PushSignatureInvalid):
            PUSHES.read(one)


def test_no_mutation_of_a_signature_is_accepted() -> None:
    body = pushed(a_push())
    sign = body[5:37]
    accepted = 0
    for place in range(32):
        for other in b"0123456789ABCDEF":
            mutated = body[: 5 + place] + bytes([other]) + body[6 + place :]
            if mutated[5:37] == sign:
                continue
            try:
                PUSHES.read(mutated)
            except PushSignatureInvalid:
                continue
            accepted += 1
    assert accepted == 0


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"a" * 10,
        b"param=1&param=2&sign=3",
        b"&".join(b"f%d=1" % number for number in range(100)),
        pushed("not json"),
        pushed("[" * 100_000),
        pushed({"status": "polling"}),
        pushed(a_push(lastResult={"com": "yuantong", "nu": "", "data": []})),
        pushed(a_push(lastResult={"com": "Yuan Tong", "nu": "YT1", "data": []})),
        pushed(a_push(lastResult={"com": "yuantong", "nu": "YT1", "data": [{"ftime": "x"}] * 2001})),
        pushed(a_push(lastResult={"com": "yuantong", "nu": {"a": 1}, "data": []})),
    ],
    ids=range(11),
)
def test_a_push_that_cannot_be_read_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(PushMalformed):
        PUSHES.read(body)


def test_a_parcel_they_give_up_is_said_to_be() -> None:
    last = {"com": "yuantong", "nu": "YT1", "state": "0", "data": []}
    told = PUSHES.read(pushed(a_push(status="abort", message="3天查询无记录", lastResult=last)))
    assert (told.events, told.given_up) == ((), True)


def test_a_company_they_correct_is_known_here_under_the_one_that_was_given() -> None:
    told = PUSHES.read(pushed(a_push(autoCheck="1", comOld="shunfeng", comNew="yuantong")))
    assert told.carrier == "sf"


@pytest.mark.parametrize(
    ("states", "event"),
    [
        (("0", "在途", "2", "5", "派件", "6", "7", "8", "10", "13", "1001", "1003", "501", "204"), "in_transit"),
        (("1", "揽收", "103"), "picked_up"),
        (("3", "签收", "301", "304"), "delivered"),
        (("4", "退签"), "returned"),
        (("14", "拒签"), "refused"),
        (("101", "102", "401", "已下单", "", "99", "what", "1e3"), None),
    ],
)
def test_each_state_is_an_event_or_none(states: tuple[str, ...], event: str | None) -> None:
    assert {event_of(state) for state in states} == {event}


def test_a_carrier_keeps_its_name_on_the_way_there_and_back() -> None:
    for carrier in ("sf", "yto", "zto", "ems"):
        assert carrier_of(company_of(carrier)) == carrier
    assert company_of("sf") == "shunfeng"
