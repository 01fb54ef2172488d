"""Watching a run where nobody looks on: a line for each thing that happens, with its time.

Lines are in order of time: what is told of a state, and not of an event, is told as of now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from headway.cli.words import clean, clock, done_of, notice_text, one_line, percent, seconds_of, trouble_of
from headway.client import Connection, Watched

PROGRESS_EVERY_S: Final = 2.0
"""Progress of one phase or item is said at most so often."""

FAILED_MAX: Final = 20
"""Who comes late is told of so many items that failed; the rest is counted."""

Data = Mapping[str, Any]


class Lines:
    """Says what happens. Times are those of the log, in this machine's zone.

    Args:
        console: Where to.
        clock: Seconds; tests bring their own.
        where: Options that say where the run is, for a command that is to be typed.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic, where: str = "") -> None:
        self._console = console
        self._clock = clock
        self._where = where
        self._said_at: dict[str, float] = {}
        self._texts: dict[str, str] = {}
        self._was_live = False
        self._state: Watched | None = None
        self._seq = 0
        self._told_trouble = ""
        self._notices: dict[Any, str] = {}

    # -- what is told

    def take(self, state: Watched, event: Mapping[str, Any] | None) -> None:
        """Say what an event means; None: how the run stands."""
        first, self._state = self._state is None, state
        if event is None:
            if first or state["seq"] != self._seq:
                self.close()
                self._say(None, self._standing(state, first=first))
                if first:
                    self._failed_items(state)
                for ask_id, ask in state["asks"].items():
                    self._waiting({"ask_id": ask_id, **ask}, None)
                if state["finished_at"] is not None:
                    self._ended({}, None)
            self._trouble(state)
        else:
            handler = _HANDLERS.get(event["type"])
            if handler is not None:
                handler(self, event["data"], event["time"])
        self._seq = state["seq"]

    def _trouble(self, state: Watched) -> None:
        trouble = trouble_of(state["status"], state.live)
        if trouble and trouble != self._told_trouble:
            self._say(None, f"trouble: {trouble}")
        self._told_trouble = trouble

    def connected(self, connection: Connection) -> None:
        """Say when the connection is lost, and when it is back."""
        if connection.state == "waiting" and self._state is not None:
            self._was_live = False
            self._say(None, f"reconnecting in {connection.wait_s:.1f} s: {one_line(connection.reason)}")
        elif connection.state == "live":
            if self._state is not None and not self._was_live:
                self._say(None, "connected again" + (", polling" if connection.transport == "poll" else ""))
            self._was_live = True

    def notice(self, told: Mapping[str, Any]) -> None:
        """Say what an operator says, and when it is over."""
        if told.get("over"):
            self._say(None, f"notice is over: {self._notices.pop(told.get('id'), '')}")
            return
        text = notice_text(told)
        self._notices[told.get("id")] = text
        self._say(None, f"notice: {text}")

    async def show(self) -> None:
        """Do nothing by itself: everything is said as it comes."""

    def close(self) -> None:
        """Say what was held back: text without a line's end."""
        for key in list(self._texts):
            self._flush(key, None)

    # -- lines

    def _say(self, time: str | None, text: str) -> None:
        moment = seconds_of(time)
        stamp = _stamp(moment)
        self._console.print(Text(f"{stamp} {text}"), soft_wrap=True)

    def _standing(self, state: Watched, *, first: bool) -> str:
        about = (
            f"{one_line(state['title'])} ({one_line(state['job'])}, {state['run_id']})" if first else "the state now"
        )
        done = state["progress"]["percent"]
        return f"{about}: {state['status']}" + ("" if done is None else f", {percent(done)}")

    def _failed_items(self, state: Watched) -> None:
        failed = [(key, item) for key, item in state["items"].items() if item["status"] == "failed"]
        failed.sort(key=lambda entry: entry[1]["seq"])
        for key, item in failed[:FAILED_MAX]:
            self._item_failed({"key": key, "error": item["error"]}, None)
        if len(failed) > FAILED_MAX:
            self._say(None, f"and {len(failed) - FAILED_MAX} more failed")

    def _title(self, kind: str, key: str) -> str:
        entry = self._state.entry(kind, key) if self._state is not None else None
        return one_line(entry["title"] if entry is not None else "") or one_line(key)

    def _percent(self) -> str:
        return percent(self._state["progress"]["percent"]) if self._state is not None else "-"

    # -- the run

    def _queued(self, data: Data, time: str) -> None:
        if data["attempt"] > 1:
            self._say(time, f"queued again as attempt {data['attempt']} ({one_line(data['reason'])})")

    def _started(self, data: Data, time: str) -> None:
        self._say(time, f"attempt {data['attempt']} started")

    def _waiting(self, data: Data, time: str | None) -> None:
        self._say(time, f"waits for an answer ({one_line(data['ask_id'])}): {one_line(data['prompt'])}")
        if self._state is not None:
            self._say(time, f"give it with: headway answer {self._state['run_id']}{self._where}")

    def _resumed(self, data: Data, time: str) -> None:
        who = f"answered by {one_line(data['by'])}" if data.get("by") else "answered"
        self._say(time, f"{_UNANSWERED.get(data.get('outcome', ''), who)}; goes on")

    def _cancel_requested(self, data: Data, time: str) -> None:
        who = f" by {one_line(data['by'])}" if data.get("by") else ""
        why = f": {one_line(data['reason'])}" if data.get("reason") else ""
        self._say(time, f"asked to stop{who}{why}")

    def _ended(self, data: Data, time: str | None) -> None:
        """Say how it ended; with `time` None also when: it is told later than it was, among lines of now."""
        for key in list(self._texts):
            self._flush(key, time)
        state = self._state
        if state is None:
            return
        started, ended = seconds_of(state["started_at"]), seconds_of(state["finished_at"])
        took = f" after {clock(ended - started)}" if started is not None and ended is not None else ""
        error = state["error"]
        why = f": {one_line(error['message'])} ({one_line(error['code'])})" if error else ""
        when = f", at {_stamp(ended)}" if time is None else ""
        self._say(time, f"{state['status']}{took}{when}{why}")

    def _reopened(self, data: Data, time: str) -> None:
        self._say(time, "to be tried again")

    def _discarded(self, data: Data, time: str) -> None:
        if data.get("step") is None:
            self._say(time, f"what attempt {data['attempt']} left unfinished is withdrawn")

    # -- its parts

    def _phase_started(self, data: Data, time: str) -> None:
        self._say(time, f"{self._title('phases', data['id'])}: started")

    def _phase_progressed(self, data: Data, time: str) -> None:
        if self._due(f"phase {data['id']}"):
            said = [done_of(data["done"], data.get("total"), data.get("unit")), one_line(data.get("message"))]
            self._say(time, f"{self._title('phases', data['id'])}: {', '.join([*filter(None, said), self._percent()])}")

    def _phase_finished(self, data: Data, time: str) -> None:
        self._say(time, f"{self._title('phases', data['id'])}: finished, {self._percent()}")

    def _phase_failed(self, data: Data, time: str) -> None:
        self._say(time, f"{self._title('phases', data['id'])}: failed: {_reason(data)}")

    def _item_started(self, data: Data, time: str) -> None:
        self._say(time, f"{self._title('items', data['key'])}: started")

    def _item_progressed(self, data: Data, time: str) -> None:
        if self._due(f"item {data['key']}"):
            said = [done_of(data["done"], data.get("total")), one_line(data.get("message"))]
            self._say(time, f"{self._title('items', data['key'])}: {', '.join(filter(None, said)) or 'goes on'}")

    def _item_finished(self, data: Data, time: str) -> None:
        self._say(time, f"{self._title('items', data['key'])}: finished, {self._percent()}")

    def _item_failed(self, data: Data, time: str | None) -> None:
        self._say(time, f"{self._title('items', data['key'])}: failed: {_reason(data)}")

    def _due(self, what: str) -> bool:
        now = self._clock()
        if now - self._said_at.get(what, float("-inf")) < PROGRESS_EVERY_S:
            return False
        self._said_at[what] = now
        return True

    # -- text

    def _appended(self, data: Data, time: str) -> None:
        key = data["key"]
        *lines, rest = (self._texts.get(key, "") + data["delta"]).split("\n")
        for line in lines:
            self._say(time, f"{one_line(key)} | {clean(line)}")
        self._texts[key] = rest

    def _text_finished(self, data: Data, time: str) -> None:
        self._flush(data["key"], time)

    def _text_started(self, data: Data, time: str) -> None:
        self._texts.pop(data["key"], None)

    def _flush(self, key: str, time: str | None) -> None:
        rest = self._texts.pop(key, "")
        if rest:
            self._say(time, f"{one_line(key)} | {clean(rest)}")

    def _note(self, data: Data, time: str) -> None:
        title = f"{one_line(data['title'])}: " if data.get("title") else ""
        self._say(time, f"note: {title}{one_line(data['body'])}")

    def _log(self, data: Data, time: str) -> None:
        self._say(time, f"{data['level']}: {one_line(data['text'])}")

    def _error(self, data: Data, time: str) -> None:
        self._say(time, f"{data['severity']}: {one_line(data['message'])} ({one_line(data['code'])})")


