"""A sink in memory for tests that decide what happens when: it keeps what a client has not read yet."""

from __future__ import annotations

from headway.core.sse import Frame, Parser
from headway.hub.sinks import Owner
from tests.wire import Viewer


class MemorySink:
    """Takes bytes up to a budget, and lets a client read them whenever the test says so.

    Attributes:
        closed: The response was ended as it should be.
        aborted: The connection was broken.
        written: What it was given, but for the last bytes.
        broken: Writing raises.
    """

    chunked = False

    def __init__(self, owner: Owner, budget: int) -> None:
        self._owner = owner
        self._budget = budget
        self._parser = Parser()
        self._kept = b""
        self._paused = False
        self.closed = False
        self.aborted = False
        self.written: list[bytes] = []
        self.broken = False

    def write(self, data: bytes) -> None:
        """Take bytes."""
        assert not self.closed, "bytes after the end of the response"
        assert not self._paused, "bytes for a client that does not read"
        if self.broken:
            raise OSError("broken")
        self.written.append(data)
        self._kept += data
        if len(self._kept) > self._budget:
            self._paused = True
            self._owner.paused()

    def buffered(self) -> int:
        """Bytes that were not read yet."""
        return len(self._kept)

    def peer(self) -> str | None:
        """Nobody is there."""
        return None

    def close(self, last: bytes) -> None:
        """End the response."""
        self.written.append(last)
        self._kept += last
        self.closed = True

    def abort(self) -> None:
        """Break the connection."""
        self._kept = b""
        if not self.aborted:
            self.aborted = True
            self._owner.gone()

    def read(self, viewer: Viewer, size: int) -> list[Frame]:
        """Let the client read so many bytes; return the frames complete with them."""
        data, self._kept = self._kept[:size], self._kept[size:]
        frames = self._parser.feed(data)
        for frame in frames:
            viewer.take(frame)
        if self.closed and not self._kept and not self.aborted:
            self.aborted = True
            self._owner.gone()
        elif self._paused and len(self._kept) <= self._budget // 4:
            self._paused = False
            self._owner.resumed()
        return frames
