"""Which addresses a worker may ask, and where exactly the answer has to come from (server-side request forgery).

Whoever starts a report names addresses, and our workers ask them from inside our network. So an address is resolved
here, *all* it resolves to has to be public, and the connection goes to the very address that was looked at: a name that
resolves to another address a moment later changes nothing. Every redirect passes here again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from examples.report.errors import AddressRefused, PageDown

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

PORTS: Final = {"http": 80, "https": 443}
URL_MAX: Final = 2_000

_NEVER: Final = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")))
"""What looks public and is not: a cloud's service to its own machines (Azure; the others' are link-local), addresses
of protocols (Oracle's service among them), and the way into 6to4. Older versions of Python call some of them global."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request may go.

    Attributes:
        url: What was asked for.
        host: Its host: for the ``Host`` header, and the name on the certificate.
        address: The address to connect to.
        port: The port to connect to.
    """

    url: str
    host: str
    address: str
    port: int


class Guard:
    """Lets requests out.

    Args:
        allowed: ``host:port`` of sites on this machine that may be asked all the same: those of the demo.
        resolve: Returns the addresses of a name; the system's resolver by default.
    """

    def __init__(self, allowed: frozenset[str] = frozenset(), *, resolve: Resolve | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve or _of_the_system

    async def destination(self, url: str) -> Destination:
        """Return where a request for this address goes.

        Raises:
            AddressRefused: It must not be asked, whoever wants it.
            PageDown: Its name cannot be resolved now.
        """
        parts, port = checked(url)
        host = parts.hostname or ""
        listed = f"{host}:{port}" in self._allowed
        if not listed and port != PORTS[parts.scheme]:
            raise AddressRefused(
                f"port {port} of {host} is not asked", hint="use a site on port 80 (http) or 443 (https)"
            )
        found = [_unwrapped(ipaddress.ip_address(text.partition("%")[0])) for text in await self._found(host, port)]
        if not found:
            raise PageDown(f"{host} has no address")
        if not listed and (hidden := next((address for address in found if not is_public(address)), None)):
            raise AddressRefused(
                f"{host} is at {hidden}, which is not on the public Internet", hint="name a public site"
            )
        return Destination(url, host, str(found[0]), port)

    async def _found(self, host: str, port: int) -> Sequence[str]:
        try:
            return await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise PageDown(f"the name {host} cannot be resolved ({error})", hint="check how it is written") from error


def checked(url: str) -> tuple[SplitResult, int]:
    """Take an address apart; return it with its port.

    Raises:
        AddressRefused: It is none of a page, whatever it resolves to.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"{url[:200]!r} is no address ({error})") from error
    if len(url) > URL_MAX or any(ord(sign) < 33 or sign == "\\" for sign in url):
        raise AddressRefused(f"{url[:200]!r} is no address of a page")
    if parts.scheme not in PORTS or not parts.hostname:
        raise AddressRefused(f"{url[:200]!r} is not an address of the web", hint="write https://example.com/")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            "an address with a user name in it is not asked", hint="leave out what stands before the @"
        )
    return parts, port or PORTS[parts.scheme]


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public Internet: not this machine, its network, or a cloud's own."""
    address = _unwrapped(address)
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not special and not any(address in network for network in _NEVER)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


async def _of_the_system(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]