def _reason(data: Data) -> str:
    return one_line((data.get("error") or {}).get("message")) or "no reason was given"


def _stamp(moment: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


_UNANSWERED: Final = {"timed_out": "nobody answered in time", "withdrawn": "the question was withdrawn"}

_HANDLERS: Final[Mapping[str, Callable[[Lines, Data, str], None]]] = {
    "run.queued": Lines._queued,
    "run.started": Lines._started,
    "run.waiting": Lines._waiting,
    "run.resumed": Lines._resumed,
    "run.cancel_requested": Lines._cancel_requested,
    **dict.fromkeys(("run.succeeded", "run.partial", "run.failed", "run.cancelled"), Lines._ended),
    "run.reopened": Lines._reopened,
    "attempt.discarded": Lines._discarded,
    "phase.started": Lines._phase_started,
    "phase.progressed": Lines._phase_progressed,
    "phase.finished": Lines._phase_finished,
    "phase.failed": Lines._phase_failed,
    "item.started": Lines._item_started,
    "item.progressed": Lines._item_progressed,
    "item.finished": Lines._item_finished,
    "item.failed": Lines._item_failed,
    "output.started": Lines._text_started,
    "output.appended": Lines._appended,
    "output.finished": Lines._text_finished,
    "note": Lines._note,
    "log": Lines._log,
    "error": Lines._error,
}
