"""Which addresses may be asked: whatever leads inside is refused, however it is written."""

import asyncio
import ipaddress
from collections.abc import Sequence

import pytest

from examples.report.capture.guard import Guard, is_public
from examples.report.errors import AddressRefused, PageDown


def guard(*addresses: str, allowed: Sequence[str] = ()) -> Guard:
    """A guard for whom every name is at these addresses."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return Guard(frozenset(allowed), resolve=resolve)


INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "100.64.0.1",
    "100.100.100.200", "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2002:a9fe:a9fe::", "2001:0:5ef5:79fb:0:0:80ff:fffe",
]  # fmt: skip
OUTSIDE = ["93.184.215.14", "1.1.1.1", "172.32.0.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", INSIDE)
async def test_what_is_not_public_is_refused(address: str) -> None:
    """This machine, its network, the cloud's own services, and all of them written as IPv6."""
    with pytest.raises(AddressRefused, match="not on the public Internet"):
        await guard(address).destination("http://innocent.example/")


@pytest.mark.parametrize("address", OUTSIDE)
async def test_what_is_public_may_be_asked(address: str) -> None:
    """And the connection goes where the name was resolved to."""
    to = await guard(address).destination("https://innocent.example/prices?year=1")
    assert (to.host, to.port) == ("innocent.example", 443)
    assert is_public(ipaddress.ip_address(to.address))


async def test_one_hidden_address_among_public_ones_is_enough_to_refuse() -> None:
    """A name with several addresses must not get in by whichever is tried first."""
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        await guard("93.184.215.14", "127.0.0.1").destination("http://innocent.example/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "javascript:alert(1)", "example.com", "",
        "http://", "http:///path", "http://user:secret@example.com/", "http://example.com@evil.example/",
        "http://example.com:8080/", "https://example.com:22/", "http://example.com:99999/", "http://[::1/",
        "http://exa mple.com/", "http://example.com/\r\nHost: other", "http://example.com\\@evil.example/",
        "http://example.com/" + "a" * 2_000,
    ],
)  # fmt: skip
async def test_what_is_no_address_of_a_page_is_refused(url: str) -> None:
    """Other schemes, other ports, user names, and what parsers disagree about."""
    with pytest.raises(AddressRefused):
        await guard("93.184.215.14").destination(url)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"],
)
async def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    """By the system's own resolver, which reads all of these."""
    with pytest.raises((AddressRefused, PageDown)):
        await Guard().destination(f"http://{host}/")


async def test_what_is_listed_is_let_through_and_nothing_beside_it() -> None:
    """Host and port, both."""
    listed = guard("127.0.0.1", allowed=["127.0.0.1:8801"])
    to = await listed.destination("http://127.0.0.1:8801/pricing")
    assert (to.address, to.port) == ("127.0.0.1", 8801)
    for url in ("http://127.0.0.1/", "http://127.0.0.1:8802/", "http://localhost:8801/"):
        with pytest.raises(AddressRefused):
            await listed.destination(url)


async def test_a_name_that_cannot_be_resolved_may_be_tried_again() -> None:
    """It is not refused: the resolver may be away."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(0)
        raise OSError("no such name")

    with pytest.raises(PageDown) as error:
        await Guard(resolve=resolve).destination("http://nowhere.example/")
    assert error.value.retryable
