"""The fold: a run's log in, its snapshot out. The same function as ``packages/client/src/fold.ts``.

It is total. With any event whose data fits its type, in any order, it does one of three things: apply it, ignore it but
advance the seq, or refuse it because its seq does not follow (a duplicate or a gap). Illegal transitions, unknown types
and entries past a cap are ignored alike in both languages; shared vectors and random histories prove it.

It is a mutable accumulator, because a frozen one is quadratic. It shares nothing with the events it was fed, and
`Fold.snapshot` gives a value that shares nothing with it. No result depends on the order of an object's keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import orjson

from headway.core import limits, progress
from headway.core.clock import parse_ms
from headway.core.entries import Entries, copied, new_item, new_output, new_phase
from headway.core.run import (
    ENDED,
    ITEM_TRANSITIONS,
    OUTPUT_TRANSITIONS,
    PHASE_TRANSITIONS,
    RUN_TRANSITIONS,
    RunStatus,
)

Data = Mapping[str, Any]


class Applied(Enum):
    """What became of an event offered to a fold."""

    APPLIED = "applied"
    #: its seq is not higher than the snapshot's
    DUPLICATE = "duplicate"
    #: events before it are missing; it was not applied
    GAP = "gap"


class Fold:
    """State of one run folded through `seq`.

    Args:
        snapshot: Start from this state (of any origin with the same `limits.FOLD_VERSION`); None: before event 1.
    """

    __slots__ = ("_body", "_entries", "_event")

    def __init__(self, snapshot: Mapping[str, Any] | None = None) -> None:
        body: dict[str, Any] = orjson.loads(orjson.dumps(snapshot)) if snapshot is not None else _empty()
        self._entries = Entries(body)
        self._body = body
        self._event: Mapping[str, Any] = {}

    @property
    def seq(self) -> int:
        """Seq of the last event folded in; 0 before the first."""
        seq: int = self._body["seq"]
        return seq

    @property
    def cursor(self) -> str:
        """Cursor of the last event folded in."""
        cursor: str = self._body["cursor"]
        return cursor

    @property
    def status(self) -> RunStatus | None:
        """Status of the run; None before event 1."""
        status = self._body["status"]
        return None if status is None else RunStatus(status)

    def entry(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a copy of one phase, item or output (``kind`` as in the snapshot), or None."""
        return self._entries.copy(kind, key)

    def keys(self, kind: str) -> list[str]:
        """Keys of all phases, items or outputs, in the order they came."""
        return self._entries.keys(kind)

    def items_by_status(self) -> Mapping[str, int]:
        """Return how many items there are of each status that any of them has."""
        return self._entries.items_by_status()

    def get(self, field: str) -> Any:
        """Return a field of the snapshot without making the whole of it; not to be changed."""
        return self._body[field]

    def apply(self, event: Mapping[str, Any], cursor: str | None = None, *, partial: bool = False) -> Applied:
        """Fold in one event.

        Args:
            event: The envelope, parsed.
            cursor: Its position, kept as the snapshot's ``cursor`` when given.
            partial: Accept gaps (the reader asked for some event types only).
        """
        seq = event["seq"]
        if seq <= self._body["seq"]:
            return Applied.DUPLICATE
        if seq != self._body["seq"] + 1 and not partial:
            return Applied.GAP
        self._body["seq"] = seq
        if cursor is not None:
            self._body["cursor"] = cursor
        if self._body["run_id"] is None:
            self._body["run_id"] = event["run_id"]
        handler = _HANDLERS.get(event["type"])
        if handler is not None and isinstance(event["data"], dict) and self._follow(event["type"]):
            self._event = event
            handler(self, event["data"])
        return Applied.APPLIED

    def snapshot_json(self) -> bytes:
        """Return the snapshot as JSON."""
        return orjson.dumps(self._entries.into(self._body))

    def snapshot(self) -> dict[str, Any]:
        """Return the snapshot as a value of its own; later events do not change it."""
        value: dict[str, Any] = orjson.loads(self.snapshot_json())
        return value

    # -- the run itself

    def _follow(self, event_type: str) -> bool:
        """Follow the run's transition table; False when the event is illegal where the run stands."""
        status = self._body["status"]
        table = RUN_TRANSITIONS.get(event_type)
        if table is None:
            return status not in ENDED
        target = table.get(status)
        if target is None:
            return False
        self._body["status"] = target.value
        if target is not RunStatus.WAITING:
            self._body["asks"] = {}
        return True

    def _queued(self, data: Data) -> None:
        body = self._body
        header = data.get("run")
        if header is not None and body["created_at"] is None:
            for name in ("job", "title", "owner", "group", "metadata", "created_at"):
                body[name] = copied(header[name])
        self._close_execution(_OUTCOMES.get(data["reason"], "lost"))
        body["attempt"] = data["attempt"]
        body["execution_id"] = self._event["execution_id"]
        body["executions"].append(self._execution(data))
        del body["executions"][: -limits.EXECUTIONS_MAX]
        body["progress"]["reached"] = None
        self._progressed()

    def _execution(self, data: Data) -> dict[str, Any]:
        blank = ("worker", "started_at", "finished_at", "outcome", "from_percent", "expected_s")
        return {
            "execution_id": self._event["execution_id"],
            "attempt": data["attempt"],
            "reason": data["reason"],
            "queued_at": self._event["time"],
            **dict.fromkeys(blank),
        }

    def _close_execution(self, outcome: str) -> None:
        executions = self._body["executions"]
        if executions and executions[-1]["finished_at"] is None:
            executions[-1]["finished_at"] = self._event["time"]
            executions[-1]["outcome"] = outcome

    def _started(self, data: Data) -> None:
        time = self._event["time"]
        if self._body["started_at"] is None:
            self._body["started_at"] = time
        execution = self._body["executions"][-1]
        execution["started_at"] = time
        execution["worker"] = data.get("worker")
        execution["expected_s"] = data.get("expected_s")
        execution["from_percent"] = self._body["progress"]["reached"] or 0

    def _waiting(self, data: Data) -> None:
        self._body["asks"][data["ask_id"]] = {
            "prompt": data["prompt"],
            "schema": copied(data.get("schema")),
            "asked_at": self._event["time"],
        }
        self._body["progress"]["eta"] = None  # nobody knows when the answer comes

    def _resumed(self, data: Data) -> None:
        """The run goes on, and its status says so; the answer is the job's."""

    def _cancel_requested(self, data: Data) -> None:
        if self._body["cancel_requested_at"] is None:
            self._body["cancel_requested_at"] = self._event["time"]

    def _ended(self, data: Data) -> None:
        body = self._body
        body["finished_at"] = self._event["time"]
        body["result"] = copied(data.get("result"))
        body["error"] = copied(data.get("error"))
        body["progress"]["eta"] = None
        if body["status"] in (RunStatus.SUCCEEDED, RunStatus.PARTIAL):
            body["progress"]["percent"] = body["progress"]["reached"] = 100
        self._close_execution(body["status"])

    def _reopened(self, data: Data) -> None:
        body = self._body
        body["finished_at"] = body["result"] = body["error"] = body["cancel_requested_at"] = None
        body["progress"]["reached"] = None
        for key in data.get("items") or ():
            self._entries.replan(key)
        self._progressed()

    def _planned(self, data: Data) -> None:
        self._entries.plan(data["phases"][: limits.PHASES_MAX])
        self._progressed()

    def _progressed(self) -> None:
        """Work out percent and ETA anew; called by whatever may have moved them."""
        shown = self._body["progress"]
        percent = progress.percent(self._entries.phases, self._entries.tallies)
        if percent is None:
            shown["percent"] = shown["eta"] = None
            return
        if shown["reached"] is not None and shown["reached"] > percent:
            percent = shown["reached"]
        shown["percent"] = shown["reached"] = percent
        shown["eta"] = self._eta(percent)

    def _eta(self, percent: float) -> str | None:
        if self._body["status"] != RunStatus.RUNNING:
            return None
        execution = self._body["executions"][-1]
        now, started = parse_ms(self._event["time"]), parse_ms(execution["started_at"])
        if now is None or started is None:
            return None
        return progress.eta(now, started, execution["from_percent"], percent, execution["expected_s"])

    # -- phases

    def _phase(self, data: Data) -> None:
        event_type, time = self._event["type"], self._event["time"]
        phase = self._entries.phase(data["id"])
        target = PHASE_TRANSITIONS[event_type].get(None if phase is None else phase["status"])
        if target is None:
            return
        if phase is None:
            phase = new_phase(data["id"], data["id"], None)
            if not self._entries.add_phase(phase):
                return
        if event_type == "phase.started":
            self._entries.reset_phase(phase)
            phase |= {"total": data.get("total"), "unit": data.get("unit")}
        elif event_type == "phase.progressed":
            self._advance(phase, data)
        else:
            phase |= {"finished_at": time, "error": copied(data.get("error"))}
        phase["status"] = target
        if phase["started_at"] is None:
            phase["started_at"] = time
        self._progressed()

    def _advance(self, phase: dict[str, Any], data: Data) -> None:
        phase |= {"done": data["done"], "total": data.get("total")}
        for name in ("unit", "message"):
            if data.get(name) is not None:
                phase[name] = data[name]
        if data.get("message") is not None:
            self._body["progress"]["message"] = data["message"]

    # -- items

    def _item(self, data: Data) -> None:
        event_type = self._event["type"]
        item = self._entries.item(data["key"])
        target = ITEM_TRANSITIONS[event_type].get(None if item is None else item["status"])
        if target is None:
            return
        if item is None:
            item = new_item(data["key"], seq=self._event["seq"], attempt=self._body["attempt"])
            if event_type == "item.planned":
                item |= {name: data.get(name) for name in ("kind", "parent", "phase")}
                item["title"] = data.get("title") or data["key"]
            if not self._entries.add_item(data["key"], item):
                return
        if event_type == "item.started":
            item |= {"progress": None, "data": None, "error": None, "attempt": self._body["attempt"]}
        elif event_type == "item.progressed":
            item["progress"] = {name: data.get(name) for name in ("done", "total", "message")}
        elif event_type == "item.failed":
            item["error"] = copied(data["error"])
        elif event_type == "item.updated" or data.get("data") is not None:
            item["data"] = copied(data.get("data"))
        if item["status"] != target or event_type == "item.planned":
            self._entries.set_item_status(item, target)
            self._progressed()

    # -- outputs

    def _output(self, data: Data) -> None:
        event_type, key = self._event["type"], data["key"]
        output = self._entries.output(key)
        state = None if output is None else "finished" if output.finished else "open"
        target = OUTPUT_TRANSITIONS[event_type].get(state)
        if target is None:
            return
        if output is None or event_type == "output.started":
            seq = self._event["seq"] if output is None else output.seq
            output = new_output(key, seq=seq, attempt=self._body["attempt"])
            if not self._entries.set_output(key, output):
                return
        if event_type == "output.appended":
            self._entries.append_text(output, data["delta"])
        output.finished = target == "finished"

    # -- the rest

    def _note(self, data: Data) -> None:
        notes = self._body["notes"]
        notes.append({"seq": self._event["seq"], "time": self._event["time"], "kind": data["kind"]})
        notes[-1] |= {"title": data.get("title"), "body": data["body"]}
        del notes[: -limits.NOTES_MAX]

    def _error(self, data: Data) -> None:
        errors = self._body["errors"]
        entry = {"seq": self._event["seq"], "time": self._event["time"]}
        for name in ("severity", "category", "code", "message", "retryable", "item"):
            entry[name] = data.get(name)
        errors.append(entry)
        del errors[: -limits.ERRORS_MAX]

    def _custom(self, data: Data) -> None:
        self._entries.set_custom(data["name"], data.get("key") or "", copied(data.get("data")))

    def _discarded(self, data: Data) -> None:
        self._entries.assign(data["set"])
        gone = set(data["set"].get("notes") or ())
        if gone:
            self._body["notes"] = [note for note in self._body["notes"] if note["seq"] not in gone]
        if data.get("step") is not None:
            self._progressed()
            return
        # What a dead worker left is gone: only here may percent fall, and the ETA counts from what is left.
        shown = self._body["progress"]
        shown["reached"] = None
        self._progressed()
        shown["eta"] = None
        executions = self._body["executions"]
        if executions and executions[-1]["from_percent"] is not None:
            executions[-1]["from_percent"] = shown["reached"] or 0


