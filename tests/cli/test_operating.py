"""What an operator does from a terminal, against a real server."""

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any, Self

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner, Result

from headway.app import Headway
from headway.cli.commands import Importance, app
from headway.cli.operating import show
from headway.client import Client
from headway.core.clock import parse_ms
from headway.ops.connections import LEVELS
from tests.client.running import Running, running

NOW = (parse_ms("2026-11-21T12:00:00.000Z") or 0) / 1000


@pytest.fixture
def server() -> Iterator[Running]:
    """A server that keeps nothing."""
    with running(Headway("memory://", worker="none")) as server:
        yield server


async def invoke(server: Running, *arguments: str) -> Result:
    """Run a command where it has no event loop around it."""
    env = {"HEADWAY_URL": server.url, "HEADWAY_TOKEN": None, "COLUMNS": "100"}
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=env)


async def printed(server: Running, *arguments: str) -> str:
    """What a command prints when it goes well."""
    result = await invoke(server, *arguments)
    assert result.exit_code == 0, result.output
    return result.output


class Watcher:
    """Somebody who watches a run, until the end of the block."""

    def __init__(self, server: Running) -> None:
        self._client = Client(server.url)
        self.notices: list[Any] = []

    async def __aenter__(self) -> Self:
        run = await self._client.open("report", group="trips")
        self.run: str = run["id"]
        seen = asyncio.Event()

        async def watch() -> None:
            async for _ in self._client.watch(self.run, on_notice=self.notices.append):
                seen.set()

        self._task = asyncio.create_task(watch())
        async with asyncio.timeout(20):
            await seen.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._client.close()

    async def hears(self, count: int) -> Any:
        """Wait for so many notices; return the last."""
        async with asyncio.timeout(20):
            while len(self.notices) < count:
                await asyncio.sleep(0.01)
        return self.notices[-1]


async def test_who_watches(server: Running) -> None:
    """As a table and as JSON; one is closed, and its client is there again."""
    assert "Nobody watches" in await printed(server, "connections")
    async with Watcher(server) as watcher:
        lines = (await printed(server, "connections", "--run", watcher.run)).splitlines()
        assert lines[0].split()[:5] == ["connection", "by", "viewer", "watches", "sent"]
        (one,) = json.loads(await printed(server, "connections", "--json"))["connections"]
        assert lines[1].split()[:2] == [one["id"], "sse"]
        assert watcher.run[:30] in lines[1]
        assert "Nobody watches" in await printed(server, "connections", "--run", "run_other")
        assert one["id"] in (await invoke(server, "connections", "close", one["id"])).stderr
        gone = await invoke(server, "connections", "close", one["id"])
        assert gone.exit_code == 1
        assert "connection_not_found" in gone.stderr
        async with asyncio.timeout(20):
            while not (again := json.loads(await printed(server, "connections", "--json"))["connections"]):
                await asyncio.sleep(0.05)
        assert again[0]["id"] != one["id"]


async def test_a_notice_is_put_and_taken_away(server: Running) -> None:
    """Viewers are told of both."""
    async with Watcher(server) as watcher:
        text = await printed(server, "notice", "back at noon", "--level", "warning", "--for", "2h")
        assert "stands before viewers until 20" in text
        assert (await watcher.hears(1))["text"] == "back at noon"
        await printed(server, "notice", "for trips", "--group", "trips")
        await watcher.hears(2)
        first, second = (await printed(server, "notice")).splitlines()
        assert first.split()[1:5] == ["warning", "back", "at", "noon"]
        assert second.split()[1:] == ["info", "for", "trips", "to", "group", "trips"]
        assert len(json.loads(await printed(server, "notice", "--json"))) == 2
        await printed(server, "notice", "--end", first.split()[0])
        assert (await watcher.hears(3)) == {"id": first.split()[0], "over": True}
        await printed(server, "notice", "--end")
        assert (await watcher.hears(4)) == {"id": second.split()[0], "over": True}
    assert "No notice stands." in await printed(server, "notice")
    assert "No notice stands." in await printed(server, "notice", "--end")


async def test_words_said_once(server: Running) -> None:
    """How many heard them is told; nothing stands."""
    assert await printed(server, "notice", "hello", "--once") == "said to 0 viewers\n"
    async with Watcher(server) as watcher:
        assert await printed(server, "notice", "hello", "--once") == "said to 1 viewer\n"
        assert (await watcher.hears(1))["text"] == "hello"
    assert "No notice stands." in await printed(server, "notice")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["notice", "x", "--for", "long"], "no age"),
        (["notice", "x", "--for", "1h", "--once"], "--once"),
        (["transports", "--off", "telegraph"], "telegraph"),
        (["transports", "--off", "sse", "--on", "sse"], "cannot be on and off"),
        (["transports", "--off", "sse", "--reset"], "--reset"),
    ],
)
async def test_what_cannot_be_meant(server: Running, arguments: list[str], complaint: str) -> None:
    """One line says what is wrong, and nothing is done."""
    result = await invoke(server, *arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert "No notice stands." in await printed(server, "notice")
    assert "off" not in await printed(server, "transports")


async def test_transports_are_switched(server: Running) -> None:
    """And brought back."""
    assert (await printed(server, "transports")).split() == ["sse", "on", "poll", "on", "ingest", "on"]
    switched = (await printed(server, "transports", "--off", "sse", "--off", "ingest")).splitlines()
    assert [line.split() for line in switched[:3]] == [["sse", "off"], ["poll", "on"], ["ingest", "off"]]
    assert "--reset" in switched[3]
    assert json.loads(await printed(server, "transports", "--on", "sse", "--json"))["on"] == ["poll", "sse"]
    assert (await printed(server, "transports", "--reset")).split()[-1] == "on"


@pytest.mark.parametrize("width", [80, 100, 119, 140])
def test_a_table_fits_its_terminal(width: int) -> None:
    """Ids are whole, because they are copied; what is told by a client does nothing to the terminal."""
    one = {
        "id": "con_0123456789abcdef",
        "transport": "sse",
        "viewer": "ada\x1b[31m of a long name",
        "client": "python/0.1.0",
        "peer": "203.0.113.9",
        "watched": [f"run_{number:032x}" for number in range(3)],
        "opened_at": "2026-11-21T11:00:00.000Z",
        "sent_bytes": 123_456,
        "stalled": False,
    }
    found = {"connections": [one, {**one, "stalled": True}], "total": 1_002}
    reach = {"complete": False, "asked": 3, "answered": 2, "missing": ["wrk_1"]}
    console = Console(file=io.StringIO(), width=width)
    show({**found, **reach}, console, NOW)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    assert all(cell_len(line) <= width for line in lines)
    assert lines[1].startswith("con_0123456789abcdef")
    assert "\x1b" not in "".join(lines)
    assert ("stalled" in lines[1], "stalled" in lines[2]) == (False, True)
    assert lines[3] == "1,000 more"
    assert lines[4] == "1 of 3 processes did not answer in time; theirs are not in it"


def test_levels_are_those_of_the_server() -> None:
    """Choices are those that are taken."""
    assert {str(level) for level in Importance} == set(LEVELS)
