"""Protection against SSRF: receivers are checked by the IP address that is connected to, not by name."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from activities.errors import ActivitiesError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host; raises OSError if there are none."""


class TargetForbidden(ActivitiesError):  # noqa: N818 - an outcome of the check
    """Events must not be sent to this address; the text says why, never the address."""


_NON_PUBLIC: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("loopback", ("127.0.0.0/8", "::1/128")),
    ("link-local", ("169.254.0.0/16", "fe80::/10")),  # includes the metadata services of most clouds
    ("private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
    ("shared (carrier-grade NAT)", ("100.64.0.0/10",)),  # includes the metadata service of Alibaba Cloud
    ("a metadata service", ("168.63.129.16/32", "192.0.0.192/32")),  # Azure, Oracle
    ("multicast or broadcast", ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")),
    ("unspecified", ("0.0.0.0/8", "::/128")),
    ("reserved", ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001::/23", "2002::/16")),
    ("for documentation", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")),
)
_NON_PUBLIC_NETWORKS = tuple((word, tuple(map(ip_network, networks))) for word, networks in _NON_PUBLIC)
_PUBLIC_6 = ip_network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

_resolvers = ThreadPoolExecutor(32, thread_name_prefix="resolving")
"""A pool of its own: a name server that does not answer blocks nothing else."""

_LookupKey = tuple[asyncio.AbstractEventLoop, str, int]
_lookups: dict[_LookupKey, asyncio.Future[Sequence[str]]] = {}


async def resolve(host: str, port: int) -> Sequence[str]:
    """Resolve a host; raises OSError if it has no address. Concurrent lookups of a host share one thread."""
    loop = asyncio.get_running_loop()
    asking = _lookups.get((loop, host, port))
    if asking is None:
        asking = _lookups[loop, host, port] = loop.run_in_executor(_resolvers, _looked_up, host, port)
        asking.add_done_callback(lambda done: _forget((loop, host, port), done))
    return await asyncio.shield(asking)  # a caller that is cancelled does not cancel the others


def _looked_up(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _forget(asked: _LookupKey, done: asyncio.Future[Sequence[str]]) -> None:
    del _lookups[asked]
    if not done.cancelled():
        done.exception()  # mark as retrieved, in case no caller is left


def check_addresses(addresses: Sequence[str], allowed: Sequence[Network], *, encrypted: bool) -> tuple[str, ...]:
    """Return the addresses if all of them are allowed; raises TargetForbidden.

    One forbidden address forbids the whole name. Without TLS only addresses in `allowed` are accepted.
    """
    for address in addresses:
        check_address(address, allowed, encrypted=encrypted)
    return tuple(addresses)


def check_address(address: str, allowed: Sequence[Network], *, encrypted: bool) -> None:
    """Require an address to be public, or listed in `allowed`; raises TargetForbidden."""
    meant = _effective(ip_address(address))
    if any(meant in network for network in allowed):
        return
    if word := _non_public_kind(meant):
        raise TargetForbidden(f"its address is {word}, and not in `allow`")
    if not encrypted:
        raise TargetForbidden("without https an event may only go to an address in `allow`")


def _effective(address: Address) -> Address:
    """Return the IPv4 address embedded in an IPv6 one (mapped or NAT64), else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _non_public_kind(address: Address) -> str | None:
    for word, networks in _NON_PUBLIC_NETWORKS:
        if any(address in network for network in networks):
            return word
    return None if address.version == 4 or address in _PUBLIC_6 else "not public"
