"""Asking a site for a page: pinned to the address that was looked at, bounded in time and size, redirects included."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from examples.report.capture.guard import PORTS, Destination, Guard
from examples.report.errors import AddressRefused, PageDown, PageMissing, PageUnusable

PAGE_S: Final = 15.0
"""Seconds a page may take altogether, redirects included: a site that sends a byte a second is slow for ever."""

PAGE_BYTES: Final = 2_097_152
"""Of the page as it is read, after decompression."""

REDIRECTS: Final = 5
AGENT: Final = "HeadwayReportExample/1.0 (an example program; one page at a time)"

HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_REDIRECTED: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came.

    Attributes:
        url: Where it was found in the end.
        html: Its text.
        size: In bytes.
    """

    url: str
    html: str
    size: int


class Fetcher:
    """Asks for pages; an async context manager. Every call may be cancelled and repeated.

    Args:
        guard: Lets requests out.
        timeout_s: Seconds a page may take.
        max_bytes: Bytes a page may have.
        agent: Who asks, as sites are told.
        kinds: Media types that are read.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        timeout_s: float = PAGE_S,
        max_bytes: int = PAGE_BYTES,
        agent: str = AGENT,
        kinds: frozenset[str] = HTML,
    ) -> None:
        self._guard = guard
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._kinds = kinds
        self._headers = {
            "User-Agent": agent,
            "Accept": ",".join(sorted(kinds, reverse=True)),
            "Accept-Encoding": "gzip, deflate",
        }
        # no proxy, no cookies, no redirects behind our back; a connection is not used again, because the next page may
        # be of another site at the same address
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout_s, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def fetch(self, url: str) -> Fetched:
        """Return a page.

        Raises:
            AddressRefused: It, or what it redirects to, must not be asked.
            PageDown: It does not answer, in time, or answers 5xx or 429 (retryable).
            PageMissing: It answers with another error.
            PageUnusable: It is no HTML, too large, or redirects without end.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._followed(url)
        except TimeoutError:
            raise PageDown(f"{url} was not answered within {self._timeout_s:g} s") from None

    async def _followed(self, url: str) -> Fetched:
        for _ in range(REDIRECTS + 1):
            answer = await self._once(await self._guard.destination(url))
            if isinstance(answer, Fetched):
                return answer
            try:
                url = urljoin(url, answer)
            except ValueError as error:
                raise AddressRefused(f"{url} leads to {answer[:200]!r}, which is no address") from error
        raise PageUnusable(f"{url} redirects more than {REDIRECTS} times")

    async def _once(self, to: Destination) -> Fetched | str:
        """Ask once; return the page, or where it is said to be."""
        headers = {**self._headers, "Host": _netloc(to, to.host)}
        extensions = {"sni_hostname": to.host}
        try:
            async with self._http.stream("GET", _pinned(to), headers=headers, extensions=extensions) as response:
                where = response.headers.get("location")
                if response.status_code in _REDIRECTED and where:
                    return str(where)
                _check(to.url, response, self._kinds)
                return await self._read(to.url, response)
        except httpx.TimeoutException as error:
            raise PageDown(f"{to.url} was not answered within {self._timeout_s:g} s") from error
        except httpx.TransportError as error:
            raise PageDown(f"{to.url} cannot be reached ({error})") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise AddressRefused(f"{to.url} is no address ({error})") from error

    async def _read(self, url: str, response: httpx.Response) -> Fetched:
        body = bytearray()
        async for part in _decoded(url, response, self._max_bytes):
            body += part
            if len(body) > self._max_bytes:
                raise PageUnusable(f"{url} is larger than {self._max_bytes:,} bytes")
        encoding = response.charset_encoding or "utf-8"
        try:
            text = body.decode(encoding, errors="replace")
        except LookupError:
            text = body.decode("utf-8", errors="replace")
        return Fetched(url, text, len(body))


def _pinned(to: Destination) -> str:
    """Return the address with the host replaced by what it resolved to."""
    parts = urlsplit(to.url)
    address = f"[{to.address}]" if ":" in to.address else to.address
    return urlunsplit((parts.scheme, _netloc(to, address), parts.path or "/", parts.query, ""))


def _netloc(to: Destination, host: str) -> str:
    usual = PORTS[urlsplit(to.url).scheme] == to.port
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return shown if usual else f"{shown}:{to.port}"


def _check(url: str, response: httpx.Response, kinds: frozenset[str]) -> None:
    status = response.status_code
    if status >= 500 or status == 429:
        raise PageDown(f"{url} answered {status}")
    if status >= 300:
        raise PageMissing(f"{url} answered {status}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise PageUnusable(f"{url} is {kind or 'of no type'}, not a page")


async def _decoded(url: str, response: httpx.Response, most: int) -> AsyncIterator[bytes]:
    """Yield the body, decompressed by ourselves: a small answer must not become a large one before it is counted."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        async for part in response.aiter_raw():
            yield part
        return
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise PageUnusable(f"{url} is compressed as {coding[:40]!r}, which was not asked for")
    decompressor = zlib.decompressobj(wbits=47)  # gzip or zlib, as it comes
    try:
        async for part in response.aiter_raw():
            yield decompressor.decompress(part, most)
            while decompressor.unconsumed_tail:
                yield decompressor.decompress(decompressor.unconsumed_tail, most)
        yield decompressor.flush()
    except zlib.error as error:
        raise PageUnusable(f"{url} cannot be decompressed ({error})") from error
