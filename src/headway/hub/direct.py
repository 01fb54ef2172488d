"""Handing the connection over: from uvicorn's HTTP protocol to an object that only writes.

Authentication, routing and the response head are ordinary ASGI. Then the transport gets another protocol
(`DirectSink`), and uvicorn's protocol, parser, cycle and task are freed: what is left of a viewer is its socket and two
small objects, and a delivery is one ``transport.write`` of shared bytes.

The request carries a `Ticket` for it in ``scope["extensions"]["headway.direct"]`` when the server runs with the
protocol of `http_protocol`. A ticket is worth nothing where handing over could go wrong; then the stream stays with
``send()``. All the conditions are in `_hindrance`, each of them because its absence broke something.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import weakref
from collections.abc import Callable
from typing import Any, Final, Literal

from headway.core.sse import LAST_CHUNK, chunk
from headway.hub.asgi import Receive, Scope
from headway.hub.sinks import BUDGET, Owner

EXTENSION: Final = "headway.direct"

FIRST_BYTES_S: Final = 0.2
"""How long to wait for our first bytes to come through the middlewares."""

NOTSENT_LOWAT: Final = 16_384
"""Bytes the kernel keeps unsent. Without it each stalled viewer holds 4 MB of kernel memory, and stale bytes."""

USER_TIMEOUT_MS: Final = 30_000
"""How long sent bytes may stay unacknowledged."""


@functools.cache
def why_off() -> str | None:
    """Return why connections are not handed over in this process, or None when they are."""
    if os.environ.get("HEADWAY_DIRECT", "1").strip().lower() in ("0", "false", "no", "off"):
        return "switched off by HEADWAY_DIRECT"
    try:
        from headway.hub import uvicorn_protocol
    except ImportError as error:
        return f"uvicorn with httptools is not installed ({error})"
    return uvicorn_protocol.why_unknown()


def http_protocol() -> type[asyncio.Protocol] | Literal["auto"]:
    """Return what to give uvicorn as ``http=``: our protocol, or uvicorn's own choice where `why_off` has a reason."""
    if why_off() is not None:
        return "auto"
    from headway.hub.uvicorn_protocol import HandOverProtocol

    return HandOverProtocol


def ticket_of(scope: Scope) -> Ticket | None:
    """Take the ticket out of a request, if it has one."""
    ticket = (scope.get("extensions") or {}).pop(EXTENSION, None)
    return ticket if isinstance(ticket, Ticket) else None


def cut_of(receive: Receive) -> Callable[[], None] | None:
    """Return what breaks the connection of a request without a ticket, where the server is a uvicorn we know.

    The connection is bounded on the way, too: a silent client would cost megabytes of the kernel's memory.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    cut: Callable[[], None] | None = getattr(transport, "abort", None)
    if transport is None or not callable(cut):
        return None
    tune(transport)
    return cut


class DirectSink(asyncio.Protocol):
    """The protocol of a handed-over connection; stands in uvicorn's set of connections in place of the old one.

    Once the kernel takes no more, bytes are kept here, by reference. Left to uvloop's transport, each write that waits
    would cost 700 bytes of its own: 400 KiB for a viewer that does not read, were it only for small events.

    Args:
        transport: Of the connection.
        connections: uvicorn's set. It waits for what is in there before it exits, and counts it.
        owner: Whom to tell.
        budget: See `headway.hub.sinks.BUDGET`.
    """

    __slots__ = ("_budget", "_connections", "_kept", "_kept_size", "_owner", "_stopped", "_transport")

    chunked = True

    def __init__(
        self, transport: asyncio.Transport, connections: set[Any], owner: Owner, *, budget: int = BUDGET
    ) -> None:
        self._transport = transport
        self._connections = connections
        self._owner = owner
        self._budget = budget
        self._kept: list[bytes] | None = None  # None: the kernel takes what is written
        self._kept_size = 0
        self._stopped = False
        connections.add(self)
        tune(transport)
        transport.set_write_buffer_limits(high=1, low=0)  # not 0: TLS transports would pause at every write
        transport.set_protocol(self)

    def write(self, data: bytes) -> None:
        """Give bytes to the kernel, or keep them until it takes more."""
        if self._kept is None:
            self._transport.write(data)
        else:
            self._kept.append(data)
            self._kept_size += len(data)
            self._look_at_budget()

    def buffered(self) -> int:
        """Return how many bytes the kernel has not taken."""
        return self._transport.get_write_buffer_size() + self._kept_size

    def peer(self) -> str | None:
        """Return the address at the other end; None for a socket without one."""
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else None

    def close(self, last: bytes) -> None:
        """Write the last bytes and the last chunk; the socket is closed when the client has read them."""
        if not self._transport.is_closing():
            # The client may be gone already; then the end is told by connection_lost.
            with contextlib.suppress(RuntimeError, OSError):
                self._transport.writelines([*self._take(), (chunk(last) if last else b"") + LAST_CHUNK])
            self._transport.close()

    def abort(self) -> None:
        """Close the socket now. ``close()`` would wait for ever for a client that does not read."""
        self._transport.abort()

    # -- what the event loop and uvicorn call

    def data_received(self, data: bytes) -> None:
        """Abort: nothing may follow a GET whose body is complete and whose response ends with the connection."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner."""
        self._connections.discard(self)
        self._owner.gone()

    def pause_writing(self) -> None:
        """The kernel takes no more."""
        if self._kept is None:
            self._kept = []
        self._look_at_budget()

    def resume_writing(self) -> None:
        """The kernel has taken everything it was given: give it the rest."""
        kept = self._take()
        if kept:
            self._transport.writelines(kept)  # pauses again where that is too much
        if self._stopped and self.buffered() <= self._budget // 4:
            self._stopped = False
            self._owner.resumed()

    def _take(self) -> list[bytes]:
        kept, self._kept, self._kept_size = self._kept, None, 0
        return kept or []

    def _look_at_budget(self) -> None:
        if not self._stopped and self.buffered() > self._budget:
            self._stopped = True
            self._owner.paused()

    def shutdown(self) -> None:
        """End the stream, because uvicorn exits."""
        self._owner.shut_down()


