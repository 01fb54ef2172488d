"""`headway watch`: line by line, on a terminal, and what it answers to scripts."""

import asyncio
import os
import re
import signal
import sys

import pytest
from typer.testing import CliRunner, Result

from headway.app import Headway
from headway.cli.commands import app
from headway.cli.locating import STORE_AWAY
from headway.client import Client
from headway.core.events import new_event
from tests.cli.terminals import on_terminal, piped
from tests.client.running import Running, running, wire
from tests.client.scripted import RUN, Log, control, opened, problem, scripted, stream, trip
from tests.stores.builders import end, note, report
from tests.stores.builders import running as running_run

FAILED = new_event("run.failed", {"error": {"code": "disk_full", "message": "the disk is full"}})


@pytest.fixture(scope="module")
def server():
    """A Headway with its runs in memory."""
    with running(Headway("memory://", worker="none")) as server:
        yield server


@pytest.fixture
async def client(server):
    """A client of it."""
    async with Client(server.url) as client:
        yield client


async def invoke(*arguments: str) -> Result:
    """Run the command where it has no event loop around it."""
    env = {"HEADWAY_URL": None}
    return await asyncio.to_thread(CliRunner().invoke, app, ["watch", *arguments], env=env)


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (new_event("run.succeeded", {"result": 1}), 0, "succeeded after 0:00"),
        (new_event("run.partial", {"result": 1}), 3, "partial after 0:00"),
        (FAILED, 1, "failed after 0:00: the disk is full (disk_full)"),
        (new_event("run.cancelled", {}), 4, "cancelled after 0:00"),
    ],
)
async def test_the_exit_code_is_the_runs(client, server, end, code, said):
    """So that a script knows how it ended."""
    run_id = (await client.open("a trip", kind="trip"))["id"]
    await client.append(run_id, None, [end])
    result = await invoke(run_id, "--url", server.url)
    assert result.exit_code == code
    first, last = result.output.splitlines()
    assert first[20:].startswith(f"a trip (trip, {run_id}): ")
    assert re.sub(r", at [\d-]{10} [\d:]{8}", "", last[20:]) == said


async def test_any_stream_can_be_watched(client, server):
    """By its address; --url does not count then."""
    run_id = (await client.open("a trip"))["id"]
    await client.append(run_id, None, [FAILED])
    for address in (f"{server.url}/v1/runs/{run_id}", f"{server.url}/v1/runs/{run_id}/stream"):
        assert (await invoke(address)).exit_code == 1


async def test_what_cannot_be_watched(server):
    """An exit code of its own: no run has failed."""
    result = await invoke(RUN, "--url", server.url)
    assert result.exit_code == 5
    assert result.stderr.splitlines() == [f"error: there is no run '{RUN}' (run_not_found)"]
    result = await invoke("ftp://host/run", "--url", server.url)
    assert result.exit_code == 2
    assert "no address of a run" in result.stderr


async def test_a_server_that_was_never_there(monkeypatch):
    """Is given up soon, with what to do about it."""
    monkeypatch.setattr("headway.cli.watching.FIRST_CONTACT_S", 0.3)
    result = await invoke(RUN, "--url", "http://127.0.0.1:9")
    assert result.exit_code == 5
    assert result.stderr.splitlines() == [
        "error: http://127.0.0.1:9: the server cannot be reached (store_unavailable)",
        "hint: start one with `headway serve`, or say where it is with --url or HEADWAY_URL",
    ]
    assert result.stdout == ""


async def test_a_server_without_its_store(monkeypatch):
    """Is there: what is told is about the store behind it, by `runs` and by `watch`."""
    monkeypatch.setattr("headway.cli.watching.FIRST_CONTACT_S", 2.0)
    away = problem("503 Service Unavailable", "store_unavailable", detail="postgres on db: the server is away")
    async with scripted(lambda request, n: away) as server:
        for arguments in (("watch", RUN), ("runs",)):
            result = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--url", server.url])
            assert result.exit_code != 0
            assert "postgres on db: the server is away (store_unavailable)" in result.stderr
            assert result.stderr.splitlines()[-1] == f"hint: {STORE_AWAY}"


