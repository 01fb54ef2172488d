"""One socket of one viewer, with what it is subscribed to."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from headway.hub.frames import Block
from headway.hub.noting import TRANSPORT, note_connected, note_left
from headway.hub.sinks import Sink
from headway.hub.which import EVERYBODY, Which
from headway.measures import SENT_BYTES

if TYPE_CHECKING:
    from headway.hub.hub import Hub

logger = logging.getLogger("headway.hub")

Reason: TypeAlias = Literal[
    "ended", "gone", "lifetime", "drain", "switched_off", "closed", "not_reading", "failed", "left"
]
"""What ended a connection: the run's end or deletion, its age, a server that exits, a transport switched off, an
operator, a client that does not read, a write that failed, or a client that left."""


class Attachment(Protocol):
    """What a connection is attached to: a run's feed or the list of runs.

    Attributes:
        outcome: With what the viewer began: ``snapshot``, ``tail``, ``page``, or the reason of a reset.
    """

    outcome: str

    def join(self) -> None:
        """Begin to write."""

    def stall(self) -> None:
        """The viewer does not read: write nothing more."""

    def resume(self) -> None:
        """The viewer has read on: bring it up to date."""

    def detach(self) -> None:
        """The connection is over. Idempotent."""

    def ping(self) -> Block | None:
        """Return the ping that is due, or None while other bytes are under way."""

    def about(self) -> str:
        """Return what is watched, for lists of connections."""

    def group(self) -> str | None:
        """Return the group of what is watched, or None."""

    def unsettled(self) -> int:
        """Return how many bytes were written to it that its connection has not counted yet."""


class Connection:
    """Joins a sink with what is written to it; the hub keeps it while the socket is open.

    Attributes:
        id: Told to the client in ``open``.
        viewer: The user who watches; "" for nobody in particular.
        client: Name and version of the client, as far as it tells.
        opened_at: Wall clock, seconds.
        stalled: The client does not read; nothing is written.
        over: The stream has ended or was aborted; nothing follows.
        expires: When its lifetime ends, on the event loop's clock.
        slot: Its slot on the ping wheel.
        sent: Bytes written to it, but for those of a live delivery that is under way.
    """

    __slots__ = (
        "_attachments", "_ended", "_hub", "chunked", "client", "expires", "id", "opened_at", "over", "sent", "sink",
        "slot", "stalled", "viewer",
    )  # fmt: skip

    sink: Sink | None

    def __init__(self, hub: Hub, *, viewer: str, client: str, opened_at: float, expires: float) -> None:
        self._hub = hub
        self._attachments: Sequence[Attachment] = ()
        self.sink = None
        self.id = f"con_{secrets.token_hex(8)}"
        self.viewer = viewer
        self.client = client
        self.opened_at = opened_at
        self.expires = expires
        self.slot = 0
        self.stalled = False
        self.over = False
        self.chunked = False
        self.sent = 0
        self._ended: dict[str, Any] = {}

    def attach(self, sink: Sink, attachments: Sequence[Attachment], opening: bytes = b"") -> None:
        """Begin: bytes go to `sink`, what happens to it is passed on to `attachments`; `opening` was written before."""
        self.sink = sink
        self._count(opening)
        self.chunked = sink.chunked
        self._attachments = () if self.over else tuple(attachments)
        note_connected(self._hub.measures, self)
        if self.over:  # the hub ended it while the response began
            sink.close(b"")
        self._hub.greet(self)
        for attachment in self._attachments:
            attachment.join()

    def put(self, block: Block) -> bool:
        """Write to this viewer; False when it is over. A broken connection ends this viewer and nobody else."""
        if self.over or self.sink is None:
            return False
        self._count(block.raw)
        try:
            self.sink.write(block.coded(chunked=self.chunked))
        except Exception as error:  # noqa: BLE001 - uvloop, asyncio and ssl each raise their own
            self.fail(error)
        return not self.over

    def _count(self, raw: bytes) -> None:
        self.sent += len(raw)
        self._hub.measures.count(SENT_BYTES, TRANSPORT, by=len(raw))

    def fail(self, error: Exception) -> None:
        """Drop this viewer because a write failed."""
        logger.debug("connection %s: write failed: %s", self.id, error)
        self._hub.counters.failed += 1
        self.abort("failed")

    def notify(self, block: Block) -> bool:
        """Write a frame that is no event, unless the viewer does not read; tell whether it was written."""
        return not self.stalled and self.put(block)

    def end(self, last: bytes, reason: Reason) -> None:
        """End the stream as planned: last frames, then the end of the response."""
        if self.over:
            return
        self._stop(reason)
        if self.sink is not None:
            self._count(last)
            self.sink.close(last)
            self._hub.unread(self)

    def finish(self, attachment: Attachment, last: bytes, reason: Reason) -> None:
        """Send the last frame of one attachment; the stream ends with the last of them."""
        rest = tuple(other for other in self._attachments if other is not attachment)
        if rest:
            self._attachments = rest
            self.put(Block(last))
            attachment.detach()
        else:
            self.end(last, reason)

    def abort(self, reason: Reason) -> None:
        """Break the connection; the client knows from its cursor where to go on."""
        self._stop(reason)
        if self.sink is not None:
            self.sink.abort()

    def _stop(self, reason: Reason) -> None:
        if not self._ended:
            outcomes = sorted({attachment.outcome for attachment in self._attachments})
            self._ended = {"reason": reason, "outcome": ",".join(outcomes), "watched": self.watched()}
        self.over = True
        attachments, self._attachments = self._attachments, ()
        for attachment in attachments:
            attachment.detach()

    def ping(self) -> None:
        """Write the ping, unless the viewer does not read."""
        if not self.stalled:
            for attachment in self._attachments:
                block = attachment.ping()
                if block is not None:
                    self.put(block)

    def buffered(self) -> int:
        """Return how many bytes wait to be read by the client."""
        return 0 if self.sink is None else self.sink.buffered()

    def watched(self) -> list[str]:
        """Return what is watched."""
        return [attachment.about() for attachment in self._attachments]

    def is_of(self, which: Which) -> bool:
        """Tell whether this viewer is meant."""
        return which == EVERYBODY or which.wants(
            viewer=self.viewer,
            client=self.client,
            runs=self.watched(),
            groups=[attachment.group() for attachment in self._attachments],
        )

    def sent_bytes(self) -> int:
        """Return how many bytes were written to it up to now."""
        return self.sent + sum(attachment.unsettled() for attachment in self._attachments)

    def peer(self) -> str | None:
        """Return the address at the other end of the socket, which may be a proxy's; None where it is not known."""
        return None if self.sink is None else self.sink.peer()

    # -- what the sink says

    def paused(self) -> None:
        """Stop writing until the client has read on."""
        self.stalled = True
        self._hub.unread(self)
        for attachment in self._attachments:
            attachment.stall()

    def resumed(self) -> None:
        """Go on writing."""
        self.stalled = False
        if self.over:
            return
        self._hub.reads_again(self)
        for attachment in self._attachments:
            attachment.resume()

    def gone(self) -> None:
        """Forget this connection."""
        self._stop("left")
        note_left(self._hub.measures, self, self._ended)
        self._hub.gone(self)

    def shut_down(self) -> None:
        """The server exits: all streams end."""
        self._hub.begin_drain()
