"""PROTOCOL.md is whole: every rule names tests that exist, and its tables are what the code has and sends."""

import ast
import functools
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from headway.core import limits
from headway.core.events import CONTROL_TYPES, FAMILIES, PAYLOADS, REPORTED_TYPES, new_event
from headway.core.run import RunStatus
from headway.core.shapes import Envelope
from headway.core.sse import Frame
from headway.gateways.queries import WAIT_MAX_S
from headway.gateways.sse import DONE_WITHIN_MS, IDLE_FACTOR, LIST_MAX
from headway.hub import HubSettings
from headway.hub.subscription import Reset
from headway.stores.base import Requeue, Write
from tests.serving import FAILED, SUCCEEDED, Server, delta, note, serving
from tests.wire import Stream

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "PROTOCOL.md").read_text(encoding="utf-8")
RULE = re.compile(r"^\*\*(\d+)\.(\d+)\*\* (.*?)(?=^\*\*\d+\.\d+\*\* |^## |\Z)", re.MULTILINE | re.DOTALL)
RULES = {f"{section}.{number}": body for section, number, body in RULE.findall(TEXT)}
REFERENCE = re.compile(r"`([\w./-]+)::([^`]+)`")


def section(number: int) -> str:
    """A section without its head."""
    return re.split(r"^## ", TEXT, flags=re.MULTILINE)[number].partition("\n")[2]