async def test_in_a_pipe_it_is_lines(client, server):
    """As they come, not when it ends."""
    run_id = (await client.open("a trip", phases={"plan": 1}))["id"]
    async with piped("watch", run_id, HEADWAY_URL=server.url) as command:
        await command.until("running")
        await client.append(run_id, None, [new_event("phase.started", {"id": "plan", "total": 4})])
        await command.until("Plan: started")
        await client.append(run_id, None, [new_event("note", {"body": "half way"})])
        await command.until("note: half way")
        await client.append(run_id, None, [new_event("run.succeeded", {})])
        assert await command.ended() == 0
    assert "\x1b" not in command.output
    assert "succeeded after" in command.output.splitlines()[-1]


async def test_it_survives_a_server_that_is_away(client, server):
    """It says so, comes back, and misses nothing."""
    run_id = (await client.open("a trip"))["id"]
    async with wire(server) as network, piped("watch", run_id, "--url", network.url) as command:
        await command.until("running")
        network.switch("closed")
        await client.append(run_id, None, [new_event("note", {"body": f"note {n}"}) for n in range(5)])
        await command.until("reconnecting")
        network.switch("open")
        await command.until("note 4")
        await client.append(run_id, None, [FAILED])
        assert await command.ended() == 1
    assert "connected again" in command.output
    assert [f"note {n}" in command.output for n in range(5)] == [True] * 5


