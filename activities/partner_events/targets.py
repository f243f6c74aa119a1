"""Where an event may go: judged by the address that is connected to, whatever name or spelling led there."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host; raises OSError where it has none."""


class TargetRefused(Exception):  # noqa: N818 - named as the news it brings
    """An event must not be sent there; the text says why, and never where."""


_INWARD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("loopback", ("127.0.0.0/8", "::1/128")),
    ("link-local", ("169.254.0.0/16", "fe80::/10")),  # with the metadata services of most clouds
    ("private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
    ("shared (carrier-grade NAT)", ("100.64.0.0/10",)),  # with the metadata service of Alibaba Cloud
    ("a metadata service", ("168.63.129.16/32", "192.0.0.192/32")),  # Azure, Oracle
    ("multicast or broadcast", ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")),
    ("unspecified", ("0.0.0.0/8", "::/128")),
    ("reserved", ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001::/23", "2002::/16")),
    ("for documentation", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")),
)
_REFUSED = tuple((word, tuple(map(ip_network, networks))) for word, networks in _INWARD)
_PUBLIC_6 = ip_network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

_resolvers = ThreadPoolExecutor(32, thread_name_prefix="resolving")
"""Apart from all others: a name server that is silent holds up nobody but those who wait for it."""

_Asked = tuple[asyncio.AbstractEventLoop, str, int]
_asking: dict[_Asked, asyncio.Future[Sequence[str]]] = {}


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host; raises OSError for none.

    Who asks for the same while an answer is awaited shares it: so a host takes one thread, whoever waits for it.
    """
    loop = asyncio.get_running_loop()
    asking = _asking.get((loop, host, port))
    if asking is None:
        asking = _asking[loop, host, port] = loop.run_in_executor(_resolvers, _looked_up, host, port)
        asking.add_done_callback(lambda done: _forget((loop, host, port), done))
    return await asyncio.shield(asking)  # who gives up takes nothing from the others


def _looked_up(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _forget(asked: _Asked, done: asyncio.Future[Sequence[str]]) -> None:
    del _asking[asked]
    if not done.cancelled():
        done.exception()  # told to those who still wait; where nobody does, nobody misses it


def judged(addresses: Sequence[str], allowed: Sequence[Network], *, encrypted: bool) -> tuple[str, ...]:
    """Return the addresses as they may be connected to; raises TargetRefused if any of them may not.

    A name that answers with a public and a private address is refused whole: which of them is meant is nobody's guess.
    Without encryption only addresses that are allowed by name are good enough.
    """
    for address in addresses:
        judge(address, allowed, encrypted=encrypted)
    return tuple(addresses)


def judge(address: str, allowed: Sequence[Network], *, encrypted: bool) -> None:
    """Refuse one address unless it is public, or allowed; raises TargetRefused."""
    meant = _meant(ip_address(address))
    if any(meant in network for network in allowed):
        return
    if word := _inward(meant):
        raise TargetRefused(f"its address is {word}, and not in `allow`")
    if not encrypted:
        raise TargetRefused("without https an event may only go to an address in `allow`")


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _inward(address: Address) -> str | None:
    for word, networks in _REFUSED:
        if any(address in network for network in networks):
            return word
    return None if address.version == 4 or address in _PUBLIC_6 else "not public"
