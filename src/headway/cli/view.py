"""A run as it looks on a terminal: a picture of its snapshot that fits the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from rich.cells import cell_len
from rich.text import Text

from headway.cli.listing import Listed, listing
from headway.cli.rows import Pen
from headway.cli.words import ENTRY, STATUS, clean, clock, done_of, one_line, percent, seconds_of, trouble_of
from headway.client import Connection
from headway.core.run import ENDED

State = Mapping[str, Any]

INDENT: Final = 2
NAME_MAX: Final = 26
PHASES_MAX: Final = 8
NOTES_SHOWN: Final = 2
ROOMY: Final = 60
"""Columns from which there is room for advice."""

TEXT_MAX: Final = 20
ITEMS_MAX: Final = 60
ALL: Final = 10_000
"""Rows there are when nothing has to fit."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn.

    Attributes:
        state: The run's snapshot.
        connection: How it is being watched; None when that is over.
        live: What is true beside the log.
        retry_at: When the next try is due, seconds since the epoch.
        notice: What an operator said last.
        well: What is said of a connection with which all is well.
    """

    state: State
    connection: Connection | None = None
    live: Mapping[str, Any] = field(default_factory=dict)
    retry_at: float = 0.0
    notice: str = ""
    well: str = "connected"

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.state["status"] in ENDED


def draw(picture: Picture, pen: Pen, height: int = ALL) -> list[Text]:
    """Return the rows, at most `height` of them if that is at least seven."""
    head = [*_head(picture, pen), Text(), _overall(picture, pen)]
    foot = _foot(picture, pen)
    room = space = height - len(head) - len(foot)
    phases = _section(_phases(picture.state, pen, min(PHASES_MAX, max(3, room // 3))))
    room -= len(phases)
    # a third is for what is said, and all that the items leave
    items_rows = len(picture.state["items"]) + 1 if picture.state["items"] else 0
    words = _section(_words(picture, pen, max(room // 3, room - items_rows) - 1))
    items = _section(_items(picture.state, pen, room - len(words) - 1))
    body = [*phases, *items, *words][: max(0, space)]
    return [pen.fit(row, pen.width) for row in (*head, *body, *foot)]


def _section(rows: list[Text]) -> list[Text]:
    return [Text(), *rows] if rows else []


# -- head


def _head(picture: Picture, pen: Pen) -> list[Text]:
    state = picture.state
    sign = STATUS[state["status"]]
    title = Text.assemble(pen.icon(sign), " ", (one_line(state["title"]) or state["run_id"], "bold"))
    status = Text(state["status"], sign.style)
    if state["cancel_requested_at"] and not picture.ended:
        status = Text("stopping", "yellow")
    position = picture.live.get("queue_position")
    if state["status"] == "queued" and position is not None:
        status.append(f", number {position} in the queue")
    about = [one_line(state["job"]), state["run_id"]]
    if state["attempt"] > 1:
        about.insert(1, f"attempt {state['attempt']}")
    return [
        pen.row(title, status),
        pen.row(Text(" · ".join(about) if pen.unicode else ", ".join(about), "dim"), _times(picture, pen)),
    ]


def _times(picture: Picture, pen: Pen) -> Text:
    """Elapsed, and what may be left, by the server's clock."""
    state = picture.state
    now = pen.now + (picture.connection.ahead_s if picture.connection else 0.0)
    started = seconds_of(state["started_at"]) or seconds_of(state["created_at"])
    if started is None:
        return Text()
    ended, eta = seconds_of(state["finished_at"]), seconds_of(state["progress"]["eta"])
    times = Text(clock((ended or now) - started))
    if eta is not None and ended is None:
        times.append(f", about {clock(eta - now)} left", "dim")
    return times


def _overall(picture: Picture, pen: Pen) -> Text:
    state = picture.state
    status, shown = state["status"], state["progress"]
    done, reached = shown["percent"], shown["reached"] or 0
    style = STATUS[status].style if picture.ended else "cyan"
    moving = done is None and status in ("running", "waiting")
    bar = pen.bar(_bar_width(pen), (reached if done is None else done) / 100, style, moving=moving)
    said = percent(done) if done is not None or not reached else f"{int(reached)}+ %"
    return pen.columns([(bar, _bar_width(pen)), (Text(said, "bold"), 5)], Text(_only_phase(state), "dim"))


def _bar_width(pen: Pen) -> int:
    return max(10, min(50, pen.width - 36))


def _is_plain(state: State) -> bool:
    """Whether the run has no phases but the one every run has; that is not listed."""
    return not state["phases"] or (len(state["phases"]) == 1 and state["phases"][0]["id"] == "main")


def _only_phase(state: State) -> str:
    """What there is to say of the one phase of a run that has no others."""
    if not _is_plain(state) or not state["phases"]:
        return ""
    phase = state["phases"][0]
    return "  ".join(filter(None, [done_of(phase["done"], phase["total"], phase["unit"]), one_line(phase["message"])]))