def table(text: str, head: str) -> list[list[str]]:
    """Cells of the table under a head."""
    lines = text.partition(f"\n{head}\n")[2].splitlines()[1:]
    rows = lines[: next((n for n, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


# -- what tests it


@functools.cache
def names_of(path: Path) -> set[str]:
    """Names of the tests of a Python file."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, functions)}


def exists(place: str, name: str) -> bool:
    """Whether a reference leads somewhere."""
    python = ROOT / "tests" / f"{place}.py"
    cases = ROOT / "conformance" / f"{place}.json"
    room, _, file = place.partition("/")
    typescript = ROOT / "packages" / room / "test" / f"{file}.test.ts"
    if python.is_file():
        return name in names_of(python)
    if cases.is_file():
        return name in {case["name"] for case in json.loads(cases.read_text(encoding="utf-8"))}
    called = rf"""(test|describe)(\.each\(\w+\))?\((["'`])[^\n]*{re.escape(name)}"""
    return typescript.is_file() and re.search(called, typescript.read_text(encoding="utf-8")) is not None


@pytest.mark.parametrize("number", RULES)
def test_every_rule_is_tested(number: str) -> None:
    """By tests and cases that are there."""
    references = REFERENCE.findall(RULES[number])
    assert references, f"{number} names no test"
    assert [f"{place}::{name}" for place, name in references if not exists(place, name)] == []


def test_rules_are_numbered_without_a_gap() -> None:
    """Each in the section it says."""
    for number, part in enumerate(re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:], 1):
        assert part.startswith(f"{number}. ")
        found = re.findall(r"^\*\*(\d+)\.(\d+)\*\*", part, flags=re.MULTILINE)
        assert found == [(str(number), str(place)) for place in range(1, len(found) + 1)]


# -- what the code has


def test_codes_are_those_of_the_list() -> None:
    """All of them, in its order, each as it is listed there."""
    rows = yaml.safe_load((ROOT / "conformance/errors.yaml").read_text(encoding="utf-8"))
    listed = [
        [f"`{row['code']}`", row["kind"], str(row.get("status", "")), "yes" if row["retryable"] else "no", row["title"]]
        for row in rows
    ]
    assert table(section(13), "| code | kind | status | again | title |") == listed


def test_the_envelope_has_the_keys_listed() -> None:
    """In this order."""
    listed = re.search(r"The envelope is `\{(.+?)\}`", RULES["2.3"])
    assert listed is not None
    assert listed[1].split(", ") == list(Envelope.model_fields)


def test_numbers_are_those_of_the_code() -> None:
    """Written as people read them."""
    hub = HubSettings()
    numbers: dict[str, list[int | str]] = {
        "3.8": [limits.OUTPUT_TEXT_MAX, limits.ALL_TEXT_MAX, limits.NOTES_MAX, limits.ERRORS_MAX, limits.EXECUTIONS_MAX,
                limits.PHASES_MAX, limits.ITEMS_MAX, limits.OUTPUTS_MAX, limits.CUSTOM_MAX],
        "5.5": [f"{hub.tail_min // 1024} KiB"],
        "6.9": [f"{hub.live_s} seconds"],
        "7.4": [f"{DONE_WITHIN_MS // 1000} seconds", f"{IDLE_FACTOR} times"],
        "8.1": [f"{hub.budget // 1024} KiB"],
        "8.2": [f"{hub.reset_s} seconds"],
        "8.4": [f"{hub.stall_s} seconds"],
        "9.1": [limits.STREAM_RUNS_MAX],
        "9.5": [LIST_MAX],
        "10.2": [f"{WAIT_MAX_S:g}"],
        "11.4": [limits.BATCH_EVENTS_MAX, limits.EVENT_BYTES_MAX, limits.BODY_BYTES_MAX, limits.DEPTH_MAX,
                 limits.NAME_MAX],
    }  # fmt: skip
    for rule, values in numbers.items():
        told = [f"{value:,}" if isinstance(value, int) else value for value in values]
        assert [value for value in told if value not in RULES[rule]] == [], rule


def test_closed_lists_are_those_of_the_code() -> None:
    """Families, reasons, and what may be reported."""
    rows = {row[0]: row[1] for row in table(section(5), "| parameter | values | |")}
    assert tuple(re.findall(r"`(\w+)`", rows["`types`"])) == FAMILIES
    reasons = {reason.value for reason in Reset if reason is not Reset.JOIN}
    assert reasons == {"behind", "trimmed", "lagged", "ahead", "gone"}
    assert [reason for reason in reasons if f"`{reason}`" not in section(7)] == []
    listed = re.findall(r"`([\w.*]+)`", RULES["11.3"].partition(". Another")[0])
    told = {type for type in PAYLOADS for name in listed if name in (type, type.partition(".")[0] + ".*")}
    assert told == REPORTED_TYPES
    assert not told & CONTROL_TYPES


# -- what the server sends

FRAMES = {row[0].strip("`"): row[2] for row in table(section(6), "| frame | id | data |")}
IDS = {row[0].strip("`"): row[1] == "yes" for row in table(section(6), "| frame | id | data |")}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server that pings often."""
    with serving(settings=HubSettings(ping_s=0.1)) as server:
        yield server
        await Stream.close_all()


def fields(name: str) -> set[str]:
    """Fields a frame of one run is said to have."""
    return set(re.findall(r"`(\w+)`", FRAMES[name].partition(";")[0]))


def check(frame: Frame | None, name: str, *more: str, cursor: str = "") -> dict[str, Any]:
    """Insist that a frame is as the table says; return its data."""
    assert frame is not None
    assert frame.event == name
    data: dict[str, Any] = orjson.loads(frame.data)
    assert data.keys() == fields(name) | set(more)
    if IDS[name]:
        assert frame.id == cursor
    return data


async def test_frames_have_the_fields_listed(server: Server) -> None:
    """Every kind of frame, from a real server; those with an id move the reader, the others do not."""
    run = await server.run(note())
    path = f"/v1/runs/{run.id}/stream"
    stream = await Stream.open(server.port, path)
    stream.pings = True
    opened, snapshot, ping = await stream.until("ping")
    assert set(check(opened, "open")["live"]) == fields("live")
    assert (snapshot.event, snapshot.id) == ("snapshot", str(run.cursor))
    check(ping, "ping")
    assert ping.id == str(run.cursor), "it has none of its own"
    await server.do(lambda: server.hub.notice({"text": "we restart at ten"}))
    (notice,) = [frame for frame in await stream.until("notice") if frame.event == "notice"]
    assert (notice.id, orjson.loads(notice.data)) == (str(run.cursor), {"text": "we restart at ten"})
    start = str(run.cursor)
    for _ in range(4):
        run = await server.append(run, *(delta("abc") for _ in range(100)))
    behind = await Stream.open(server.port, path, {"Last-Event-ID": start})
    reset = (await behind.until("snapshot"))[1]
    check(reset, "reset")
    flat = await Stream.open(server.port, path + "?view=progress")
    check((await flat.until("progress"))[-1], "progress", cursor=str(run.cursor))
    run = await server.append(run, SUCCEEDED)
    event, end = (await stream.rest())[-2:]
    assert (event.event, event.id) == ("run.succeeded", str(run.cursor))
    assert orjson.loads(event.data).keys() == Envelope.model_fields.keys()
    check(end, "end")
    await server.call(server.hub.off, "sse")
    check(await (await Stream.open(server.port, path)).next(), "end", "use")


async def test_frames_of_several_runs_name_theirs(server: Server) -> None:
    """Beside their usual fields."""
    first, second = await server.run(), await server.run()
    stream = await Stream.open(server.port, f"/v1/stream?run={first.id}&run={second.id}&run=run_nowhere")
    stream.pings = True
    frames = await stream.until("ping")
    opened = check(frames[0], "open", "runs")
    assert [opened[name] for name in ("run_id", "execution_id", "head", "live")] == [None] * 4
    assert {frozenset(one) for one in opened["runs"]} == {frozenset({"run_id", "execution_id", "head", "live"})}
    check(next(frame for frame in frames if frame.event == "reset"), "reset", "run_id")
    check(frames[-1], "ping", "run_id")
    await server.append(first, SUCCEEDED)
    end = (await stream.until("end"))[-1]
    check(end, "end", "run_id")
    assert end.id.startswith(first.id), "the frame before it"


async def test_frames_of_the_list_have_the_fields_listed(server: Server) -> None:
    """A page, then what changed."""
    listed = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`:", row[1])) for row in table(RULES["9.5"], "| frame | data |")
    }
    run = await server.run()
    stream = await Stream.open(server.port, "/v1/runs/stream")
    stream.pings = True
    opened = check(await stream.next(), "open")
    assert [opened[name] for name in ("run_id", "execution_id", "head", "live")] == [None] * 4
    seen = {frame.event: set(orjson.loads(frame.data)) for frame in await stream.until("ping")}
    await server.append(run, note())
    seen |= {frame.event: set(orjson.loads(frame.data)) for frame in await stream.until("runs")}
    assert seen == {name: names for name, names in listed.items() if name != "open"}


async def test_who_comes_back_to_a_reopened_run_gets_what_follows(server: Server) -> None:
    """Its cursor is as good as ever: it is the same log."""
    run = await server.run(FAILED)
    cursor = str(run.cursor)
    again = [new_event("run.reopened", {}), new_event("run.queued", {"attempt": 2, "reason": "reopened"})]
    write = Write(again, statuses=(RunStatus.FAILED,), requeue=Requeue("exe_2"))
    await server.do(lambda: server.app.store.append(run.id, write))
    stream = await Stream.open(server.port, f"/v1/runs/{run.id}/stream", {"Last-Event-ID": cursor})
    frames = [await stream.next() for _ in range(3)]
    assert [frame and frame.event for frame in frames] == ["open", "run.reopened", "run.queued"]
