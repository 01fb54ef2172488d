"""Listeners as a terminal shows them, and forgetting one."""

import asyncio
import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from headway.cli.commands import app
from headway.cli.listeners import show
from headway.core.clock import format_ms
from headway.engines.behind import Behind
from headway.engines.listener import role_of
from headway.stores.base import ListenerRow
from tests.stores.builders import end, running

NOW = 1_800_000_000.0
AT = [format_ms(int((NOW - ago_s) * 1000)) for ago_s in (0, 40, 7_200)]


async def invoke(*arguments: str, **variables: str) -> Result:
    """Run the command where it has no event loop around it."""
    env = {"HEADWAY_STORE": None, "COLUMNS": "100", **variables}
    return await asyncio.to_thread(CliRunner().invoke, app, ["listeners", *arguments], env=env)


@pytest.fixture
async def two(sqlite, tmp_path):
    """One that keeps up, and one that was told nothing; and the run it was not told of."""
    await sqlite.add_listener("billing", from_beginning=True)
    await sqlite.add_listener("old mail", from_beginning=True)
    run = await end(sqlite, await running(sqlite))
    await sqlite.move_listener("billing", run.finished_at, told=True)
    return str(tmp_path / "headway.db"), run


async def test_how_far_each_was_told(two):
    """For people and for programs."""
    path, run = two
    told = await invoke("--store", path)
    assert told.exit_code == 0, told.output
    header, billing, mail = (line.split() for line in told.output.splitlines())
    assert header == ["listener", "told", "until", "last", "told", "behind", "since", "the", "end", "of"]
    assert (billing[0], run.id in billing) == ("billing", False)
    assert (mail[:4], mail[-1]) == (["old", "mail", "never", "never"], run.id)
    content = json.loads((await invoke("--json", HEADWAY_STORE=path)).stdout)
    assert [each["name"] for each in content] == ["billing", "old mail"]
    assert content[0] == content[0] | {"told_until": run.finished_at, "lag_s": 0, "oldest_run": None}
    assert content[0]["told_at"] >= run.finished_at
    assert content[1] == content[1] | {"since": None, "told_until": None, "told_at": None, "oldest_run": run.id}
    assert content[1]["lag_s"] >= 0


@pytest.mark.parametrize("store_first", [True, False])
async def test_one_is_forgotten(two, sqlite, store_first):
    """Wherever the store is named; what is not there any more cannot be forgotten again."""
    path, _ = two
    arguments = ["--store", path, "forget", "old mail"] if store_first else ["forget", "old mail", "--store", path]
    done = await invoke(*arguments)
    assert (done.exit_code, done.stderr) == (0, "old mail is forgotten.\n")
    assert [row.name for row in await sqlite.listeners()] == ["billing"]
    again = await invoke(*arguments)
    assert again.exit_code == 2
    assert "there is no listener 'old mail'" in again.stderr


async def test_one_that_is_told_is_not_forgotten(two, sqlite):
    """While its process is there."""
    path, _ = two
    worker = await sqlite.join()
    await sqlite.lead(role_of("billing"), worker)

    async def ask() -> None:
        while True:
            await sqlite.lead(role_of("billing"), worker)
            await asyncio.sleep(0.02)

    asking = asyncio.create_task(ask())
    refused = await invoke("forget", "billing", "--store", path)
    asking.cancel()
    assert refused.exit_code == 2
    assert "listener 'billing' is told by a process that runs" in refused.stderr
    assert "take its function out of the code" in refused.stderr
    assert [row.name for row in await sqlite.listeners()] == ["billing", "old mail"]


async def test_wrong_usage(folder):
    """Is 2, and makes no file."""
    for arguments in (["--store", "no.db"], ["forget", "mail", "--store", "no.db"], ["forget"]):
        result = await invoke(*arguments)
        assert result.exit_code == 2
    assert not list(folder.iterdir())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits(width):
    """A long name gives way; what is in it cannot command the terminal."""
    written = io.StringIO()
    found = [
        Behind(ListenerRow("billing", "", AT[0], AT[1]), None),
        Behind(ListenerRow("mail \x1b[2J北京" * 9, "", AT[2], ""), None),
    ]
    show(found, Console(file=written, width=width), NOW)
    lines = written.getvalue().splitlines()
    assert lines[1].split() == ["billing", "now", "40", "s", "ago"]
    assert lines[2].split()[-4:] == ["2", "h", "ago", "never"]
    assert len(lines) == 3
    assert "\x1b" not in written.getvalue()


def test_there_are_none():
    """And it is said."""
    written = io.StringIO()
    show([], Console(file=written))
    assert written.getvalue() == "There are no listeners on this store.\n"
