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
_RETRY = re.compile(r"[0-9]{1,15}")  # more digits are no time, and past 4,300 `int` refuses to read them
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
    """Wrap bytes as one chunk of HTTP/1.1 chunked transfer coding (RFC 9112, section 7.1).

    No bytes are no chunk: an empty one would end the response.
    """
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


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
    """Reads frames from bytes cut anywhere; how they are cut never changes what comes out.

    Args:
        limit: Bytes the data lines of one frame may have together, and any other line alone.

    Attributes:
        retry_ms: The last ``retry:`` seen, or None.
    """

    def __init__(self, *, limit: int = 64 * 1024 * 1024) -> None:
        self.retry_ms: int | None = None
        self._limit = limit
        self._size = 0  # bytes of the frame's data lines so far
        self._begun = False
        self._rest = bytearray()  # of the line that is not complete yet
        self._after_cr = False
        self._too_large = False
        self._data: list[str] = []
        self._event = ""
        self._id = ""

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; return the frames completed by them.

        Raises:
            FrameTooLarge: a frame has more than `limit` bytes. Those before it are handed out first; the parser
                cannot be used any more.
        """
        frames: list[Frame] = []
        if not self._too_large:
            for line in self._complete(data):
                self._too_large = self._size + len(line) > self._limit
                if self._too_large:
                    break
                self._take(line, frames)
            else:
                self._too_large = self._size + len(self._rest) > self._limit
        if self._too_large and not frames:
            raise FrameTooLarge(f"a frame has more than {self._limit} bytes")
        return frames

    def _complete(self, data: bytes) -> list[bytes]:
        """Split off the lines that are complete now and keep the rest."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if not self._begun:
            data = bytes(self._rest) + data
            self._rest.clear()
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._rest += data
                return []
            self._begun = True
            data = data.removeprefix(_BOM)
        self._after_cr = self._after_cr or data.endswith(b"\r")
        *complete, rest = _LINE_END.split(data)
        if complete:
            complete[0] = bytes(self._rest) + complete[0]
            self._rest.clear()
        self._rest += rest
        return complete

    def _take(self, line: bytes, frames: list[Frame]) -> None:
        if not line:
            if self._data:
                frames.append(Frame(self._event or "message", "\n".join(self._data), self._id))
            self._data, self._event, self._size = [], "", 0
            return
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._size += len(line)
        elif field == "event":
            self._event = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and _RETRY.fullmatch(value):
            self.retry_ms = int(value)
