"""Our subclass of uvicorn's HTTP protocol: gives GET requests a ticket, and knows which response is a stream.

It uses what is inside uvicorn, so the version is pinned and `why_unknown` looks whether the parts are where we know
them.
"""

from __future__ import annotations

from types import CodeType
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from headway.hub.direct import EXTENSION, Ticket
from headway.hub.sinks import Owner

_PROTOCOL_SETS: Final = ("connections", "cycle", "flow", "parser", "pipeline", "server_state", "transport")
_CYCLE_SETS: Final = (
    "chunked_encoding", "disconnected", "keep_alive", "message_event", "more_body", "response_complete", "scope",
    "transport",
)  # fmt: skip
_SEND_USES: Final = ("chunked_encoding", "disconnected", "transport", "write")
_METHODS: Final = ("_unset_keepalive_if_required", "connection_lost", "data_received", "on_headers_complete")


def why_unknown() -> str | None:
    """Return which part of uvicorn's inside is not as we know it, or None."""
    missing = [
        *_absent("HttpToolsProtocol", HttpToolsProtocol.__init__.__code__, _PROTOCOL_SETS),
        *_absent("RequestResponseCycle", RequestResponseCycle.__init__.__code__, _CYCLE_SETS),
        *_absent("RequestResponseCycle.send", RequestResponseCycle.send.__code__, _SEND_USES),
        *(f"HttpToolsProtocol.{name}" for name in _METHODS if not hasattr(HttpToolsProtocol, name)),
    ]
    if not missing:
        return None
    from uvicorn import __version__

    return f"uvicorn {__version__} is not one we know: {', '.join(missing)} not found"


def _absent(where: str, code: CodeType, names: tuple[str, ...]) -> list[str]:
    return [f"{where}.{name}" for name in names if name not in code.co_names]


class HandOverProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a GET carries a ticket, and a stream that stays is looked after."""

    _stream: RequestResponseCycle | None = None
    _owner: Owner

    def on_headers_complete(self) -> None:
        """Give the request that begins its ticket."""
        before = self.cycle
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is not before and self.scope["method"] == "GET":
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
            extensions[EXTENSION] = Ticket(self, cycle)

    def stream_stays(self, cycle: RequestResponseCycle, owner: Owner) -> None:
        """Look after this request's response; a second request that is here already ends both."""
        self._stream, self._owner = cycle, owner
        if self.pipeline or cycle is not self.cycle:
            self.transport.abort()

    def _is_streaming(self) -> bool:
        return self._stream is not None and not self._stream.response_complete

    def data_received(self, data: bytes) -> None:
        """Pass the bytes on, unless they follow the request of a running stream."""
        if self._is_streaming():
            self.transport.abort()
        else:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the stream, too: uvicorn tells only the last request on the connection."""
        super().connection_lost(exc)
        if self._stream is not None:
            self._stream.disconnected = True
            self._stream.message_event.set()
            self._stream = None

    def shutdown(self) -> None:
        """End the stream, because uvicorn exits."""
        super().shutdown()
        if self._is_streaming():
            self._owner.shut_down()
