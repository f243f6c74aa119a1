"""Robots of group chats: signed as each group demands, and believed only with the code of success."""

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator

import httpx2
import pytest

from activities.notifications.channels import Delivery, DeliveryFailed, DeliveryUnknown
from activities.notifications.robots import Kind, Robot, Robots
from tests.activities.notifications.group import Group
from tests.activities.partners.hostile import partner_saying, spoken
from workflows.parties import Party
from workflows.vocabulary import Role

SECRET = "SEC-of-the-group"
KINDS: tuple[Kind, ...] = ("dingtalk", "wecom", "feishu")


@pytest.fixture
async def group() -> AsyncIterator[Group]:
    async with Group() as group:
        yield group


def a_letter(address: str = "ops", text: str = "请尽快处理。") -> Delivery:
    return Delivery(
        key="k", complaint="C1", event="duty_missed", to=Party(role=Role.SUPERVISOR, id="s-1"), address=address,
        locale="zh_CN", subject="已逾期：C1", text=text,
    )  # fmt: skip


async def say(kind: Kind, url: str, letter: Delivery | None = None) -> None:
    robots = {"ops": Robot(kind, f"{url}/robot/send?access_token=token-1", SECRET)}
    async with httpx2.AsyncClient(trust_env=False) as client:
        await Robots(kind, robots, client).send(letter or a_letter())


def sealed(key: str, words: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), words.encode(), hashlib.sha256).digest()).decode()


async def test_dingtalk_is_signed_in_the_address_with_the_milliseconds_of_now(group: Group) -> None:
    await say("dingtalk", group.url)
    (said,) = group.said
    stamp = said.query["timestamp"]
    assert said.query["access_token"] == "token-1"
    assert said.query["sign"] == sealed(SECRET, f"{stamp}\n{SECRET}")
    assert abs(int(stamp) - time.time() * 1000) < 10_000
    assert said.body == {"msgtype": "text", "text": {"content": "已逾期：C1\n请尽快处理。"}}


async def test_feishu_is_signed_in_the_body_with_the_seconds_of_now(group: Group) -> None:
    group.answer('{"code": 0, "msg": "success", "data": {}}')
    await say("feishu", group.url)
    (said,) = group.said
    stamp = said.body["timestamp"]
    assert said.body["sign"] == sealed(f"{stamp}\n{SECRET}", "")
    assert abs(int(stamp) - time.time()) < 10
    assert (said.body["msg_type"], said.body["content"]) == ("text", {"text": "已逾期：C1\n请尽快处理。"})


async def test_wecom_gets_no_more_bytes_than_it_takes_and_no_half_character(group: Group) -> None:
    await say("wecom", group.url, a_letter(text="长" * 3000))
    content = group.said[0].body["text"]["content"]
    assert 2040 < len(content.encode()) <= 2048
    assert content.endswith("长")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("body", "why", "lasting"),
    [
        ('{"errcode": 310000, "errmsg": "sign not match"}', "errcode 310000", True),
        ('{"errcode": 93000, "errmsg": "invalid webhook url"}', "errcode 93000", True),
        ('{"code": 19021, "msg": "sign match fail"}', "errcode 19021", True),
        ('{"StatusCode": 19024, "StatusMessage": "Key Words Not Found"}', "errcode 19024", True),
    ],
)
async def test_a_code_inside_an_answer_of_200_is_a_refusal(
    group: Group, kind: Kind, body: str, why: str, lasting: bool
) -> None:
    group.answer(body)
    with pytest.raises(DeliveryFailed) as refused:
        await say(kind, group.url)
    assert (refused.value.why, refused.value.permanent) == (why, lasting)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("dingtalk", '{"errcode": 130101, "errmsg": "send too fast"}'),
        ("wecom", '{"errcode": 45009, "errmsg": "api freq out of limit"}'),
        ("feishu", '{"code": 11232, "msg": "frequency limited"}'),
    ],
)
async def test_too_fast_means_later(group: Group, kind: Kind, body: str) -> None:
    group.answer(body)
    with pytest.raises(DeliveryFailed) as refused:
        await say(kind, group.url)
    assert not refused.value.permanent


async def test_a_gateway_in_between_that_refuses_has_not_passed_it_on(group: Group) -> None:
    for status, lasting in ((404, True), (429, False), (503, False)):
        group.answer("", status)
        with pytest.raises(DeliveryFailed) as refused:
            await say("wecom", group.url)
        assert refused.value.permanent is lasting


@pytest.mark.parametrize("body", ["", "{}", "ok", '{"errcode": "0"}', '{"errcode": null}', "[0]"])
async def test_an_answer_without_a_code_proves_nothing(group: Group, body: str) -> None:
    group.answer(body)
    with pytest.raises(DeliveryUnknown):
        await say("dingtalk", group.url)


async def test_a_line_that_breaks_leaves_a_doubt_and_one_that_never_stood_none() -> None:
    async with partner_saying(b"") as url:
        with pytest.raises(DeliveryUnknown):
            await say("dingtalk", url)
    with pytest.raises(DeliveryFailed) as down:
        await say("dingtalk", url)
    assert not down.value.permanent


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async with partner_saying(spoken("200 OK", b" " * 200_000)) as url:
        with pytest.raises(DeliveryUnknown, match="endless"):
            await say("feishu", url)


async def test_only_robots_of_the_file_are_called_and_only_as_what_they_are(group: Group) -> None:
    for letter, kind in ((a_letter("http://169.254.169.254/"), "dingtalk"), (a_letter("other"), "wecom")):
        robots = {"other": Robot("feishu", group.url, SECRET)}
        async with httpx2.AsyncClient(trust_env=False) as client:
            with pytest.raises(DeliveryFailed, match="no such robot"):
                await Robots(kind, robots, client).send(letter)  # type: ignore[arg-type]
    assert group.said == []


async def test_no_token_and_no_secret_is_in_any_error(group: Group) -> None:
    for answer in ('{"errcode": 310000, "errmsg": "token-1"}', "token-1"):
        group.answer(answer)
        with pytest.raises((DeliveryFailed, DeliveryUnknown)) as wrong:
            await say("dingtalk", group.url)
        assert "token-1" not in repr(wrong.value)
        assert SECRET not in repr(wrong.value)
    assert "token-1" not in repr(Robot("dingtalk", "https://x/?access_token=token-1", SECRET))