async def test_a_reader_that_leaves_is_no_error():
    """`headway watch … | head -1`."""
    log = trip()
    answer = stream(opened(), log.snapshot(3), *log.frames(3), log.end())
    async with scripted(lambda request, n: answer) as scripted_server:
        process = await asyncio.create_subprocess_shell(
            f"{sys.executable} -m headway watch {scripted_server.url}/v1/runs/{RUN} | head -1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
    assert len(output.splitlines()) == 1
    assert b"Traceback" not in errors


# -- without a server


async def test_a_store_is_watched_without_a_server(sqlite, tmp_path):
    """As lines, while this process goes on writing; the exit code is the run's."""
    run = await running_run(sqlite)
    async with piped("watch", run.id, "--store", str(tmp_path / "headway.db")) as command:
        await command.until("running")
        await report(sqlite, run, note("half way"))
        await command.until("note: half way")
        await end(sqlite, run, FAILED)
        assert await command.ended() == 1
    assert re.search(r"failed after \d:\d\d: the disk is full \(disk_full\)", command.output)


async def test_a_store_is_watched_on_a_terminal(sqlite, tmp_path):
    """The picture says where it comes from, and Ctrl-C how to watch on."""
    run = await running_run(sqlite)
    store = f"sqlite:///{tmp_path / 'headway.db'}"
    async with on_terminal("watch", run.id, "--store", store) as (command, keys):
        await command.until("following headway.db")
        os.write(keys, b"\x03")
        assert await command.ended() == 130
    assert f"headway watch {run.id} --store {store}" in screen_of(command.output).replace("\n", "")


async def test_a_store_that_cannot_be_watched(sqlite, tmp_path):
    """Wrong usage is 2; a run that is not there 5."""
    store = str(tmp_path / "headway.db")
    for arguments, code, said in (
        ((RUN, "--store", store), 5, "there is no run"),
        ((RUN, "--store", str(tmp_path / "no.db")), 2, "there is no file"),
        (("http://127.0.0.1:9/v1/runs/x", "--store", store), 2, "name the run by its id"),
    ):
        result = await invoke(*arguments)
        assert (result.exit_code, said in result.stderr) == (code, True), result.output


# -- on a terminal


def screen_of(output: str) -> str:
    """What is on the terminal, without what moves and colours it."""
    moved = re.sub(r"\x1b\[[0-9]*[AK]", "\n", output)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", moved).replace("\r", "")


async def test_on_a_terminal_it_is_a_picture(client, server):
    """It moves on with the run, leaves the end behind, and the cursor as it was."""
    run_id = (await client.open("Ein Ausflug 🏔", kind="trip", phases={"plan": 1}))["id"]
    async with on_terminal("watch", run_id, "--url", server.url) as (command, _):
        await command.until("connected")
        events = [("phase.started", {"id": "plan", "total": 4})]
        events += [("phase.progressed", {"id": "plan", "done": 2, "total": 4, "message": "half way"})]
        await client.append(run_id, None, [new_event(*event) for event in events])
        await command.until(lambda output: "50 %" in output and "half way" in screen_of(output))
        await client.append(run_id, None, [FAILED])
        assert await command.ended() == 1
    assert "\x1b[?25l" in command.output, "the cursor was hidden"
    assert command.output.rindex("\x1b[?25h") > command.output.rindex("\x1b[?25l"), "and is there again"
    last = screen_of(command.output[command.output.rindex("\x1b[?25h") :])
    lines = [line.rstrip() for line in last.splitlines() if line.strip()]
    assert lines[0].split()[:4] == ["✗", "Ein", "Ausflug", "🏔"]
    assert re.fullmatch(r"✗ failed after \d:\d\d: the disk is full \(disk_full\)", lines[-1])
    assert "\x1b[31m" in command.output


async def test_no_colour_where_none_is_wanted(client, server):
    """Signs and words say as much."""
    run_id = (await client.open("a trip"))["id"]
    await client.append(run_id, None, [FAILED])
    async with on_terminal("watch", run_id, "--url", server.url, NO_COLOR="1") as (command, _):
        assert await command.ended() == 1
    assert not re.search(r"\x1b\[[0-9;]*3[0-7][;m]", command.output)
    assert "✗ failed" in screen_of(command.output)


async def test_ctrl_c_stops_watching_and_nothing_else(client, server):
    """It says that the run goes on, and how to watch on."""
    run_id = (await client.open("a trip"))["id"]
    async with on_terminal("watch", run_id, "--url", server.url) as (command, keyboard):
        await command.until("connected")
        os.write(keyboard, b"\x03")
        assert await command.ended() == 130
    assert f"watch on: headway watch {run_id} --url {server.url}" in screen_of(command.output)
    assert "Traceback" not in command.output
    assert command.output.rindex("\x1b[?25h") > command.output.rindex("\x1b[?25l")
    state = await client.get(run_id)
    assert (state["status"], state["cancel_requested_at"]) == ("running", None)


async def test_sigterm_leaves_the_terminal_as_it_was(client, server):
    """The cursor is there again."""
    run_id = (await client.open("a trip"))["id"]
    async with on_terminal("watch", run_id, "--url", server.url) as (command, _):
        await command.until("connected")
        command.process.send_signal(signal.SIGTERM)
        assert await command.ended() == 143
    assert command.output.rindex("\x1b[?25h") > command.output.rindex("\x1b[?25l")


async def test_the_picture_says_how_it_is_connected(client, server: Running):
    """Counting down to the next try."""
    run_id = (await client.open("a trip"))["id"]
    async with wire(server) as network, on_terminal("watch", run_id, "--url", network.url) as (command, _):
        await command.until("connected")
        network.switch("closed")
        await command.until(lambda output: "reconnecting" in screen_of(output))
        before = len(command.output)
        network.switch("open")
        await command.until(lambda output: "connected  " in screen_of(output[before:]))
        await client.append(run_id, None, [new_event("run.succeeded", {})])
        assert await command.ended() == 0


async def test_an_operators_notice_is_shown():
    """Above the connection."""
    log = Log(events=trip().events[:4])
    notice = control("notice", text="we restart at noon")
    answer = stream(opened(), log.snapshot(), notice, then="stall")
    async with (
        scripted(lambda request, n: answer) as scripted_server,
        on_terminal("watch", f"{scripted_server.url}/v1/runs/{RUN}") as (command, _),
    ):
        await command.until(lambda output: "notice we restart at noon" in screen_of(output))


async def test_a_small_terminal(client, server):
    """No row wraps: every picture replaces the one before."""
    run_id = (await client.open("a title that is much too long for a terminal of forty columns"))["id"]
    items = [new_event("item.planned", {"key": f"k{n}", "kind": "k", "title": f"item {n} " * 9}) for n in range(50)]
    await client.append(run_id, None, items)
    async with on_terminal("watch", run_id, "--url", server.url, columns=40, rows=12) as (command, _):
        await command.until("connected")
        picture = screen_of(command.output).splitlines()
        assert all(len(line) <= 40 for line in picture), [line for line in picture if len(line) > 40]
        await client.append(run_id, None, [new_event("run.succeeded", {})])
        assert await command.ended() == 0
