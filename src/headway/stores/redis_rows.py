"""Hashes and streams of Redis as the values of `headway.stores.base`, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson

from headway.core.clock import parse_ms
from headway.core.events import StoredEvent
from headway.core.run import RunStatus
from headway.stores.base import NewRun, RunRow
from headway.stores.redis_wire import Argument

FIELDS: Final = (*(field.name for field in dataclasses.fields(RunRow)), "rev", "fingerprint", "born")
"""Of a run's hash, in the order of ``lua/common.lua``."""

_values = attrgetter(*FIELDS[:-3])
_METADATA: Final = FIELDS.index("metadata")
_SUMMARY: Final = FIELDS.index("summary")

_CHANGING: Final = (
    "status", "attempt", "execution_id", "worker", "takeovers", "cancel_requested", "started_at", "finished_at",
    "updated_at", "seq", "tag", "total", "due_ms", "lease_s",
)  # fmt: skip
_changing = attrgetter(*_CHANGING)
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run's hash. `row` has no metadata and no summary; they stay JSON, so that no two callers share a value.

    Attributes:
        revision: Changes with the hash, and is random: one that was lost with the end of an AOF never comes back.
        born: Random bits of the call that created the run.
    """

    row: RunRow
    revision: str
    metadata: bytes
    summary: bytes | None
    fingerprint: str
    born: str

    def shown(self) -> RunRow:
        """Return the row as a value of its own."""
        # `dataclasses.replace` takes three times as long
        values = list(_values(self.row))
        values[_METADATA] = orjson.loads(self.metadata)
        values[_SUMMARY] = None if self.summary is None else orjson.loads(self.summary)
        return RunRow(*values)

    def moved_to(self, row: RunRow, revision: str) -> KeptRun:
        """Return what a write leaves behind."""
        return KeptRun(row, revision, self.metadata, self.summary, self.fingerprint, self.born)


class Seen(NamedTuple):
    """What a decision is made on.

    Attributes:
        known: Which of the write's keys are in the log.
        claimed: How many runs of the job are claimed.
        begun: When the last claims of the job were made at a rate, the last one first, where the write asks for that.
        fresh: Read for this very write. A refusal is never decided on anything else.
    """

    run: KeptRun
    known: frozenset[str]
    claimed: int
    begun: Sequence[int]
    fresh: bool


def kept_run(fields: Sequence[bytes | None]) -> KeptRun | None:
    """Read a run's hash; None where there is none."""
    if fields[0] is None:
        return None
    text = [None if value is None else value.decode() for value in fields]
    (
        id, job, title, owner, group, metadata, correlation_id, status, attempt, execution_id, external, lease_s,
        worker, takeovers, cancel_requested, created_at, started_at, finished_at, updated_at, seq, tag, total, floor,
        text_floor, lines_floor, due_ms, summary, revision, fingerprint, born,
    ) = text  # fmt: skip
    row = RunRow(
        id or "", job or "", title or "", owner or "", group, _NOTHING, correlation_id, RunStatus(status or ""),
        int(attempt or 0), execution_id or "", external == "1", float(lease_s) if lease_s else None,
        worker or None, int(takeovers or 0), cancel_requested == "1", created_at or "", started_at or None,
        finished_at or None, updated_at or "", int(seq or 0), tag or "", int(total or 0), int(floor or 0),
        int(text_floor or 0), int(lines_floor or 0), int(due_ms) if due_ms else None, None,
    )  # fmt: skip
    return KeptRun(
        row, revision or "", (metadata or "{}").encode(), summary.encode() if summary else None, fingerprint or "",
        born or "",
    )  # fmt: skip


def shown_rows(found: Sequence[Sequence[bytes | None]]) -> list[RunRow]:
    """Read many; one that was lost under a list is left out."""
    return [kept.shown() for kept in map(kept_run, found) if kept is not None]


def seen(answer: Sequence[Any]) -> Seen | None:
    """Read what ``load`` and ``append`` answer; None where there is no run."""
    _, fields, known, claimed, begun = answer
    run = kept_run(fields)
    if run is None:
        return None
    return Seen(run, frozenset(key.decode() for key in known), claimed, list(map(int, begun)), fresh=True)


def changed_values(old: RunRow, new: RunRow) -> list[Argument]:
    """Return names and values of what is to be set in a run's hash."""
    values: list[Argument] = []
    for name, before, after in zip(_CHANGING, _changing(old), _changing(new), strict=True):
        if before != after:
            values += (name, _text(after))
    if old.finished_at != new.finished_at:
        values += ("finished_ms", _text(parse_ms(new.finished_at)))
    return values


def new_values(new: NewRun, row: RunRow, revision: str, born: str) -> list[Argument]:
    """Return names and values of the hash of a new run."""
    values: dict[str, Any] = dict(zip(_CHANGING, _changing(row), strict=True)) | {
        "id": row.id, "job": row.job, "title": row.title, "owner": row.owner, "external": row.external,
        "created_at": row.created_at, "floor": 0, "text_floor": 0, "lines_floor": 0, "rev": revision, "born": born,
        "fingerprint": new.fingerprint, "metadata": orjson.dumps(dict(new.metadata)),
        "finished_ms": parse_ms(row.finished_at),
    }  # fmt: skip
    # of these, "" would be another value than none
    for name in ("group", "correlation_id", "key", "input"):
        if getattr(new, name) is not None:
            values[name] = getattr(new, name)
    return [argument for name, value in values.items() for argument in (name, _text(value))]


def event_values(events: Sequence[StoredEvent], keys: Sequence[str | None]) -> list[Argument]:
    """Return the arguments of a script that adds events."""
    return [
        argument
        for event, key in zip(events, keys, strict=True)
        for argument in (event.type, event.body, event.step or "", key or "")
    ]


def read_events(answer: Sequence[bytes]) -> Iterator[StoredEvent]:
    """Read the events ``read`` answers, as far as somebody wants them."""
    for head, body in zip(answer[::2], answer[1::2], strict=True):
        seq, tag, type, total, step = head.decode().split(" ", 4)
        yield StoredEvent(int(seq), tag, type, body, int(total), step or None)


def creation_key(owner: str, key: str | None) -> str:
    """Return the field a creation key is found by."""
    return "" if key is None else orjson.dumps([owner, key]).decode()


def _text(value: Any) -> Argument:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, bytes | int) else str(value)
