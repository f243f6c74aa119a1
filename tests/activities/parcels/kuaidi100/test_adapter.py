"""Subscribing and asking at kuaidi100 over real HTTP, in its own form."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.parcels.kuaidi100.adapter import Kuaidi100
from tests.activities.parcels.kuaidi100.conftest import ACCOUNT, Played
from workflows.complaint.domain.parcels import Parcel, ParcelEvent

PARCEL = Parcel(complaint="C20261120-0000000001", leg="return", carrier="yto", tracking="YT5555508965056")


async def test_a_subscription_names_company_number_and_where_to_push_to(played: Played, kuaidi100: Kuaidi100) -> None:
    played.says({"result": True, "returnCode": "200", "message": "提交成功"})
    await kuaidi100.subscribe(PARCEL, phone="13800000000")
    ((path, form),) = played.asked
    assert (path, form["schema"]) == ("/poll", "json")
    assert json.loads(form["param"]) == {
        "company": "yuantong",
        "number": "YT5555508965056",
        "key": ACCOUNT.key,
        "parameters": {
            "callbackurl": ACCOUNT.callback,
            "salt": ACCOUNT.salt,
            "resultv2": "4",
            "phone": "13800000000",
        },
    }


async def test_a_number_that_is_watched_already_is_subscribed(played: Played, kuaidi100: Kuaidi100) -> None:
    played.says({"result": False, "returnCode": "501", "message": "重复订阅"})
    await kuaidi100.subscribe(PARCEL, phone="")
    assert "phone" not in played.asked[0][1]["param"]


@pytest.mark.parametrize("code", ["600", "601", "700", "701", "702", ""])
async def test_a_subscription_that_is_refused_says_why_and_shows_no_key(
    played: Played, kuaidi100: Kuaidi100, code: str
) -> None:
    played.says({"result": False, "returnCode": code, "message": "KEY已过期"})
    with pytest.raises(PartnerProtocolError, match=f"{code}: KEY已过期") as refused:
        await kuaidi100.subscribe(PARCEL, phone="")
    assert ACCOUNT.key not in str(refused.value)
    assert ACCOUNT.key not in repr(ACCOUNT)


async def test_a_server_that_is_out_of_order_is_asked_again(played: Played, kuaidi100: Kuaidi100) -> None:
    played.says({"result": False, "returnCode": "500", "message": "服务器错误"})
    with pytest.raises(PartnerUnreachable):
        await kuaidi100.subscribe(PARCEL, phone="")
    played.says({"result": False, "returnCode": "502", "message": "服务器繁忙"})
    with pytest.raises(PartnerUnreachable):
        await kuaidi100.look_up(PARCEL, phone="")


def a_track(**changes: Any) -> dict[str, Any]:
    items = [
        {"ftime": "2026-11-20 18:30:00", "context": "已签收", "status": "签收", "statusCode": "301"},
        {"ftime": "2026-11-20 09:00:00", "context": "派送中", "status": "派件"},
        {"ftime": "2026-11-19 20:00:00", "context": "运输中", "status": "干线", "statusCode": "1002"},
        {"ftime": "2026-11-19 10:00:00", "context": "已揽收", "status": "揽收", "statusCode": "103"},
        {"ftime": "2026-11-19 08:00:00", "context": "已下单", "status": "已下单", "statusCode": "101"},
    ]
    return {
        "message": "ok",
        "state": "3",
        "status": "200",
        "com": "yuantong",
        "nu": PARCEL.tracking,
        "data": items,
    } | changes


async def test_what_is_known_of_a_parcel_becomes_its_events(played: Played, kuaidi100: Kuaidi100) -> None:
    played.says(a_track())
    assert await kuaidi100.look_up(PARCEL, phone="") == (
        ParcelEvent(event="delivered", at=datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ParcelEvent(event="in_transit", at=datetime(2026, 11, 20, 1, tzinfo=UTC)),
        ParcelEvent(event="in_transit", at=datetime(2026, 11, 19, 12, tzinfo=UTC)),
        ParcelEvent(event="picked_up", at=datetime(2026, 11, 19, 2, tzinfo=UTC)),
    )
    assert played.asked[0][0] == "/poll/query.do"


async def test_a_list_without_states_tells_the_last_of_them(played: Played, kuaidi100: Kuaidi100) -> None:
    items = [{"time": "2026-11-20 18:30:00", "context": "…"}, {"time": "2026-11-19 18:30:00", "context": "…"}]
    played.says(a_track(data=items, state=14))
    assert await kuaidi100.look_up(PARCEL, phone="") == (
        ParcelEvent(event="refused", at=datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
    )


async def test_a_parcel_nobody_knows_yet_has_no_events(played: Played, kuaidi100: Kuaidi100) -> None:
    played.says({"result": False, "returnCode": "500", "message": "查询无结果，请隔段时间再查"})
    assert await kuaidi100.look_up(PARCEL, phone="") == ()
    played.says(a_track(data=None))
    assert await kuaidi100.look_up(PARCEL, phone="") == ()


@pytest.mark.parametrize(
    "strange",
    [
        {"result": False, "returnCode": "503", "message": "验证签名失败"},
        a_track(nu="another"),
        a_track(data="none"),
        a_track(data=[{"ftime": 5}]),
        {"result": "perhaps"},
    ],
)
async def test_an_answer_that_makes_no_sense_is_not_believed(
    played: Played, kuaidi100: Kuaidi100, strange: dict[str, Any]
) -> None:
    played.says(strange)
    with pytest.raises(PartnerProtocolError, match="kuaidi100 at"):
        await kuaidi100.look_up(PARCEL, phone="")
    played.says({}, status="404 Not Found")
    with pytest.raises(PartnerProtocolError):
        await kuaidi100.subscribe(PARCEL, phone="")
