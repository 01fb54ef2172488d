"""Where a connection's bytes go: the transport of a handed-over socket, or an ASGI server's ``send()``.

Both take bytes at once and never make the writer wait. What a client does not read is kept up to a budget; past it the
sink tells its owner to stop (`Owner.paused`) and, when the client has read on, to go on (`Owner.resumed`). The bytes
that cross the budget are still taken, so a snapshot of any size gets through.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from headway.hub.asgi import Receive, Send
from headway.hub.leaving import leaving_of

logger = logging.getLogger("headway.hub")

BUDGET: Final = 262_144
"""Bytes kept for a client that does not read, behind what is being sent."""

SEND_BYTES: Final = 65_536
"""Bytes given to one ``send()``."""


class Owner(Protocol):
    """Who is told of what happens to a sink. None of these may raise."""

    def paused(self) -> None:
        """The budget is used up: write no more."""

    def resumed(self) -> None:
        """The client has read on."""

    def gone(self) -> None:
        """The connection is over, whoever ended it. Called once; nothing follows."""

    def shut_down(self) -> None:
        """The server wants to exit: end the stream."""


class Sink(Protocol):
    """Takes the bytes of one connection."""

    @property
    def chunked(self) -> bool:
        """Whether bytes are to be written in HTTP's chunked coding."""

    @property
    def write(self) -> Callable[[bytes], None]:
        """Takes bytes, in order; never waits. May raise when the connection is broken."""

    def buffered(self) -> int:
        """Return how many bytes were taken and not given to the kernel or the server yet."""

    def peer(self) -> str | None:
        """Return the address at the other end, if it is known."""

    def close(self, last: bytes) -> None:
        """Take the last bytes (not chunked, perhaps none), then end the response as a response should end."""

    def abort(self) -> None:
        """Let go of the connection at once, with whatever is buffered."""


class SendSink:
    """Sends through ASGI: works with every server and behind every middleware.

    The request's own task drives it (`run`); see `headway.hub.leaving` for why there is no second one as a rule.

    Args:
        receive: Of the request.
        send: Of the request; ``http.response.start`` has been sent.
        budget: See `BUDGET`.
        cut: Breaks the connection where the server lets us, or None.
        peer: Address at the other end, as the server tells it.
    """

    __slots__ = (
        "_budget", "_cut", "_last", "_over", "_owner", "_paused", "_peer", "_pieces", "_receive", "_send", "_sending",
        "_size", "_wake",
    )  # fmt: skip

    chunked = False

    def __init__(
        self,
        receive: Receive,
        send: Send,
        owner: Owner,
        *,
        budget: int = BUDGET,
        cut: Callable[[], None] | None = None,
        peer: str | None = None,
    ) -> None:
        self._peer = peer
        self._receive = receive
        self._send = send
        self._owner = owner
        self._budget = budget
        self._cut = cut
        self._pieces: deque[bytes | memoryview] = deque()
        self._size = 0
        self._paused = False
        self._over = False
        self._last: bytes | None = None
        self._wake: asyncio.Future[None] | None = None
        self._sending: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        """Take bytes to be sent by `run`."""
        if self._over or self._last is not None:
            return
        self._pieces.append(data)
        self._size += len(data)
        self.wake()
        if self._size > self._budget and not self._paused:
            self._paused = True
            self._owner.paused()

    def buffered(self) -> int:
        """Return how many bytes wait for `run`."""
        return self._size

    def peer(self) -> str | None:
        """Return the address at the other end."""
        return self._peer

    def close(self, last: bytes) -> None:
        """End the response after what was taken."""
        if self._last is None:
            self._last = last
            self.wake()

    def abort(self) -> None:
        """Drop what was taken and end, even while the server's ``send()`` waits for the client."""
        if self._over:
            return
        self._over = True
        self._pieces.clear()
        self._size = 0
        if self._cut is not None:
            self._cut()
        elif self._sending is not None:
            self._sending.cancel()
        self.wake()

    def wake(self) -> None:
        """Make `run` look again."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def run(self) -> None:
        """Send until the stream is closed, aborted or left; the owner is told when it is over."""
        leaving = leaving_of(self._receive, self.wake)
        try:
            while not self._over and not leaving.gone:
                if self._pieces:
                    await self._flush()
                elif self._last is not None:
                    await self._put(self._last, more=False)
                    break
                else:
                    self._wake = asyncio.get_running_loop().create_future()
                    leaving.look()
                    if not leaving.gone:
                        await self._wake
                    self._wake = None
        except OSError as error:  # how a server says that the client is gone (ASGI 2.4)
            logger.debug("a viewer left: %s", error)
        finally:
            self._over = True
            try:
                await leaving.close()
            finally:
                self._owner.gone()

    async def _flush(self) -> None:
        await self._put(self._take(), more=True)
        if self._paused and not self._over and self._size <= self._budget // 4:
            self._paused = False
            self._owner.resumed()

    def _take(self) -> bytes:
        """Take out what is sent at once: all of it, unless it is so much that one could not see it getting less."""
        if self._size <= SEND_BYTES:
            body = b"".join(self._pieces)
            self._pieces.clear()
        elif len(self._pieces[0]) <= SEND_BYTES:
            body = bytes(self._pieces.popleft())
        else:
            whole = memoryview(self._pieces[0])
            body, self._pieces[0] = bytes(whole[:SEND_BYTES]), whole[SEND_BYTES:]
        self._size -= len(body)
        return body

    async def _put(self, body: bytes, *, more: bool) -> None:
        self._sending = task = asyncio.current_task()
        try:
            await self._send({"type": "http.response.body", "body": body, "more_body": more})
        except asyncio.CancelledError:
            # `abort` ended the wait for a client that does not read; anybody else's cancellation is none of ours.
            if not self._over or task is None or task.uncancel():
                raise
        finally:
            self._sending = None
