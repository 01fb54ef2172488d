"""A server: whether it is ready, and who is let in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import orjson

from headway.cli.doctor.findings import Finding, fail, ok, warn
from headway.cli.doctor.streaming import streaming
from headway.cli.locating import HOW_TO_FIND, locate
from headway.cli.words import counted
from headway.client import Client
from headway.client.problems import words
from headway.security.access import is_loopback

FOREIGN_PAGE: Final = "https://another-site.invalid"


async def serving(url: str, token: str | None) -> AsyncIterator[Finding]:
    """Look at a server from where this command runs.

    Args:
        url: Where its routes are, or its root.
        token: Sent along.
    """
    found = await locate(url, token)
    async with Client(found, token=token) as client:
        reached = await _readiness(client)
        for finding in reached:
            yield finding
        if reached[0].level == "fail":
            return
        yield _encryption(found)
        async for finding in _doors(found):
            yield finding
        async for finding in streaming(client):
            yield finding


async def _readiness(client: Client) -> list[Finding]:
    try:
        response = await client.http.get(f"{client.url}/readyz")
        report = orjson.loads(response.content)
        assert isinstance(report["store"], dict)  # noqa: S101 - else it is not ours
    except httpx.HTTPError as error:
        return [fail("server", f"{client.url}: {words(error)}", HOW_TO_FIND)]
    except (orjson.JSONDecodeError, KeyError, TypeError, AssertionError):
        return [fail("server", f"{client.url}/readyz is not answered as Headway does", HOW_TO_FIND)]
    return [_ready(client.url, report), *_parts(report)]


def _ready(url: str, report: dict[str, Any]) -> Finding:
    if report.get("status") == "ready":
        return ok("server", f"{url} is ready")
    trouble = report["store"].get("trouble")
    why = f": its store: {trouble}" if trouble else ""
    return fail("server", f"{url} is {report.get('status')}{why}", "look into its log; it says what it waits for")


def _parts(report: dict[str, Any]) -> list[Finding]:
    engine, direct = report.get("engine") or {}, report.get("direct") or {}
    found = [ok("server's store", f"{report['store'].get('name')}, {_at_work(engine)} on it")]
    if direct.get("on"):
        found.append(ok("server's streams", "handed over to the hub (direct path on)"))
    else:
        mend = "serve it by `headway serve`, with headway[server] installed and HEADWAY_DIRECT unset"
        found.append(warn("server's streams", f"by ASGI send(): direct path off ({direct.get('reason')})", mend))
    return found


def _at_work(engine: dict[str, Any]) -> str:
    return counted(engine.get("processes", 0), "process works", "processes work")


def _encryption(url: str) -> Finding:
    parts = httpx.URL(url)
    if parts.scheme == "http" and not is_loopback(parts.host):
        return warn("encryption", "none: tokens and runs can be read on the way", "put a proxy with TLS before it")
    return ok("encryption", "TLS" if parts.scheme == "https" else "none, and none needed on this machine")


async def _doors(url: str) -> AsyncIterator[Finding]:
    """Ask as somebody who has no credentials, and as a page of another site."""
    remote = not is_loopback(httpx.URL(url).host)
    async with Client(url, headers={"Origin": FOREIGN_PAGE}) as stranger:
        try:
            response = await stranger.http.get(f"{url}/v1/runs?limit=1")
        except httpx.HTTPError as error:
            yield warn("access", f"could not be looked at: {words(error)}", "try again")
            return
    if response.is_success and remote:
        yield fail(
            "access",
            "everybody who reaches it is answered, without credentials",
            "pass `authenticate=` to Headway(...), or let only people you trust reach the port",
        )
    elif response.is_success:
        yield ok("access", "asked from this machine, it answers without credentials")
    else:
        yield ok("access", f"without credentials it answers {response.status_code}")
    if response.headers.get("Access-Control-Allow-Origin") in ("*", FOREIGN_PAGE):
        yield warn("pages (CORS)", "every page in the world may read its answers", "list origins: HEADWAY_CORS_ORIGINS")
    else:
        yield ok("pages (CORS)", "a page of another site may not read its answers")
