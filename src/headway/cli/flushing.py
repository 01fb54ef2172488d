"""``headway flush``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from headway.cli.terminal import err, out
from headway.client import Client
from headway.client.leftovers import Flushed, flush, servers
from headway.client.spool import VARIABLE, Spool


def flush_spool(url: str | None, token: str | None) -> int:
    """Send what waits in the spool, tell what became of it, and return the exit code: 1 while something still waits.

    Args:
        url: Only what is for servers whose address begins like this; None: for all, without a token.
        token: Sent to them.
    """
    spool = Spool.of_environment()
    if spool is None:
        out().print(f"There is no spool: {VARIABLE}=off.")
        return 0
    with err().status("sending"):
        flushed = asyncio.run(_flush(spool, url, token))
    if not flushed:
        out().print(f"Nothing waits in {spool.folder}.", soft_wrap=True)
    for one in flushed:
        out().print(f"{one.run_id}: {_became(one)}", soft_wrap=True)
    return 1 if any(one.is_waiting for one in flushed) else 0


async def _flush(spool: Spool, url: str | None, token: str | None) -> Sequence[Flushed]:
    found: list[Flushed] = []
    for server in servers(spool):
        if url is None or f"{server}/".startswith(f"{url.rstrip('/')}/"):
            async with Client(server, token=token if url is not None else None) as client:
                found += [one async for one in flush(spool, client)]
    return found


def _became(one: Flushed) -> str:
    if one.error is None:
        return "sent"
    return f"{'still waits' if one.is_waiting else 'put aside, too late'}: {one.error}"