class Ticket:
    """The chance of one request to have its connection handed over.

    It lies in the request's scope, which is in the cycle, which is in the protocol; so it refers to them weakly.

    Args:
        protocol: uvicorn's, of the connection.
        cycle: uvicorn's, of the request.

    Attributes:
        hindrance: Why `take` refused, for statistics.
    """

    __slots__ = ("_cycle", "_protocol", "_wire", "hindrance")

    def __init__(self, protocol: Any, cycle: Any) -> None:
        self.hindrance: str | None = None
        self._protocol = weakref.ref(protocol)
        self._cycle = weakref.ref(cycle)
        self._wire: _Wire | None = None

    def watch(self, first: bytes) -> None:
        """Begin to look whether the head and exactly these first bytes reach the socket; before the head is sent."""
        cycle = self._cycle()
        if cycle is not None:
            self._wire = cycle.transport = _Wire(cycle.transport, first)

    async def take(self, owner: Owner, *, budget: int = BUDGET) -> DirectSink | None:
        """Hand the connection over, after the head and the first bytes were sent.

        Returns None when it cannot be done; the ticket is then spent and the stream goes on by ``send()``. Waits at
        most `FIRST_BYTES_S` for a middleware to pass the first bytes on.
        """
        wire = self._wire
        if wire is None:
            return None
        await wire.settle()
        self._wire = None
        protocol, cycle, transport = self._protocol(), self._cycle(), wire.transport
        if protocol is None or cycle is None:
            return None
        cycle.transport = transport
        self.hindrance = _hindrance(protocol, cycle, wire)
        if self.hindrance is not None:
            return None
        protocol.flow.resume_reading()
        # What middlewares still send is dropped, and uvicorn takes the request for one whose client left.
        cycle.disconnected = True
        cycle.transport = _CLOSED
        cycle.message_event.set()
        protocol._unset_keepalive_if_required()
        protocol.connections.discard(protocol)
        protocol.server_state.total_requests += 1
        sink = DirectSink(transport, protocol.connections, owner, budget=budget)
        protocol.transport = protocol.parser = protocol.cycle = None
        return sink

    def keep(self, owner: Owner) -> Callable[[], None] | None:
        """Leave the connection with the server; return what breaks it.

        From now on a further request on it breaks it, too: uvicorn would read no more, and never learn that the client
        of the stream left.
        """
        protocol, cycle = self._protocol(), self._cycle()
        if protocol is None or cycle is None:
            return None
        tune(protocol.transport)
        protocol.stream_stays(cycle, owner)
        abort: Callable[[], None] = protocol.transport.abort
        return abort


def _hindrance(protocol: Any, cycle: Any, wire: _Wire) -> str | None:
    """Return why the connection cannot be handed over now, or None."""
    scope = cycle.scope
    reasons = {
        "a middleware changed or held back the response": not wire.intact or cycle.chunked_encoding is not True,
        "the client left": cycle.disconnected or wire.transport.is_closing(),
        "the client does not read": protocol.flow.write_paused,
        "the response does not end with the connection": cycle.response_complete or cycle.keep_alive,
        "another request waits on the connection": cycle is not protocol.cycle or bool(protocol.pipeline),
        "the request is no complete GET": cycle.more_body or scope["method"] != "GET",
        "the client does not speak HTTP/1.1": scope["http_version"] != "1.1",
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


class _Wire:
    """Stands before the transport of one request and compares the first two writes with what they should be."""

    __slots__ = ("_expected", "_seen", "_writes", "intact", "transport")

    def __init__(self, transport: asyncio.Transport, first: bytes) -> None:
        self.transport = transport
        self.intact = False
        self._expected = chunk(first)
        self._writes = 0
        self._seen = asyncio.Event()

    def write(self, data: bytes) -> None:
        self._writes += 1
        if self._writes == 2:
            self.intact = data == self._expected
            self._seen.set()
        elif self._writes > 2:
            self.intact = False
        self.transport.write(data)

    async def settle(self) -> None:
        if not self._seen.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_BYTES_S):
                    await self._seen.wait()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


class _ClosedTransport(asyncio.Transport):
    """What the old cycle is left with: whatever a middleware still does to it, the viewer's socket is not touched."""

    def is_closing(self) -> bool:
        return True

    def write(self, data: object) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


_CLOSED: Final = _ClosedTransport()


def tune(transport: asyncio.Transport) -> None:
    """Set the socket options that bound what a silent client costs, where the system knows them."""
    if transport.is_closing():  # uvloop's socket then has no descriptor left to set anything on
        return
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    for option, value in (("TCP_NOTSENT_LOWAT", NOTSENT_LOWAT), ("TCP_USER_TIMEOUT", USER_TIMEOUT_MS)):
        if hasattr(socket, option):
            with contextlib.suppress(OSError):  # the client may be gone
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
