"""Where a server's routes are: at the address that was given, or below the usual prefix."""

from __future__ import annotations

from typing import Final

import httpx

from headway.client import Client
from headway.client.problems import is_ours
from headway.errors import HeadwayError, NotFound, StoreUnavailable

PREFIX: Final = "/headway"
"""Where `Headway.mount` puts the routes when nothing else is said."""

HOW_TO_FIND: Final = "start one with `headway serve`, or say where it is with --url or HEADWAY_URL"

STORE_AWAY: Final = "the server answers, and the store behind it does not: see to that; it goes on by itself then"


def explained(error: StoreUnavailable) -> StoreUnavailable:
    """Return an error of a server with the hint that helps: how to find one, or that it is there without its store."""
    code = error.extra.get("code", error.code)
    if is_ours(error) and code != StoreUnavailable.code:
        return error
    return StoreUnavailable(error.detail, hint=STORE_AWAY if is_ours(error) else HOW_TO_FIND)


async def locate(url: str, token: str | None) -> str:
    """Return the address below which a server answers; `url` itself where that cannot be found out.

    Args:
        url: As it was given; one that has a path is taken as it is.
        token: Sent along.
    """
    if httpx.URL(url).path.strip("/"):
        return url
    for address in (url, url.rstrip("/") + PREFIX):
        async with Client(address, token=token) as client:
            try:
                await client.runs(limit=1)
            except NotFound as error:
                if not is_ours(error):
                    continue
            except HeadwayError:
                pass  # whoever asks next gets this answer, too, and tells it
        return address
    return url
