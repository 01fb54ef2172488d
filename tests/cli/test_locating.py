"""Finding a server's routes."""

import pytest

from headway.app import Headway
from headway.cli.locating import HOW_TO_FIND, STORE_AWAY, explained, locate
from headway.client import Client
from headway.errors import StoreUnavailable
from tests.client.running import running
from tests.client.scripted import Answer, Request, json, plain, problem, scripted


def serve(prefix: str):
    """A server below a prefix."""
    return running(Headway("memory://", worker="none"), prefix=prefix)


async def test_the_usual_prefix_is_found():
    """Where an address has no path of its own."""
    with serve("/headway") as server:
        base = server.url.removesuffix("/headway")
        assert await locate(base, None) == server.url
        assert await locate(base + "/", None) == server.url
        assert await locate(base + "/other", None) == base + "/other"


async def test_the_root_is_found_first():
    """One request is enough."""
    with serve("") as server:
        assert await locate(server.url, None) == server.url


async def test_what_cannot_be_found_stays_as_it_is():
    """Whoever asks next tells why."""
    assert await locate("http://127.0.0.1:9", None) == "http://127.0.0.1:9"
    async with scripted(lambda request, n: plain("404 Not Found")) as server:
        assert await locate(server.url, None) == server.url
        assert [request.path for request in server.requests] == ["/v1/runs", "/headway/v1/runs"]


async def test_a_server_that_refuses_is_one():
    """With credentials it is the same one."""

    def script(request: Request, n: int) -> Answer:
        assert request.headers["authorization"] == "Bearer t"
        if request.path.startswith("/headway"):
            return problem("401 Unauthorized", "unauthenticated")
        return plain("404 Not Found", b'{"detail":"Not Found"}')

    async with scripted(script) as server:
        assert await locate(server.url, "t") == server.url + "/headway"
    async with scripted(lambda request, n: json({"runs": [], "next": None})) as server:
        assert await locate(server.url, None) == server.url


async def test_the_hint_is_about_what_is_away():
    """The server itself, or the store behind one that answers; a proxy's 503 is no answer of a server."""

    async def hint(url: str) -> str | None:
        async with Client(url) as client:
            with pytest.raises(StoreUnavailable) as caught:
                await client.runs(limit=1)
        return explained(caught.value).hint

    assert await hint("http://127.0.0.1:9") == HOW_TO_FIND
    async with scripted(lambda request, n: problem("503 Service Unavailable", "store_unavailable")) as server:
        assert await hint(server.url) == STORE_AWAY
    async with scripted(lambda request, n: plain("503 Service Unavailable", b"<h1>away</h1>")) as server:
        assert await hint(server.url) == HOW_TO_FIND
