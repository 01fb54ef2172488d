"""The frames of a stream. Each is encoded once and shared by all viewers that take it in the same form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from headway.core.events import StoredEvent
from headway.core.fold import Fold
from headway.core.sse import chunk, frame
from headway.stores.projection import summary
from headway.types import RunId

View: TypeAlias = Callable[[Mapping[str, Any], str | None], Mapping[str, Any] | None]
"""Makes an application's own message of a snapshot and the time of its last event; None: nothing to say now."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a viewer wants its frames.

    Attributes:
        named: With ``event:``; without it browsers call ``onmessage`` for events of the log.
        prefixed: Ids begin with the run's id, because several runs share the connection.
        families: The event families wanted; None for all.
        progress: Not events, but a flat summary whenever it changes.
        view: Makes that summary; None: ours. Viewers whose views are equal share the bytes.
    """

    named: bool = True
    prefixed: bool = False
    families: frozenset[str] | None = None
    progress: bool = False
    view: View | None = None

    def wants(self, event_type: str) -> bool:
        """Tell whether events of this type are part of it."""
        return self.families is None or event_type.partition(".")[0] in self.families

    def id(self, run_id: RunId, cursor: str) -> str:
        """Return the frame id for a position."""
        return f"{run_id}:{cursor}" if self.prefixed else cursor


DEFAULT = Form()


def form_of(
    *, named: bool = True, prefixed: bool = False, families: frozenset[str] | None = None, progress: bool = False
) -> Form:
    """Return a form; the usual one always as the same object, which makes it quick to recognise."""
    form = Form(named, prefixed, families, progress)
    return DEFAULT if form == DEFAULT else form


class Block:
    """Bytes for many viewers, in chunked coding for those whose sockets we write ourselves."""

    __slots__ = ("_chunked", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._chunked: bytes | None = None

    def coded(self, *, chunked: bool) -> bytes:
        """Return the bytes to write."""
        if not chunked:
            return self.raw
        if self._chunked is None:
            self._chunked = chunk(self.raw)
        return self._chunked


class Encoded:
    """An event of the log with its frames."""

    __slots__ = ("_default", "_others", "event")

    def __init__(self, event: StoredEvent) -> None:
        self.event = event
        self._default: bytes | None = None
        self._others: dict[Form, bytes] | None = None

    def frame(self, form: Form, run_id: RunId) -> bytes:
        """Return the event's frame in a form; empty when the form leaves the event out."""
        if form is DEFAULT:
            if self._default is None:
                self._default = _event_frame(form, run_id, self.event)
            return self._default
        if self._others is None:
            self._others = {}
        data = self._others.get(form)
        if data is None:
            data = self._others[form] = _event_frame(form, run_id, self.event)
        return data


def _event_frame(form: Form, run_id: RunId, event: StoredEvent) -> bytes:
    if not form.wants(event.type):
        return b""
    return frame(event.body, event=event.type if form.named else None, id=form.id(run_id, event.cursor))


def joined(events: Iterable[Encoded], form: Form, run_id: RunId) -> bytes:
    """Return the frames of several events as one piece."""
    return b"".join([encoded.frame(form, run_id) for encoded in events])


def control(event: str, data: Mapping[str, Any]) -> bytes:
    """Return a frame that is no event of the log: always named, never with an id."""
    return frame(orjson.dumps(data), event=event)


def anchor(id: str) -> bytes:
    """Return a block that sets the reader's ``Last-Event-ID`` and dispatches nothing."""
    return b"id: " + id.encode() + b"\n\n"


def snapshot(fold: Fold, form: Form, run_id: RunId) -> bytes:
    """Return the ``snapshot`` frame of a state."""
    return frame(fold.snapshot_json(), event="snapshot", id=form.id(run_id, fold.cursor))


def progress(fold: Fold, form: Form, run_id: RunId, time: str | None) -> bytes:
    """Return the flat summary of a state, for pages that show one bar; empty when there is nothing to say."""
    if form.view is not None:
        own = form.view(fold.snapshot(), time)
        return b"" if own is None else frame(orjson.dumps(own), event=None, id=form.id(run_id, fold.cursor))
    known = summary(fold)
    data = {
        "status": fold.status,
        "phase": known["phase"],
        "progress": known["percent"],
        "message": known["message"],
        "timestamp": time,
        "eta": fold.get("progress")["eta"],
    }
    return frame(orjson.dumps(data), event="progress" if form.named else None, id=form.id(run_id, fold.cursor))
