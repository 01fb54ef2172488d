"""What must be taken back when a step dies and is begun anew.

Finished entries survive, and so does whatever finished steps wrote. Every other entry and custom value goes back to the
value it would have without the events of the steps that are withdrawn. That value is found by folding the log twice,
once whole and once without those events; ``attempt.discarded`` then carries plain replacement values, so that readers,
who may have joined at any point, only assign.

Notes are taken out by their seqs. Older ones that they have pushed out of the ring do not come back; it promises the
last things said, not a number of them. Errors stay: that something failed is true also when it is tried again.

The second fold leaves out earlier withdrawals, too, together with what they withdrew. To assign their values would not
do: when one of two parallel steps was tried again, they held what the other had written by then, and that may have to
go now. Whether an event stays is known only when its step finishes or is tried again, so events wait until then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from headway.core.fold import Fold

KINDS = ("phases", "items", "outputs")

_ENTRY_OF = {"phase": ("phases", "id"), "item": ("items", "key"), "output": ("outputs", "key")}

Event = Mapping[str, Any]


class _Held:
    """An event and whether it stays; None while that is not known."""

    __slots__ = ("event", "stays")

    def __init__(self, event: Event, stays: bool | None) -> None:
        self.event = event
        self.stays = stays


class Withdrawal:
    """Folds a log with and without the events of withdrawn steps.

    Args:
        withdrawn: Tells of a step key whether its events are taken back.
        base: Snapshot before the first event that is fed, where the log was trimmed; else None.
    """

    def __init__(self, withdrawn: Callable[[str], bool], base: Mapping[str, Any] | None = None) -> None:
        self._withdrawn = withdrawn
        self._whole = Fold(base)
        self._kept = Fold(base)
        self._queue: deque[_Held] = deque()  # from the first event on whose fate is not known
        self._tries: dict[str, list[_Held]] = {}  # events of steps that have not finished, by step
        self._finished: set[str] = set()
        self._unsaid: set[int] = set()  # seqs of notes that do not stay

    def feed(self, event: Event) -> None:
        """Take the next event of the log, in order."""
        if event["type"] == "attempt.discarded":
            self._drop_tries(event["data"]["step"])
        elif event["type"] == "step.finished":
            self._finish(event["data"]["key"])
        else:
            self._take(event, event["step"])
        self._whole.apply(event)
        while self._queue and self._queue[0].stays is not None:
            self._keep(self._queue.popleft())

    def result(self) -> dict[str, Any] | None:
        """Return ``set`` of ``attempt.discarded``, or None when nothing changes. To be called once, at the end."""
        while self._queue:
            self._keep(self._queue.popleft())
        changes: dict[str, Any] = {kind: self._changes(kind) for kind in KINDS}
        changes["notes"] = [note["seq"] for note in self._whole.get("notes") if note["seq"] in self._unsaid]
        changes["custom"] = self._custom_changes()
        return changes if any(changes.values()) else None

    def _take(self, event: Event, step: str | None) -> None:
        if step is None or step in self._finished:
            self._queue.append(_Held(event, True))
        elif self._withdrawn(step):
            self._leave_out(event)
        else:
            held = _Held(event, None)
            self._queue.append(held)
            self._tries.setdefault(step, []).append(held)

    def _keep(self, held: _Held) -> None:
        if held.stays is False:
            self._leave_out(held.event)
        else:
            self._kept.apply(held.event, partial=True)

    def _leave_out(self, event: Event) -> None:
        if event["type"] == "note":
            self._unsaid.add(event["seq"])

    def _finish(self, step: str) -> None:
        self._finished.add(step)
        for held in self._tries.pop(step, ()):
            held.stays = True

    def _drop_tries(self, step: str | None) -> None:
        """An earlier withdrawal: of one step and what it called, or at a take-over of all that had not finished."""
        finished = {(kind, entry) for kind in KINDS for entry in self._finished_keys(kind)}
        for key in [key for key in self._tries if step is None or key == step or key.startswith(step + "/")]:
            for held in self._tries.pop(key):
                held.stays = _entry_of(held.event) in finished

    def _changes(self, kind: str) -> dict[str, Any]:
        changes = {}
        for key in dict.fromkeys((*self._whole.keys(kind), *self._kept.keys(kind))):
            now, then = self._whole.entry(kind, key), self._kept.entry(kind, key)
            if _bytes(now) != _bytes(then) and not _has_finished(now):
                changes[key] = then
        return changes

    def _custom_changes(self) -> list[dict[str, Any]]:
        """Removals first, so that they make room where there is a cap."""
        now, then = _by_place(self._whole.get("custom")), _by_place(self._kept.get("custom"))
        places = [place for place in now if place not in then]
        places += [place for place, value in then.items() if _bytes(now.get(place)) != _bytes(value)]
        return [{"name": name, "key": key, "value": then.get((name, key))} for name, key in places]

    def _finished_keys(self, kind: str) -> list[str]:
        return [key for key in self._whole.keys(kind) if _has_finished(self._whole.entry(kind, key))]


def _entry_of(event: Event) -> tuple[str, str] | None:
    kind, name = _ENTRY_OF.get(event["type"].partition(".")[0], ("", ""))
    data = event["data"]
    return (kind, data[name]) if isinstance(data, dict) and name in data else None


def _by_place(custom: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(name, key): {"data": data} for name, values in custom.items() for key, data in values.items()}


def _bytes(entry: Mapping[str, Any] | None) -> bytes:
    """The entry as JSON, to be compared: Python takes ``True`` for 1."""
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)


def _has_finished(entry: Mapping[str, Any] | None) -> bool:
    return entry is not None and (entry.get("finished") is True or entry.get("status") == "finished")