def _empty() -> dict[str, Any]:
    return {
        "run_id": None,
        "job": None,
        "title": None,
        "status": None,
        "seq": 0,
        "cursor": "0.0",
        "execution_id": None,
        "attempt": 0,
        "executions": [],
        "created_at": None,
        "started_at": None,
        "finished_at": None,
        "cancel_requested_at": None,
        "progress": {"percent": None, "reached": None, "eta": None, "message": None},
        "phases": [],
        "items": {},
        "outputs": {},
        "asks": {},
        "notes": [],
        "errors": [],
        "custom": {},
        "result": None,
        "error": None,
        "owner": "",
        "group": None,
        "metadata": {},
    }


_OUTCOMES = {"retry": "failed", "resumed": "waiting"}
"""How an execution ended in whose place another is queued, by the reason for the new one; else its worker was lost."""

_HANDLERS: dict[str, Callable[[Fold, Data], None]] = {
    "run.queued": Fold._queued,
    "run.started": Fold._started,
    "run.waiting": Fold._waiting,
    "run.resumed": Fold._resumed,
    "run.cancel_requested": Fold._cancel_requested,
    **dict.fromkeys(("run.succeeded", "run.partial", "run.failed", "run.cancelled"), Fold._ended),
    "run.reopened": Fold._reopened,
    "run.planned": Fold._planned,
    **dict.fromkeys(PHASE_TRANSITIONS, Fold._phase),
    **dict.fromkeys(ITEM_TRANSITIONS, Fold._item),
    **dict.fromkeys(OUTPUT_TRANSITIONS, Fold._output),
    "note": Fold._note,
    "error": Fold._error,
    "custom": Fold._custom,
    "attempt.discarded": Fold._discarded,
}
