"""How long one viewer waits for its stream, from connecting to the last byte it was waiting for."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from bench.processes import BenchError, cpu_seconds

PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Wait:
    """What one viewer got until it had the event it waited for."""

    head_ms: float
    """Until the first bytes of the answer."""
    done_ms: float
    cpu_ms: float
    """Of the server, all its processes."""
    bytes: int
    frames: int
    """Frames with a cursor: snapshots and events."""
    snapshots: int
    resets: int


def wait_for(port: int, pid: int, path: str, seq: int, *, cursor: str = "") -> Wait:
    """Watch a stream until the frame whose cursor is of `seq` is there.

    Args:
        port: Of the server.
        pid: Its process.
        path: Of the stream.
        seq: Of the event that is waited for; a snapshot through it will do.
        cursor: Where this viewer stood; "" for one that comes for the first time.

    Raises:
        BenchError: the stream ended before.
    """
    back = f"Last-Event-ID: {cursor}\r\n" if cursor else ""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n{back}\r\n".encode()
    text, head_ms, start = bytearray(), 0.0, time.perf_counter()
    wanted, at, seen, cpu = b"\nid: %d." % seq, -1, 0, cpu_seconds(pid)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(request)
        while at < 0 or text.find(b"\n\n", max(at, seen - 1)) < 0:
            seen = len(text)
            if not (piece := connection.recv(1 << 20)):
                raise BenchError(f"{path} ended before seq {seq}; its last bytes: {bytes(text[-300:])!r}")
            text += piece
            head_ms = head_ms or (time.perf_counter() - start) * 1000
            at = at if at >= 0 else text.find(wanted, max(0, seen - len(wanted)))
        done_ms = (time.perf_counter() - start) * 1000
    return Wait(
        head_ms=head_ms,
        done_ms=done_ms,
        cpu_ms=(cpu_seconds(pid) - cpu) * 1000,
        bytes=len(text),
        frames=text.count(b"\nid: "),
        snapshots=text.count(b"\nevent: snapshot"),
        resets=text.count(b"\nevent: reset"),
    )
