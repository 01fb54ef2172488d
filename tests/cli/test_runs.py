"""The table of runs, from a server and from a store."""

import asyncio
import io
import json
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner, Result

from headway.app import Headway
from headway.cli.commands import app
from headway.cli.runs import show
from headway.client import Client
from headway.core.clock import parse_ms
from headway.core.events import new_event
from tests.client.running import running

NOW = (parse_ms("2026-11-21T12:00:00.000Z") or 0) / 1000


def run(n: int, status: str = "running", **more: Any) -> dict[str, Any]:
    """A run as a list gives it."""
    return {
        "id": f"run_{n:032x}",
        "job": "itinerary",
        "title": "A trip to Zürich and 北京",
        "status": status,
        "percent": 40.5,
        "created_at": "2026-11-21T11:00:00.000Z",
        "started_at": "2026-11-21T11:59:00.000Z",
        "finished_at": None,
        "cancel_requested": False,
        **more,
    }


def shown(runs: list[dict[str, Any]], width: int) -> list[str]:
    """The table's lines."""
    console = Console(file=io.StringIO(), width=width)
    show(runs, console, NOW)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_a_wide_table():
    """Everything there is to know."""
    header, line = shown([run(1)], 130)
    assert header.split() == ["run", "job", "title", "status", "done", "age", "took"]
    assert line.split()[:2] == [f"run_{1:032x}", "itinerary"]
    assert line.split()[-7:] == ["●", "running", "40", "%", "60", "min", "1:00"]


@pytest.mark.parametrize("width", [72, 80, 100, 119])
def test_a_narrow_table(width):
    """The title gives way, the id never: it is what one copies."""
    lines = shown([run(1), run(2, "succeeded", title="x" * 300)], width)
    assert lines[0].split() == ["run", "title", "status", "done", "age"]
    assert all(f"run_{n:032x}" in lines[n] for n in (1, 2))
    assert all(cell_len(line) <= width for line in lines)


def test_statuses():
    """A sign and a word for each; one that is asked to stop says so."""
    lines = shown(
        [
            run(1, "queued", started_at=None, percent=None),
            run(2, cancel_requested=True),
            run(3, "failed", finished_at="2026-11-21T11:59:30.000Z", cancel_requested=True),
            run(4, "partial"),
            run(5, "cancelled"),
            run(6, "waiting"),
            run(7, "succeeded", percent=100),
        ],
        130,
    )
    for line, said in zip(
        lines[1:],
        ["◌ queued", "● stopping", "✗ failed", "◑ partial", "⊘ cancelled", "◐ waiting", "✓ succeeded"],
        strict=True,
    ):
        assert said in line
    assert lines[1].split()[-3:] == ["-", "60", "min"]
    assert lines[3].endswith("0:30")


def test_no_runs():
    """Said, not an empty table."""
    assert shown([], 80) == ["There are no runs yet, or none like this."]


def test_titles_cannot_command_the_terminal():
    """Nor jobs."""
    lines = shown([run(1, title="\x1b[2Jevil\n", job="\x1b]0;x\x07j")], 130)
    assert len(lines) == 2
    assert "\x1b" not in lines[1]


@pytest.fixture
async def three(tmp_path):
    """A server with three runs in a file."""
    path = tmp_path / "runs.db"
    with running(Headway(str(path), worker="none"), prefix="/headway") as server:
        async with Client(server.url) as client:
            first = await client.open("first", kind="a")
            await client.append(first["id"], None, [new_event("run.failed", {"error": {"code": "c", "message": "m"}})])
            second = await client.open("second", kind="b")
            progress = {"id": "main", "done": 1, "total": 4}
            await client.append(second["id"], None, [new_event("phase.progressed", progress)])
            third = await client.open("third", kind="b")
        yield server, path, [handle["id"] for handle in (first, second, third)]


async def invoke(*arguments: str, **variables: str) -> Result:
    """Run the command where it has no event loop around it."""
    env = {"HEADWAY_URL": None, "COLUMNS": "120", **variables}
    return await asyncio.to_thread(CliRunner().invoke, app, ["runs", *arguments], env=env)


async def test_runs_of_a_server(three):
    """The newest first, with how far they are; found below the usual prefix; by option or by variable."""
    server, _, ids = three
    base = server.url.removesuffix("/headway")
    for asked in (invoke("--url", base), invoke("--url", server.url), invoke(HEADWAY_URL=base)):
        result = await asked
        assert result.exit_code == 0, result.output
        lines = result.output.splitlines()
        assert [line.split()[0] for line in lines[1:]] == ids[::-1]
        assert "25 %" in lines[2]
        assert "✗ failed" in lines[3]


async def test_runs_are_looked_for(three, monkeypatch):
    """By a server and in a store; what was not looked at is told."""
    server, path, ids = three
    for where in (("--url", server.url), ("--store", str(path))):
        for search, wanted in (("SEC b", [1]), (ids[0], [0]), (ids[2][-8:], [2]), ("sec", [1]), ("x", [])):
            result = await invoke(*where, "--json", "--search", search)
            assert [run["id"] for run in json.loads(result.stdout)] == [ids[n] for n in wanted], (search, result.output)
            assert result.stderr == ""
    monkeypatch.setattr("headway.stores.searching.LOOKED_AT_MAX", 2)
    monkeypatch.setattr("headway.stores.searching._PAGE", 1)
    for where in (("--url", server.url), ("--store", str(path))):
        result = await invoke(*where, "--search", "first")
        assert (ids[0] in result.stdout, result.stderr) == (True, "")
    monkeypatch.setattr("headway.cli.runs.SEARCHES_MAX", 1)
    for where in (("--url", server.url), ("--store", str(path))):
        result = await invoke(*where, "--search", "first")
        assert "none like this" in result.stdout
        assert "Older runs were not looked at" in result.stderr


async def test_runs_of_a_store(three):
    """The same, without asking the server."""
    server, path, _ = three
    asked = await invoke("--url", server.url)
    for store in (str(path), f"sqlite:///{path}"):
        read = await invoke("--store", store)
        assert read.exit_code == 0, read.output
        assert [line.split()[:4] for line in read.output.splitlines()] == [
            line.split()[:4] for line in asked.output.splitlines()
        ]


@pytest.mark.parametrize("where", ["--url", "--store"])
async def test_choosing(three, where):
    """By status, job and number."""
    server, path, (first, second, third) = three
    place = server.url if where == "--url" else str(path)

    async def ids(*arguments: str) -> list[str]:
        result = await invoke(where, place, "--json", *arguments)
        assert result.exit_code == 0, result.output
        return [found["id"] for found in json.loads(result.output)]

    assert await ids() == [third, second, first]
    assert await ids("--limit", "1") == [third]
    assert await ids("--job", "b") == [third, second]
    assert await ids("--status", "failed") == [first]
    assert await ids("--status", "failed", "--status", "running") == [third, second, first]
    assert await ids("--job", "nothing") == []


async def test_looking_makes_no_store(tmp_path):
    """A name misspelt is an error, not an empty store."""
    result = await invoke("--store", str(tmp_path / "no.db"))
    assert result.exit_code == 2
    assert "there is no file" in result.stderr
    assert not list(tmp_path.iterdir())
    result = await invoke("--store", "memory://")
    assert result.exit_code == 2
    assert "no other process can see memory://" in result.stderr


async def test_no_server():
    """What to do about it."""
    result = await invoke("--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "error: http://127.0.0.1:9: the server cannot be reached (store_unavailable)",
        "hint: start one with `headway serve`, or say where it is with --url or HEADWAY_URL",
    ]
