# SPDX-License-Identifier: Apache-2.0
"""The guard against requests that are forged on the server's side: which addresses, checked when, used how."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.adapters.notify.channel import Later, Never
from gyges.adapters.notify.guard import look_up, pin, public

pytestmark = pytest.mark.anyio
LOOPBACK = [ip_network("127.0.0.0/8")]


class Names:
    """A resolver with a memory; each name has answers, given in turn, the last for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found = self.answers.get(host)
        if found is None:
            return [host]  # a literal
        return found.pop(0) if len(found) > 1 else found[0]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe", "fe80::1%eth0",
    ],
)  # fmt: skip
async def test_what_is_not_public_is_refused(address: str) -> None:
    """Loopback, private, link-local, shared, reserved, multicast; also inside mapped, 6to4, Teredo and NAT64."""
    with pytest.raises(Never, match="no public address"):
        await pin("https://hook.example/x", (), Names(hook_example=[[address]]))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
async def test_what_is_public_is_pinned(address: str) -> None:
    """The URL gets the address, the header and TLS keep the name."""
    names = Names(hook_example=[[address]])
    pinned = await pin("https://hook.example/x?y=1", (), names)
    assert ip_address(pinned.url.host.strip("[]")) == ip_address(address)
    assert (pinned.host, pinned.name, pinned.url.path) == ("hook.example", "hook.example", "/x")
    assert pinned.url.query == b"y=1"


async def test_a_name_is_asked_once() -> None:
    """A name that turns from public to loopback a moment later was asked before, and is not asked again."""
    names = Names(hook_example=[["93.184.216.34"], ["127.0.0.1"]])
    pinned = await pin("https://hook.example:8443/", (), names)
    assert (pinned.url.host, pinned.url.port, names.asked) == (
        "93.184.216.34",
        8443,
        ["hook.example"],
    )
    assert pinned.host == "hook.example:8443"


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    """A name with a public and a private address is not called at all."""
    names = Names(hook_example=[["93.184.216.34", "10.0.0.1"]])
    with pytest.raises(Never, match=r"10\.0\.0\.1"):
        await pin("https://hook.example/", (), names)


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example/", "ftp://hook.example/", "file:///etc/passwd", "https:///x",
        "https://user:pass@hook.example/", "hook.example", "", "https://[::1", "gopher://x/",
    ],
)  # fmt: skip
async def test_only_https_to_a_host_is_called(url: str) -> None:
    """No other scheme, no password in the URL, and plain http to a network that is allowed only."""
    with pytest.raises(Never):
        await pin(url, (), Names(hook_example=[["93.184.216.34"]]))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost"]
)
async def test_numbers_in_disguise_are_resolved_like_names(host: str) -> None:
    """The system's own resolver decides what they mean, and loopback stays loopback; or it knows none."""
    with pytest.raises((Never, Later)):
        await pin(f"https://{host}/", (), look_up)


async def test_an_allowed_network_may_be_called_even_in_the_clear() -> None:
    """What the configuration names, and nothing beside it."""
    pinned = await pin("http://127.0.0.1:9/x", LOOPBACK, look_up)
    assert (pinned.url.host, pinned.url.port) == ("127.0.0.1", 9)
    with pytest.raises(Never):
        await pin("http://hook.example/", LOOPBACK, Names(hook_example=[["10.0.0.1"]]))
    with pytest.raises(Never, match="plain http"):
        await pin("http://hook.example/", LOOPBACK, Names(hook_example=[["93.184.216.34"]]))


async def test_a_name_that_cannot_be_resolved_may_come_back() -> None:
    """It is tried again, like any other failure; so is a name without addresses."""

    async def lost(host: str, port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(Later, match="Name or service"):
        await pin("https://hook.example/", (), lost)
    with pytest.raises(Later, match="no address"):
        await pin("https://hook.example/", (), Names(hook_example=[[]]))


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_as_itself(address: IPv4Address) -> None:
    """Mapped and translated forms are as public as what they carry."""
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    translated = IPv6Address(b"\0\x64\xff\x9b" + b"\0" * 8 + address.packed)
    six_to_four = IPv6Address(b"\x20\x02" + address.packed + b"\0" * 10)
    assert {public(found) for found in (mapped, translated, six_to_four)} == {public(address)}
