"""Mail over a real server: encrypted, logged in, and each answer taken for what it proves."""

import ssl
from pathlib import Path

import pytest

from activities.notifications.channels import Delivery, DeliveryFailed, DeliveryUnknown
from activities.notifications.mail import Mail
from tests.activities.notifications.mail_server import SENDER, Post, certificate
from workflows.parties import Party
from workflows.vocabulary import Role


def a_letter(
    address: str = "b-1@mail.test", subject: str = "投诉已结束：C1", text: str = "一行\n.\n又一行"
) -> Delivery:
    return Delivery(
        key="C1:2:closed:buyer:b-1:email", complaint="C1", event="closed", to=Party(role=Role.BUYER, id="b-1"),
        address=address, locale="zh_CN", subject=subject, text=text,
    )  # fmt: skip


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with Post() as post:
        await Mail(post.server()).send(a_letter())
    (message,) = post.arrived["b-1@mail.test"]
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, "b-1@mail.test", "投诉已结束：C1")
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "zh-CN")
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().split() == ["一行", ".", "又一行"]


async def test_the_same_notice_has_the_same_message_id() -> None:
    async with Post() as post:
        for _ in range(2):
            await Mail(post.server()).send(a_letter())
    first, second = post.arrived["b-1@mail.test"]
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize(
    ("who", "why", "lasting"),
    [("gone", "recipient 550", True), ("full", "recipient 452", False), ("spam", "content 554", True)],
)
async def test_what_the_server_refuses_is_proven_not_to_have_arrived(who: str, why: str, lasting: bool) -> None:
    async with Post() as post:
        with pytest.raises(DeliveryFailed) as refused:
            await Mail(post.server()).send(a_letter(f"{who}@mail.test"))
    assert (refused.value.why, refused.value.permanent) == (why, lasting)
    assert post.arrived == {}


async def test_a_line_that_breaks_after_the_content_leaves_a_doubt() -> None:
    async with Post() as post:
        with pytest.raises(DeliveryUnknown):
            await Mail(post.server()).send(a_letter("drop@mail.test"))
    assert len(post.arrived["drop@mail.test"]) == 1


async def test_a_server_that_is_slow_before_the_content_has_not_taken_it() -> None:
    async with Post(slow=0.4) as post:
        with pytest.raises(DeliveryFailed) as late:
            await Mail(post.server(seconds=0.2)).send(a_letter("slow@mail.test"))
    assert not late.value.permanent
    assert post.arrived == {}


async def test_a_server_that_is_not_there_is_tried_later() -> None:
    async with Post() as post:
        server = post.server()
    with pytest.raises(DeliveryFailed) as down:
        await Mail(server).send(a_letter())
    assert not down.value.permanent


async def test_over_an_encrypted_line_we_log_in_and_trust_only_whom_we_know(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    async with Post(context, ("redress", "secret")) as post:
        ours = {"security": "starttls", "ca": pem, "user": "redress"}
        await Mail(post.server(**ours, password="secret")).send(a_letter())
        await Mail(post.server(**ours, password="secret")).ping()
        for wrong in (
            post.server(**ours, password="wrong"),
            post.server(security="starttls", user="redress", password="secret"),  # nobody vouches for it
            post.server(),  # in the clear
        ):
            with pytest.raises(DeliveryFailed) as unwanted:
                await Mail(wrong).send(a_letter())
            assert not unwanted.value.permanent, "an operator can mend it"
    assert len(post.arrived["b-1@mail.test"]) == 1


async def test_a_line_can_be_encrypted_from_its_first_byte_on(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    async with Post(context, at_once=True) as post:
        await Mail(post.server(security="tls", ca=pem)).send(a_letter())
        with pytest.raises(DeliveryFailed):
            await Mail(post.server(security="tls")).send(a_letter())
    assert len(post.arrived["b-1@mail.test"]) == 1


async def test_no_address_and_no_word_of_the_server_is_in_any_error() -> None:
    async with Post() as post:
        for who in ("gone", "full", "spam", "drop"):
            with pytest.raises((DeliveryFailed, DeliveryUnknown)) as wrong:
                await Mail(post.server()).send(a_letter(f"{who}@mail.test"))
            assert "mail.test" not in repr(wrong.value)
            assert wrong.value.__cause__ is None
            assert wrong.value.__suppress_context__
