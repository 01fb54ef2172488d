"""Pages of other sites."""

import pytest
from starlette.datastructures import Headers, MutableHeaders

from headway.errors import OriginNotAllowed
from headway.security.origins import Origins, is_same_site

APP = "https://app.example"


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        ("http://a.example", "a.example", True),
        ("https://a.example", "a.example", True),
        ("https://a.example", "a.example:443", True),
        ("http://a.example:80", "a.example", True),
        ("http://a.example:8000", "a.example:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://A.example", "a.EXAMPLE", True),
        ("http://a.example:3000", "a.example", False),
        ("http://a.example", "a.example:3000", False),
        ("https://a.example", "a.example:80", False),
        ("http://b.example", "a.example", False),
        ("http://sub.a.example", "a.example", False),
        ("null", "a.example", False),
        ("", "a.example", False),
        ("http://a.example:x", "a.example", False),
        ("http://a.example", "", False),
        ("http://a.example:99999", "a.example", False),
    ],
)
def test_the_same_site(origin: str, host: str, expected: bool) -> None:
    """Name and port; the scheme may differ, because TLS may end at a proxy."""
    assert is_same_site(origin, Headers({"host": host})) == expected


def test_the_browsers_word_counts() -> None:
    """No page can set it; behind a proxy that changes the Host it is all there is."""
    headers = {"host": "internal:8000"}
    assert is_same_site(APP, Headers({**headers, "sec-fetch-site": "same-origin"}))
    for other in ("same-site", "cross-site", "none"):
        assert not is_same_site(APP, Headers({**headers, "sec-fetch-site": other}))


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_commands_of_strangers_are_refused(method: str) -> None:
    """Programs, which send no origin, are not meant."""
    origins = Origins([APP])
    host = {"host": "a.example"}
    with pytest.raises(OriginNotAllowed) as caught:
        origins.check(method, Headers({**host, "origin": "https://evil.example"}))
    assert "HEADWAY_CORS_ORIGINS" in (caught.value.hint or "")
    for headers in ({}, {"origin": APP}, {"origin": "http://a.example"}):
        origins.check(method, Headers({**host, **headers}))


def test_reading_is_never_refused() -> None:
    """The browser does it, for lack of headers."""
    Origins([]).check("GET", Headers({"host": "a", "origin": "https://evil.example"}))


def test_everybody_may_not_command() -> None:
    """A star is about reading."""
    with pytest.raises(OriginNotAllowed):
        Origins(["*"]).check("POST", Headers({"host": "a", "origin": "https://evil.example"}))


def decorated(allowed: list[str], **asked: str) -> dict[str, str]:
    """CORS headers of an answer."""
    answer = MutableHeaders()
    Origins(allowed).decorate(Headers(asked), answer)
    return dict(answer)


def test_nothing_is_said_by_default() -> None:
    """There is nothing a page of another site may do."""
    assert decorated([], origin=APP) == {}


def test_a_listed_origin_is_named() -> None:
    """Never reflected unless listed; caches must know that it matters, in any case."""
    assert decorated([APP], origin=APP)["access-control-allow-origin"] == APP
    assert decorated([APP], origin="https://evil.example") == {"vary": "Origin"}
    assert decorated([APP]) == {"vary": "Origin"}


def test_a_star_goes_without_credentials() -> None:
    """Beside it a listed origin keeps its own."""
    assert "access-control-allow-credentials" not in decorated(["*"], origin=APP)
    both = decorated(["*", APP], origin=APP)
    assert (both["access-control-allow-origin"], both["access-control-allow-credentials"]) == (APP, "true")
    assert decorated(["*", APP], origin="https://other.example")["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", {"origin": APP, "access-control-request-method": "GET"}), ("OPTIONS", {"origin": APP}), ("OPTIONS", {})],
)
def test_what_is_no_preflight(method: str, headers: dict[str, str]) -> None:
    """Goes on to the routes."""
    assert Origins([APP]).preflight(method, Headers(headers)) is None
