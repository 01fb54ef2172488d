"""Events that wait for the next write: conflated where only the last counts, joined where they are pieces of a text."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from headway.core.events import NewEvent

TEXT_PIECE_MAX = 32_768
"""Code points one ``output.appended`` carries at most; as JSON they fit into `limits.EVENT_BYTES_MAX`."""


@dataclass(slots=True)
class _Entry:
    event: NewEvent | None
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    size: int = 0


class Pending:
    """An ordered buffer. Later progress of an entity replaces earlier progress, deltas of an output join.

    Both only happen while nothing else about the same entity came in between, so what readers fold is the same.

    Attributes:
        size: Bytes held.
    """

    def __init__(self) -> None:
        self.size = 0
        self._entries: list[_Entry] = []
        self._open: dict[str, dict[str, _Entry]] = {}

    def __bool__(self) -> bool:
        return self.size > 0

    def add(self, event: NewEvent, *, entity: str | None = None, conflate: bool = False) -> None:
        """Add an event.

        Args:
            event: The event.
            entity: What it is about (``item:day:3``); None: anything, so that nothing before it is touched any more.
            conflate: Only the last one of this type and entity counts.
        """
        entry = _Entry(event, size=len(event.data) + 64)
        if entity is None:
            self._open.clear()
        elif not conflate:
            self._open.pop(entity, None)
        else:
            slots = self._open.setdefault(entity, {})
            earlier = slots.get(event.type)
            if earlier is not None:
                self.size -= earlier.size
                earlier.event = None
            slots[event.type] = entry
        self._entries.append(entry)
        self.size += entry.size

    def add_text(self, output: str, delta: str, *, step: str | None, agent: str | None) -> None:
        """Add text to an output, as part of the waiting delta of the same output if there is one with room."""
        entity = f"output:{output}"
        slots = self._open.setdefault(entity, {})
        entry = slots.get("output.appended")
        if entry is None or entry.length + len(delta) > TEXT_PIECE_MAX:
            event = NewEvent("output.appended", orjson.dumps(output), None, step, agent)
            entry = slots["output.appended"] = _Entry(event, size=128)
            self._entries.append(entry)
            self.size += entry.size
        grown = 2 * len(delta)
        entry.pieces.append(delta)
        entry.length += len(delta)
        entry.size += grown
        self.size += grown

    def take(self) -> list[NewEvent]:
        """Return all events in order and forget them."""
        events = [_finished(entry) for entry in self._entries if entry.event is not None]
        self._entries, self._open, self.size = [], {}, 0
        return events


def _finished(entry: _Entry) -> NewEvent:
    event = entry.event
    assert event is not None  # noqa: S101 - replaced entries were left out by the caller
    if not entry.pieces:
        return event
    data = b'{"key":' + event.data + b',"delta":' + orjson.dumps("".join(entry.pieces)) + b"}"
    return NewEvent(event.type, data, event.key, event.step, event.agent, event.at)


def sound_text(text: str) -> str:
    """Return text that UTF-8 can carry: surrogate pairs joined, lone surrogates replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def pieces(text: str) -> list[str]:
    """Cut text into pieces that fit into one event each."""
    return [text[start : start + TEXT_PIECE_MAX] for start in range(0, len(text), TEXT_PIECE_MAX)]