# -- phases


def _phases(state: State, pen: Pen, room: int) -> list[Text]:
    phases = state["phases"]
    if _is_plain(state):
        return []
    shown = _around_the_running(phases, room)
    name_width = min(NAME_MAX, max(len(one_line(phase["title"])) for phase in shown), pen.width // 3)
    counts = _item_counts(state)
    rows = [_phase(phase, counts.get(phase["id"]), pen, name_width) for phase in shown]
    if len(shown) < len(phases):
        rows.append(Text(f"{' ' * INDENT}{pen.dots} {len(phases) - len(shown)} more phases", "dim"))
    return rows


def _around_the_running(phases: Sequence[State], room: int) -> Sequence[State]:
    if len(phases) <= room:
        return phases
    current = next((place for place, phase in enumerate(phases) if phase["status"] == "running"), 0)
    start = max(0, min(current - 1, len(phases) - room + 1))
    return phases[start : start + room - 1]


def _item_counts(state: State) -> dict[str, tuple[int, int]]:
    """Ended and all items of each phase that has any."""
    counts: dict[str, tuple[int, int]] = {}
    for item in state["items"].values():
        if item["phase"] is not None:
            ended, total = counts.get(item["phase"], (0, 0))
            counts[item["phase"]] = ended + (item["status"] in ("finished", "failed")), total + 1
    return counts


def _phase(phase: State, items: tuple[int, int] | None, pen: Pen, name_width: int) -> Text:
    sign = ENTRY[phase["status"]]
    done, total = items if items is not None else (phase["done"], phase["total"])
    fraction = 1.0 if phase["status"] == "finished" else done / total if total else 0.0
    moving = phase["status"] == "running" and not total
    width = max(8, min(30, pen.width - name_width - 36))
    error = phase["error"] and Text(one_line(phase["error"]["message"]), "red")
    said = Text(one_line(phase["message"]) if phase["status"] == "running" else "", "dim")
    cells = [
        (Text(*pen.icon(sign)), 1),
        (Text(one_line(phase["title"]), "dim" if phase["status"] == "planned" else ""), name_width),
        (pen.bar(width, fraction, sign.style, moving=moving), width),
        (Text(done_of(done, total, phase["unit"])), 14),
    ]
    return pen.columns(cells, error or said, indent=INDENT)


# -- items


def _items(state: State, pen: Pen, room: int) -> list[Text]:
    if not state["items"] or room < 1:
        return []
    chosen = listing(state["items"], min(room, ITEMS_MAX))
    longest = max((cell_len(_name(listed)) + 2 * listed.depth for listed in chosen.shown), default=0)
    rows = [_item(listed, pen, min(longest, 40, pen.width // 2)) for listed in chosen.shown]
    if chosen.left_out:
        said = ", ".join(f"{count} {status}" for status, count in chosen.left_out.items())
        rows.append(Text(f"{' ' * INDENT}{pen.dots} and {said}", "dim"))
    return rows


def _name(listed: Listed) -> str:
    return one_line(listed.item["title"]) or one_line(listed.key)


def _item(listed: Listed, pen: Pen, width: int) -> Text:
    item, sign = listed.item, ENTRY[listed.item["status"]]
    depth = 2 * min(listed.depth, 4)
    indent = INDENT + depth
    name = Text(_name(listed), "dim" if item["status"] == "planned" else "")
    cells = [(Text(*pen.icon(sign)), 1), (name, max(8, width - depth))]
    if item["status"] == "failed":
        return pen.columns(cells, Text(one_line((item["error"] or {}).get("message")), "red"), indent=indent)
    progress = item["progress"] if item["status"] == "running" else None
    if progress is None:
        return pen.columns(cells, indent=indent)
    if progress["total"]:
        cells.append((pen.bar(10, progress["done"] / progress["total"]), 10))
    said = [done_of(progress["done"], progress["total"]), one_line(progress["message"])]
    return pen.columns(cells, Text("  ".join(filter(None, said)), "dim"), indent=indent)


# -- text, notes, questions, errors


def _words(picture: Picture, pen: Pen, room: int) -> list[Text]:
    state = picture.state
    rows = [*_asks(state, pen), *_notes(state, pen), *_errors(state, pen)][: max(0, room)]
    return [*_output(state, pen, room - len(rows)), *rows]


def _output(state: State, pen: Pen, room: int) -> list[Text]:
    """The end of the text that is being written, else of the last one written."""
    outputs = [(key, output) for key, output in state["outputs"].items() if output["text"]]
    if not outputs or room < 2:
        return []
    writing = [entry for entry in outputs if not entry[1]["finished"]]
    key, output = max(writing or outputs, key=lambda entry: entry[1]["seq"])
    margin = "│ " if pen.unicode else "| "
    lines = pen.wrap(clean(output["text"]), pen.width - INDENT - len(margin), min(room - 1, TEXT_MAX))
    name = pen.row(Text(one_line(key), "bold"), indent=INDENT)
    return [name, *(Text.assemble(" " * INDENT, (margin, "dim"), line) for line in lines)]


def _asks(state: State, pen: Pen) -> list[Text]:
    return [
        pen.row(
            Text.assemble(("? ", "yellow"), one_line(ask["prompt"]), (f"  ({one_line(key)})", "dim")), indent=INDENT
        )
        for key, ask in state["asks"].items()
    ]


def _notes(state: State, pen: Pen) -> list[Text]:
    notes = state["notes"][-NOTES_SHOWN:]
    return [
        pen.row(Text.assemble(("i ", "blue"), _titled(note["title"]), one_line(note["body"])), indent=INDENT)
        for note in notes
    ]


def _titled(title: str | None) -> tuple[str, str]:
    return (f"{one_line(title)}: ", "bold") if title else ("", "")


def _errors(state: State, pen: Pen) -> list[Text]:
    rows = []
    for error in state["errors"][-NOTES_SHOWN:]:
        style = "yellow" if error["severity"] in ("info", "warning") else "red"
        rows.append(pen.row(Text.assemble(("! ", style), one_line(error["message"])), indent=INDENT))
    return rows


# -- how it ended


def closing(state: State, pen: Pen) -> list[Text]:
    """Return what is left to say of a run that has ended: what failed and why, what it gave, how it ended."""
    failed = _section(_failed_items(state, pen))
    result = _section(_result(state["result"], pen)) if state["result"] is not None else []
    return [*failed, *result, Text(), *_ending(state, pen)]


def _failed_items(state: State, pen: Pen) -> list[Text]:
    """Reasons in full: in the list of items they were cut."""
    failed = [(key, item) for key, item in state["items"].items() if item["status"] == "failed" and item["error"]]
    failed.sort(key=lambda entry: entry[1]["seq"])
    rows = [
        Text.assemble(
            pen.icon(ENTRY["failed"]), f" {_name(Listed(key, 0, item))}: ", (clean(item["error"]["message"]), "red")
        )
        for key, item in failed[:TEXT_MAX]
    ]
    if len(failed) > TEXT_MAX:
        rows.append(Text(f"{pen.dots} and {len(failed) - TEXT_MAX} more failed", "dim"))
    return rows


def _ending(state: State, pen: Pen) -> list[Text]:
    sign = STATUS[state["status"]]
    started, ended = seconds_of(state["started_at"]), seconds_of(state["finished_at"])
    took = f" after {clock(ended - started)}" if started is not None and ended is not None else ""
    row = Text.assemble(pen.icon(sign), " ", (f"{state['status']}{took}", f"bold {sign.style}"))
    error = state["error"]
    if error is None:
        return [row]
    row.append(f": {clean(error['message'])}", "red")
    row.append(f" ({one_line(error['code'])})", "dim")
    return [row, *([Text(clean(error["hint"]))] if error["hint"] else [])]


def _result(result: Any, pen: Pen) -> list[Text]:
    """Return the result in full, or its beginning in one row when it is long: it is JSON for programs."""
    text = result if isinstance(result, str) else orjson.dumps(result, option=orjson.OPT_INDENT_2).decode()
    lines = clean(text).split("\n")
    rows = [Text(line) for line in lines] if len(lines) <= TEXT_MAX else [pen.row(Text(one_line(text[:1_000])))]
    return [Text("result", "bold"), *rows]


# -- foot


def _foot(picture: Picture, pen: Pen) -> list[Text]:
    if picture.connection is None:
        return []
    trouble = trouble_of(picture.state["status"], picture.live)
    said = connection_text(picture.connection, picture.retry_at - pen.now, trouble, picture.well)
    roomy = picture.connection.state == "live" and not trouble and pen.width >= ROOMY
    rows = [Text(), pen.row(said, Text("Ctrl-C stops watching, not the run", "dim") if roomy else None)]
    if picture.notice:
        rows.insert(1, pen.row(Text.assemble(("notice ", "bold yellow"), picture.notice)))
    return rows


def connection_text(connection: Connection, left_s: float, trouble: str = "", well: str = "connected") -> Text:
    """Return how the connection stands, in words."""
    if connection.state == "waiting":
        when = f"in {round(left_s)} s" if left_s >= 0.5 else "now"
        return Text(f"reconnecting {when}: {one_line(connection.reason)}", "yellow")
    if connection.state == "connecting":
        return Text("connecting", "dim")
    if trouble:
        return Text(f"{well}, but {trouble}", "yellow")
    return Text(well if connection.transport == "sse" else f"{well}, polling", "green")
