"""Server-sent events: bytes out, and bytes in again.

Source: WHATWG HTML, section 9.2 "Server-sent events". Encoding refuses what would break a frame (CR, LF or NUL in an
event name or id: a frame injection) and splits data at every line ending the parser knows. Parsing is incremental, in
bounded memory, and cuts at any byte: inside a UTF-8 sequence, between CR and LF, in the middle of a field name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_BOM = b"\xef\xbb\xbf"


def _name(text: str, what: str) -> bytes:
    if _FORBIDDEN.search(text):
        raise ValueError(f"an SSE {what} must not contain CR, LF or NUL: {text[:64]!r}")
    return text.encode()


def frame(data: bytes, *, event: str | None = None, id: str | None = None) -> bytes:
    """Return one event as bytes.

    Args:
        data: UTF-8; every line of it becomes a ``data:`` line.
        event: Its name; None leaves the line out, and browsers call ``onmessage``.
        id: Sent back as ``Last-Event-ID``; None leaves the reader's id as it is.

    Raises:
        ValueError: the name or id contains CR, LF or NUL.
    """
    head = b"" if id is None else b"id: " + _name(id, "id") + b"\n"
    if event is not None:
        head += b"event: " + _name(event, "event name") + b"\n"
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(_LINE_END.split(data))
    return head + b"data: " + data + b"\n\n"


def retry(ms: int) -> bytes:
    """Return the field that tells the reader how long to wait before it reconnects."""
    return b"retry: %d\n\n" % ms


def chunk(data: bytes) -> bytes:
    """Wrap bytes as one chunk of HTTP/1.1 chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as a reader gets it.

    Attributes:
        event: Its name, ``message`` when it had none.
        data: Its data lines joined by LF.
        id: The last id seen on this stream up to and with this frame; "" when there was none.
    """

    event: str
    data: str
    id: str


class FrameTooLarge(ValueError):
    """A frame grew past the limit of the parser."""


class Parser:
    """Reads frames from bytes cut anywhere.

    Args:
        limit: Bytes one frame may have.

    Attributes:
        retry_ms: The last ``retry:`` seen, or None.
    """

    def __init__(self, *, limit: int = 64 * 1024 * 1024) -> None:
        self.retry_ms: int | None = None
        self._limit = limit
        self._size = 0  # bytes of the frame's complete lines
        self._rest_size = 0  # bytes of the line that is not complete yet
        self._begun = False
        self._rest: list[bytes] = []
        self._after_cr = False
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._next_id = ""

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; return the frames completed by them.

        Raises:
            FrameTooLarge: one frame has more than `limit` bytes; the parser cannot be used any more.
        """
        if self._after_cr and data:
            self._after_cr = False
            if data[:1] == b"\n":
                data = data[1:]
        if not self._begun:
            joined = b"".join(self._rest) + data
            if _BOM.startswith(joined) and len(joined) < len(_BOM):
                self._rest = [joined]
                return []
            self._begun, self._rest = True, []
            data = joined.removeprefix(_BOM)
        lines = _LINE_END.split(data)
        if data.endswith(b"\r"):
            self._after_cr = True
        frames = [frame for line in self._complete(lines) if (frame := self._line(line)) is not None]
        if self._size + self._rest_size > self._limit:
            raise FrameTooLarge(f"a frame has more than {self._limit} bytes")
        return frames

    def _complete(self, lines: list[bytes]) -> list[bytes]:
        *complete, rest = lines
        if complete:
            complete[0] = b"".join((*self._rest, complete[0]))
            self._rest, self._rest_size = [], 0
        if rest:
            self._rest.append(rest)
            self._rest_size += len(rest)
        return complete

    def _line(self, line: bytes) -> Frame | None:
        if not line:
            return self._dispatch()
        self._size += len(line)
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._event = value
        elif field == "id" and "\0" not in value:
            self._next_id = value
        elif field == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value)
        return None

    def _dispatch(self) -> Frame | None:
        self._size = 0
        self._id = self._next_id
        data, event = self._data, self._event
        self._data, self._event = [], ""
        return Frame(event or "message", "\n".join(data), self._id) if data else None
