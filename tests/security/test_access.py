"""Whether a request is answered, and as whom."""

from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from headway.errors import AuthNotConfigured, Forbidden, HeadwayError, Unauthenticated
from headway.security.access import Gate, hostname, is_loopback, not_local
from headway.security.principal import LOCAL, Principal


def connection(peer: str | None = "127.0.0.1", host: str | None = "localhost:8000", **headers: str) -> HTTPConnection:
    """A request from somewhere."""
    named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope: dict[str, Any] = {
        "type": "http",
        "client": None if peer is None else (peer, 40_000),
        "headers": [(name.encode(), value.encode()) for name, value in named.items() if value is not None],
    }
    return HTTPConnection(scope)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:80", "[::1]:8000", "app.localhost", "LOCALHOST", "localhost."]
)
def test_this_machine(peer: str, host: str) -> None:
    """By every address and name it has."""
    assert not_local(connection(peer, host)) is None


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (connection("203.0.113.9"), "peer 203.0.113.9"),
        (connection("10.0.0.1"), "peer 10.0.0.1"),
        (connection("::ffff:10.0.0.1"), "peer"),
        (connection("testclient"), "peer testclient"),
        (connection(None), "peer (unknown)"),
        (connection(host=None), "Host '(none)'"),
        (connection(host=""), "Host '(none)'"),
        (connection(host="evil.example"), "Host 'evil.example'"),
        (connection(host="localhost.evil.example"), "Host"),
        (connection(host="127.0.0.1.nip.io"), "Host"),
        (connection(host="0.0.0.0"), "Host"),
        (connection(host="[::1"), None),
        (connection(x_forwarded_for="127.0.0.1"), "x-forwarded-for"),
        (connection(x_forwarded_proto="https"), "x-forwarded-proto"),
        (connection(forwarded="for=127.0.0.1"), "forwarded"),
        (connection(via="1.1 x"), "via"),
        (connection(x_real_ip="::1"), "x-real-ip"),
    ],
)
def test_elsewhere(request_: HTTPConnection, reason: str | None) -> None:
    """And why it is."""
    found = not_local(request_)
    assert (found is None) if reason is None else (found is not None and reason in found)


@pytest.mark.parametrize("host", ["", "nonsense", "300.0.0.1", "::", "0.0.0.0", "127.0.0.1.evil", "localhost.evil"])
def test_what_is_no_loopback(host: str) -> None:
    """Nor can be taken for one."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "name"),
    [("a:80", "a"), ("A.b", "a.b"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("a.", "a"), ("", ""), ("::1", "")],
)
def test_names_in_hosts(host: str, name: str) -> None:
    """Without port, brackets and case."""
    assert hostname(host) == name


async def test_without_an_authenticator_only_this_machine() -> None:
    """Who is told what to do otherwise."""
    gate = Gate(None)
    assert await gate.principal(connection()) is LOCAL
    with pytest.raises(AuthNotConfigured) as caught:
        await gate.principal(connection("203.0.113.9"))
    assert "HEADWAY_INSECURE" in (caught.value.hint or "")


async def test_insecure_is_for_everybody() -> None:
    """When the operator says so; it opens nothing beside an authenticator."""
    assert await Gate(None, insecure=True).principal(connection("203.0.113.9")) is LOCAL

    async def nobody(_connection: HTTPConnection) -> Principal | None:
        return None

    with pytest.raises(Unauthenticated):
        await Gate(nobody, insecure=True).principal(connection())


async def test_an_authenticator_decides_alone() -> None:
    """Where the request comes from does not matter then."""

    async def known(_connection: HTTPConnection) -> Principal | None:
        return Principal("ada")

    assert await Gate(known).principal(connection("203.0.113.9", x_forwarded_for="x")) == Principal("ada")


@pytest.mark.parametrize(("status", "error"), [(401, Unauthenticated), (403, Forbidden)])
async def test_refusals_of_the_application_become_ours(status: int, error: type[HeadwayError]) -> None:
    """It may reuse its own dependencies."""

    async def refuse(_connection: HTTPConnection) -> Principal | None:
        raise HTTPException(status, "no")

    with pytest.raises(error, match="no"):
        await Gate(refuse).principal(connection())


async def test_other_errors_of_the_application_stay_its_own() -> None:
    """They are answered as what they are."""

    async def redirect(_connection: HTTPConnection) -> Principal | None:
        raise HTTPException(418, "tea")

    with pytest.raises(HTTPException, match="tea"):
        await Gate(redirect).principal(connection())
