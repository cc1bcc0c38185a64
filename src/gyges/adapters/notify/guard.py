# SPDX-License-Identifier: Apache-2.0
"""Keeps a webhook from being turned against our own network: a name is resolved once, every address of
it must be public, and the connection goes to the address that was checked, not to the name again.

Private, loopback, link-local (cloud metadata), shared and reserved addresses are refused, also where they
hide in an IPv6 address that carries an IPv4 one. Networks that the configuration allows are exempt. It
follows no redirect and sends nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

import httpx

from gyges.adapters.notify.channel import Later, Never
from gyges.adapters.notify.config import Network

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """Where to connect. `url` has the address for a host; `host` is the header, `name` what TLS proves."""

    url: httpx.URL
    host: str
    name: str


async def pin(url: str, allowed: Sequence[Network], resolve: Resolve) -> Pinned:
    """Resolve and check; raise `Never` for a URL that may not be called, `Later` for a name not found."""
    asked = _read(url)
    port = asked.port or {"https": 443, "http": 80}[asked.scheme]
    try:
        found = [ip_address(text.partition("%")[0]) for text in await resolve(asked.host, port)]
    except OSError as error:
        raise Later(f"{asked.host} cannot be resolved: {error.strerror or error}") from None
    if not found:
        raise Later(f"{asked.host} has no address")
    if refused := [address for address in found if not _may(address, allowed)]:
        raise Never(f"{asked.host} is at {refused[0]}, which is no public address; see `allow`")
    if asked.scheme == "http" and not all(_listed(address, allowed) for address in found):
        raise Never("a webhook over plain http goes to an allowed network only")
    literal = f"[{found[0]}]" if found[0].version == 6 else str(found[0])
    pinned = asked.copy_with(host=literal)
    return Pinned(url=pinned, host=asked.netloc.decode("ascii"), name=asked.host)


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of `host`, as the system resolves it."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public(address: Address) -> bool:
    """Whether anybody on the internet could be at `address`, with everything that it may carry inside."""
    inner = _inner(address)
    if inner is not None:
        return public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: Address) -> IPv4Address | None:
    """The IPv4 address that a gateway would make of this IPv6 address."""
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _may(address: Address, allowed: Sequence[Network]) -> bool:
    return public(address) or _listed(address, allowed)


def _listed(address: Address, allowed: Sequence[Network]) -> bool:
    return any(address in network for network in allowed)


def _read(url: str) -> httpx.URL:
    try:
        asked = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise Never("the webhook's URL cannot be read") from None
    if asked.scheme not in ("https", "http") or not asked.host:
        raise Never("a webhook's URL is https://host/...")
    if asked.userinfo:
        raise Never("a webhook's URL carries no user and no password")
    return asked
