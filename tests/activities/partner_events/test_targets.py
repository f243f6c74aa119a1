"""Where an event must not go, however its address is spelled, and whatever a name server says."""

import asyncio
import random
import socket
import threading
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from activities.partner_events.targets import TargetForbidden, check_address, check_addresses, resolve
from tests.chance import SEED


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fd00:ec2::254", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("100.64.0.1", "shared"),
        ("100.100.100.200", "shared"),
        ("168.63.129.16", "a metadata service"),
        ("192.0.0.192", "a metadata service"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "unspecified"),  # noqa: S104 - it is refused
        ("::", "unspecified"),
        ("::127.0.0.1", "not public"),
        ("240.0.0.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("2002:7f00:1::", "reserved"),
        ("2001:0:1::1", "reserved"),
        ("203.0.113.7", "documentation"),
        ("2001:db8::1", "documentation"),
        ("4000::1", "not public"),
    ],
)
def test_an_address_that_leads_inward_is_refused(address: str, why: str) -> None:
    with pytest.raises(TargetForbidden, match=rf"its address is .*{why}"):
        check_address(address, (), encrypted=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2400:3200::1", "::ffff:8.8.8.8"])
def test_a_public_address_is_good_enough_for_https_alone(address: str) -> None:
    check_address(address, (), encrypted=True)
    with pytest.raises(TargetForbidden, match="without https"):
        check_address(address, (), encrypted=False)


def test_what_is_allowed_by_name_may_be_connected_to_and_nothing_beside_it() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"))
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:1::7"):
        check_address(address, allowed, encrypted=False)
    for address in ("10.2.0.1", "127.0.0.1", "fd00:2::7"):
        with pytest.raises(TargetForbidden):
            check_address(address, allowed, encrypted=True)


def test_a_name_with_one_address_that_is_refused_is_refused_whole() -> None:
    with pytest.raises(TargetForbidden, match="private"):
        check_addresses(["8.8.8.8", "10.0.0.1"], (), encrypted=True)


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0", "localhost"])
async def test_the_other_spellings_of_this_machine_lead_to_an_address_that_is_refused(host: str) -> None:
    with pytest.raises(TargetForbidden):
        check_addresses(await resolve(host, 443), (), encrypted=True)


async def test_a_name_whose_server_is_silent_holds_up_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, asked = threading.Event(), list[str]()

    def ask(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "silent.example":
            answers.wait()
        return [(None, None, 6, "", ("192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    silent = [asyncio.create_task(resolve("silent.example", 443)) for _ in range(100)]
    await asyncio.sleep(0)
    silent.pop().cancel()  # its time is over; the others still wait
    try:
        async with asyncio.timeout(20):
            assert await resolve("quick.example", 443) == ["192.0.2.1"]
    finally:
        answers.set()
    assert await asyncio.gather(*silent) == [["192.0.2.1"]] * 99
    assert sorted(asked) == ["quick.example", "silent.example"]
    assert await resolve("silent.example", 443) == ["192.0.2.1"]
    assert len(asked) == 3, "what was answered is asked anew"


def test_no_random_address_that_python_takes_for_inward_is_let_through() -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret
    for _ in range(5_000):
        for address in (IPv4Address(chance.getrandbits(32)), IPv6Address(chance.getrandbits(128))):
            if address.is_private or address.is_multicast or address.is_link_local or address.is_reserved:
                with pytest.raises(TargetForbidden):
                    check_address(str(address), (), encrypted=True)
