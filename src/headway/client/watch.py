"""Watching a run over HTTP: one loop that connects, folds what comes, and comes back after whatever happened.

It goes on until the run has ended, or until trying again cannot help. A run that has failed or was cancelled may be
tried again by somebody; the loop ends there all the same, because what it was asked for is there.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final, Literal

import httpx

from headway.client.address import Address
from headway.client.feed import Feed
from headway.client.link import Again, Link, Refused
from headway.client.noticing import Notices
from headway.client.poll import poll
from headway.client.problems import is_ours, words
from headway.client.stream import stream
from headway.client.watched import Connection, Seen, Watched
from headway.errors import AccessError, HeadwayError, InvalidCursor, Trimmed

BACKOFF_S: Final = (0.25, 8.0)
"""Longest wait before the first try, and before any: the wait itself is random below it, so that clients that lost the
same server come back spread out."""

WAIT_MIN_S: Final = 0.05

PATIENCE_MAX: Final = 10
"""Times the first pause between two looks whether streams get through."""

_BROKEN: Final = (httpx.HTTPError, httpx.StreamError, TimeoutError, OSError)


async def watch(
    http: httpx.AsyncClient,
    address: Address,
    *,
    on_connection: Callable[[Connection], None],
    on_notice: Callable[[Mapping[str, Any]], None],
) -> AsyncGenerator[Seen, None]:
    """See `headway.client.Client.watch`."""
    viewer = _Viewer(http, address, on_connection, on_notice)
    while not viewer.over:
        try:
            async with aclosing(viewer.connect()) as connection:
                async for seen in connection:
                    yield seen
            viewer.over = True
        except Again as again:
            await viewer.again(again)
        except Refused as refused:
            await viewer.refused(refused)
        except _BROKEN as error:
            await viewer.lost(words(error))
    viewer.show("closed")


class _Viewer:
    """Decides what comes after a connection.

    Attributes:
        over: Nothing is left to come.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        address: Address,
        on_connection: Callable[[Connection], None],
        on_notice: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.over = False
        feed = Feed()
        self._link = Link(http, address, feed, Watched(feed), self._opened, self._worked, Notices(on_notice))
        self._tell = on_connection
        self._failures = 0
        self._ever_worked = False
        self._repeated = False
        self._polling = False
        self._patience = 1

    def connect(self) -> AsyncGenerator[Seen, None]:
        """Begin the next connection."""
        self._polling = self._link.poll_until > asyncio.get_running_loop().time()
        self._link.is_open = False
        self.show("connecting")
        return poll(self._link) if self._polling else stream(self._link)

    async def again(self, again: Again) -> None:
        """Come back after a connection that said why it is over."""
        if again.poll_s is not None:
            self._switch(again.poll_s)
        elif not again.at_once:
            await self.lost(str(again), again.wait_s)
        elif self._repeated:
            # round and round is no way to come back
            self._link.feed.forget()
            await self.lost(str(again))
        else:
            self._repeated = True

    def _switch(self, poll_s: float) -> None:
        """Change the transport. Where streams never get through, they are tried less and less often."""
        self._link.poll_until = asyncio.get_running_loop().time() + poll_s * self._patience
        if poll_s:
            self._patience = min(self._patience * 2, PATIENCE_MAX)

    async def refused(self, refused: Refused) -> None:
        """Come back after an error, unless it is final.

        Raises:
            HeadwayError: it is.
        """
        error = refused.error
        if isinstance(error, InvalidCursor | Trimmed):
            self._link.feed.forget()
        elif self._is_final(error):
            raise error
        code = error.extra.get("code", error.code) if is_ours(error) else None
        await self.lost(error.detail, refused.wait_s, code)

    def _is_final(self, error: HeadwayError) -> bool:
        if isinstance(error, AccessError):
            return True
        if is_ours(error):
            return not error.retryable
        # a proxy says 404, too, while the server behind it is away
        return not (error.retryable or self._ever_worked)

    async def lost(self, reason: str, at_least_s: float = 0.0, code: str | None = None) -> None:
        """Wait before the next try; or be done, when the run has ended and the server is not there to say more."""
        feed = self._link.feed
        if feed.final or (feed.ended and self._failures):
            self.over = True
            return
        if self._polling:  # what does not work is no reason to stay
            self._link.poll_until = 0.0
        first, most = BACKOFF_S
        spread = random.uniform(0, min(most, first * 2 ** min(self._failures, 10)))  # noqa: S311 - jitter
        self._failures += 1
        seconds = max(WAIT_MIN_S, at_least_s, spread)
        self.show("waiting", wait_s=seconds, reason=reason, code=code)
        await asyncio.sleep(seconds)

    def _opened(self) -> None:
        self._link.is_open = True
        self.show("live")

    def _worked(self) -> None:
        if not self._polling:
            self._patience = 1
        self._failures = 0
        self._repeated = False
        self._ever_worked = True

    def show(self, state: Literal["connecting", "live", "waiting", "closed"], **more: Any) -> None:
        """Tell how the connection stands."""
        transport: Literal["sse", "poll"] = "poll" if self._polling else "sse"
        self._tell(Connection(state, transport, ahead_s=self._link.ahead_s, **more))
