"""Pages over real HTTP: bounded in time and size, of the right type, and never from where a redirect wants to lead."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from examples.report.capture.fetching import Fetcher
from examples.report.capture.guard import Guard
from examples.report.errors import AddressRefused, PageDown, PageMissing, PageUnusable
from tests.examples.report.siting import allowed

PAGE = b"<html><body>hello</body></html>"


def answer(body: bytes = PAGE, status: str = "200 OK", kind: str = "text/html", **headers: str) -> bytes:
    """An answer as it goes over the wire."""
    named = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Site:
    """A site that answers each path as it was told, and keeps what it was sent."""

    def __init__(self, **answers: bytes) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.port = 0
        self.at_work: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        task = asyncio.current_task()
        assert task is not None
        self.at_work.add(task)
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(request)
        name = request.split()[1].strip("/") or "home"
        with contextlib.suppress(ConnectionError):
            for sign in answer() if name == "slow" else b"":
                writer.write(bytes([sign]))
                await writer.drain()
                await asyncio.sleep(0.1)
            writer.write(self.answers.get(name, answer(b"", "404 Not Found")))
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def serving(site: Site, timeout_s: float = 30) -> AsyncIterator[Fetcher]:
    """Serve a site, and give a fetcher that may ask it, by the name innocent.example, too."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1" if host in ("innocent.example", "127.0.0.1") else "10.0.0.8"]

    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    listed = frozenset({f"127.0.0.1:{site.port}", f"innocent.example:{site.port}"})
    async with server, Fetcher(Guard(listed, resolve=resolve), timeout_s=timeout_s, max_bytes=10_000) as fetcher:
        yield fetcher
    await asyncio.gather(*site.at_work)


async def test_a_page_is_fetched_from_the_address_that_was_looked_at() -> None:
    """Its name goes into ``Host``; nothing resolves it again."""
    site = Site(home=answer())
    async with serving(site) as fetcher:
        fetched = await fetcher.fetch(f"http://innocent.example:{site.port}/")
    assert (fetched.html, fetched.size) == (PAGE.decode(), len(PAGE))
    assert f"Host: innocent.example:{site.port}" in site.asked[0]
    assert "Cookie" not in site.asked[0]


async def test_redirects_are_followed_and_looked_at_again() -> None:
    """Within the site, yes; to an address inside, no - by name and by number."""
    site = Site()
    async with serving(site) as fetcher:
        site.answers = {
            "moved": answer(b"", "301 Moved", Location="/home"),
            "home": answer(),
            "inside": answer(b"", "302 Found", Location="http://169.254.169.254/latest/meta-data/"),
            "name": answer(b"", "302 Found", Location="http://intranet.example/"),
            "scheme": answer(b"", "302 Found", Location="file:///etc/passwd"),
            "bad": answer(b"", "302 Found", Location="http://[bad/"),
            "round": answer(b"", "307 Temporary", Location="/round"),
        }
        assert (await fetcher.fetch(f"http://127.0.0.1:{site.port}/moved")).url.endswith("/home")
        for path in ("inside", "name", "scheme", "bad"):
            with pytest.raises(AddressRefused):
                await fetcher.fetch(f"http://127.0.0.1:{site.port}/{path}")
        with pytest.raises(PageUnusable, match="redirects more than"):
            await fetcher.fetch(f"http://127.0.0.1:{site.port}/round")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer(b"", "503 Away"), PageDown),
        (answer(b"", "429 Slow Down"), PageDown),
        (answer(b"", "404 Not Found"), PageMissing),
        (answer(b"", "403 Forbidden"), PageMissing),
        (answer(b"%PDF", kind="application/pdf"), PageUnusable),
        (answer(b"{}", kind="application/json"), PageUnusable),
        (answer(b"x" * 10_001), PageUnusable),
        (answer(gzip.compress(b"x" * 10_000_000), Content_Encoding="gzip"), PageUnusable),
        (answer(b"no gzip", Content_Encoding="gzip"), PageUnusable),
        (answer(PAGE, Content_Encoding="br"), PageUnusable),
        (b"nonsense", PageDown),
    ],
    ids=["503", "429", "404", "403", "pdf", "json", "large", "bomb", "no gzip", "brotli", "nonsense"],
)
async def test_what_is_no_page_is_told_by_what_it_is(given: bytes, error: type[Exception]) -> None:
    """Errors of the server may pass; anything else is not asked for again."""
    async with serving(site := Site(page=given)) as fetcher:
        with pytest.raises(error) as told:
            await fetcher.fetch(f"http://127.0.0.1:{site.port}/page")
    assert getattr(told.value, "retryable", None) is (error is PageDown)


@pytest.mark.parametrize(
    ("coding", "packed"), [("gzip", gzip.compress(PAGE)), ("deflate", zlib.compress(PAGE))], ids=["gzip", "deflate"]
)
async def test_compressed_pages_are_read(coding: str, packed: bytes) -> None:
    """As most sites send them."""
    async with serving(site := Site(page=answer(packed, Content_Encoding=coding))) as fetcher:
        assert (await fetcher.fetch(f"http://127.0.0.1:{site.port}/page")).html == PAGE.decode()


async def test_a_site_that_dribbles_is_given_up() -> None:
    """A byte now and then keeps no worker busy: the limit is for the whole page."""
    async with serving(site := Site(), 1) as fetcher:
        with pytest.raises(PageDown, match="not answered within 1 s"):
            await fetcher.fetch(f"http://127.0.0.1:{site.port}/slow")


async def test_an_unknown_charset_is_read_all_the_same() -> None:
    """Signs that cannot be read are replaced."""
    async with serving(site := Site(page=answer("näh".encode(), kind="text/html; charset=martian"))) as fetcher:
        assert (await fetcher.fetch(f"http://127.0.0.1:{site.port}/page")).html == "näh"


async def test_the_demos_sites_are_captured_over_http(sites: dict[str, str]) -> None:
    """Dates in them are of today's month, or the demo would age."""
    async with Fetcher(Guard(allowed(sites))) as fetcher:
        page = await fetcher.fetch(f"{sites['uptide']}/changelog")
        assert "What's new" in page.html
        assert "{{" not in page.html
        with pytest.raises(PageMissing):
            await fetcher.fetch(f"{sites['uptide']}/..%2f..%2fapp")
