"""Reports that outlive an outage and their own process: servers and reporters that are killed, disks that are full."""

import asyncio
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headway.cli.commands import app
from headway.cli.doctor.spooling import spooling
from headway.client import Client, attach
from headway.client.leftovers import flush
from headway.client.sink import HttpSink
from headway.client.spool import REFUSED, Header, Spool, SpoolFile, SpoolFull
from headway.client.spooling import SpooledSink, send_next
from headway.core.events import NewEvent, new_event
from headway.errors import HeadwayError, InvalidEvent, RunClosed, StoreUnavailable
from headway.publish.publisher import Receipt
from tests.checkout import python_path
from tests.client.running import Running, Wire, wire
from tests.integration.servers import ServerProcess

REPORTER = Path(__file__).with_name("spool_reporter.py")


def note(text: str) -> NewEvent:
    """An event with a key."""
    return new_event("note", {"body": text}, key=f"note/{text}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports wait; nobody waits long when leaving."""
    monkeypatch.setenv("HEADWAY_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setattr("headway.client.spooling.LEAVE_S", 0.1)
    return tmp_path / "spool"


@pytest.fixture
async def network(server: Running) -> AsyncIterator[Wire]:
    """What breaks between reporter and server."""
    async with wire(server) as made:
        yield made


async def notes(client: Client, run_id: str) -> list[str]:
    """All notes of the log, in order."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = await client.events(run_id, after=after, limit=1000)
        found += [event["data"]["body"] for event in page["events"] if event["type"] == "note"]
        if not page["more"]:
            return found
        after = page["cursor"]


async def left_behind(client: Client, network: Wire, *bodies: str, end: bool = False) -> str:
    """A run whose reporter reported while the server was away, and left."""
    run_id: str = (await client.open("left"))["id"]
    async with attach(network.url, run_id) as run:
        await run.note("first")
        await run.flush()
        network.switch("closed")
        for body in bodies:
            await run.note(body)
            await run.flush()
        if end:
            await run.finish({"n": len(bodies)})
    network.switch("open")
    return run_id


# -- while the reporter lives


async def test_what_was_reported_meanwhile_comes_once_and_in_order(client, network, folder):
    """Nothing waits in memory: each flush returns while the server is away. Its answers were lost before, too."""
    run_id = (await client.open("x"))["id"]
    async with attach(network.url, run_id) as run:
        await run.note("0")
        await run.flush()
        network.switch("no answers")
        for number in range(1, 20):
            await run.note(str(number))
            await run.flush()
        network.switch("closed")
        for number in range(20, 40):
            await run.note(str(number))
            await run.flush()
        assert len(list(folder.iterdir())) == 1
        assert folder.stat().st_mode & 0o777 == 0o700
        network.switch("open")
        async with asyncio.timeout(20):
            while list(folder.iterdir()):
                await asyncio.sleep(0.01)
        await run.note("40")
        await run.finish()
    assert await notes(client, run_id) == [str(number) for number in range(41)]
    events = (await client.events(run_id))["events"]
    kept = [event for event in events if event["type"] == "note" and event["at"] is not None]
    assert len(kept) >= 30  # when it happened is told of what came late


async def test_a_server_that_is_killed_and_started_again(tmp_path, folder):
    """The reporter does not notice; nothing is lost or doubled."""
    async with ServerProcess(tmp_path) as server, Client(server.url) as client:
        run_id = (await client.open("x", lease_s=4))["id"]
        async with attach(server.url, run_id) as run:
            for number in range(60):
                await run.note(str(number))
                await run.flush()
                if number == 20:
                    server.kill()
                if number == 40:
                    await server.start()
            await run.finish({"n": 60})
        async with asyncio.timeout(30):
            while (await client.get(run_id))["status"] != "succeeded":
                async for _ in flush(Spool(folder), client):
                    pass
        assert await notes(client, run_id) == [str(number) for number in range(60)]


async def test_a_full_spool_makes_the_reporter_wait(client, network, folder, monkeypatch):
    """What did not fit goes out when the server is back; the order stays."""
    monkeypatch.setenv("HEADWAY_SPOOL_MAX_BYTES", "3000")
    run_id = (await client.open("x"))["id"]
    async with attach(network.url, run_id) as run:
        network.switch("closed")
        flushed = 0

        async def report() -> None:
            nonlocal flushed
            for number in range(40):
                await run.note(f"{number} {'x' * 100}")
                await run.flush()
                flushed += 1

        reporting = asyncio.create_task(report())
        async with asyncio.timeout(20):
            while sum(path.stat().st_size for path in folder.glob("*")) < 2_500:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert not reporting.done()
        assert 5 < flushed < 30
        assert sum(path.stat().st_size for path in folder.glob("*")) <= 3_000
        network.switch("open")
        await reporting
        await run.finish()
    assert [text.split()[0] for text in await notes(client, run_id)] == [str(number) for number in range(40)]


async def test_without_a_spool_it_waits_in_memory(client, network, folder, monkeypatch):
    """`off`, or `spool=False`, or a directory that cannot be made."""
    (folder.parent / "file").write_text("")
    for variable, given in (("off", True), (str(folder), False), (str(folder), folder.parent / "file" / "spool")):
        monkeypatch.setenv("HEADWAY_SPOOL", variable)
        run_id = (await client.open("x"))["id"]
        async with attach(network.url, run_id, spool=given) as run:
            network.switch("closed")
            await run.note("one")
            flushing = asyncio.create_task(run.flush())
            await asyncio.sleep(0.2)
            assert not flushing.done()
            network.switch("open")
            await flushing
        assert await notes(client, run_id) == ["one"]
    assert not folder.exists()


async def test_the_end_of_the_run_stops_a_reporter_that_was_cut_off(client, network, folder):
    """What it still said is put aside."""
    run_id = (await client.open("x"))["id"]

    async def work() -> None:
        async with attach(network.url, run_id) as run:
            network.switch("closed")
            await run.note("late")
            await run.flush()
            await client.append(run_id, None, [new_event("run.succeeded", {"result": 1})])
            network.switch("open")
            await asyncio.Event().wait()

    with pytest.raises(RunClosed):
        await work()
    (path,) = folder.iterdir()
    assert path.suffix == REFUSED
    assert b"late" in path.read_bytes()


async def test_a_batch_whose_reporter_is_cancelled_is_written_before_the_file_is_let_go(
    client, network, folder, monkeypatch
):
    """The thread that writes it goes on by itself."""
    writing, go_on, write = threading.Event(), threading.Event(), SpoolFile.write

    def slowly(file: SpoolFile, events: Any) -> None:
        writing.set()
        assert go_on.wait(30)
        write(file, events)

    monkeypatch.setattr(SpoolFile, "write", slowly)
    async with cut_off(client, network, folder) as sink:
        reporting = asyncio.create_task(sink.append([note("a")], None))
        await asyncio.to_thread(writing.wait, 30)
        reporting.cancel()
        await asyncio.wait([reporting])
        await sink.leave()
        go_on.set()
        async with taken(folder) as file:
            assert [line.events and line.events[0].key for line in file.lines()] == ["note/a"]


async def test_who_is_cancelled_while_leaving_lets_go_of_the_file(client, network, folder, monkeypatch):
    """Whoever comes next can send it while this process lives."""
    monkeypatch.setattr("headway.client.spooling.LEAVE_S", 60)
    async with cut_off(client, network, folder) as sink:
        await sink.append([note("a")], None)
        leaving = asyncio.create_task(sink.leave())
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        async with taken(folder):
            pass


async def test_an_answer_that_is_none_ends_nothing(client, network, folder):
    """It is logged, and what waits is sent again."""

    class Odd(HttpSink):
        odd = 1

        async def send(self, events: Any) -> Any:
            if network.mode == "open" and self.odd:
                self.odd -= 1
                raise KeyError("seq")
            return await super().send(events)

    async with cut_off(client, network, folder, Odd) as sink:
        await sink.append([note("a")], None)
        network.switch("open")
        async with asyncio.timeout(20):
            while list(folder.iterdir()):
                await asyncio.sleep(0.01)
        assert await notes(client, sink.run_id) == ["a"]


@asynccontextmanager
async def cut_off(
    client: Client, network: Wire, folder: Path, inner: type[HttpSink] = HttpSink
) -> AsyncIterator[SpooledSink]:
    """What a reporter writes to whose server is away."""
    run_id = (await client.open("x"))["id"]
    execution_id = (await client.get(run_id))["execution_id"]
    network.switch("closed")
    async with Client(network.url) as through:
        sink = SpooledSink(
            inner(through, run_id, execution_id), Spool(folder), Header(network.url, run_id, execution_id)
        )
        try:
            yield sink
        finally:
            await sink.leave()


@asynccontextmanager
async def taken(folder: Path) -> AsyncIterator[SpoolFile]:
    """The file that waits, as soon as its writer has let go of it."""
    (path,) = Spool(folder).files()
    async with asyncio.timeout(20):
        while (file := Spool(folder).take(path)) is None:
            await asyncio.sleep(0.01)
    with file:
        yield file


# -- when it has ended


async def test_the_next_who_attaches_sends_what_was_left_behind(client, network, folder):
    """Of its own run before it says anything, of others beside its work."""
    other = await left_behind(client, network, "o1", "o2", end=True)
    run_id = await left_behind(client, network, "1", "2")
    # what the first left may have been sent while the second was attached, before the network was gone
    assert any(path.name.startswith(run_id) for path in folder.iterdir())
    async with attach(network.url, run_id) as run:
        assert await notes(client, run_id) == ["first", "1", "2"]
        await run.note("3")
        async with asyncio.timeout(20):
            while list(folder.iterdir()):
                await asyncio.sleep(0.01)
    assert await notes(client, run_id) == ["first", "1", "2", "3"]
    state = await client.get(other)
    assert (state["status"], state["result"]) == ("succeeded", {"n": 2})


async def test_a_reporter_that_is_killed_loses_nothing_it_was_told_was_reported(tmp_path, folder):
    """`kill -9` of server and reporter; `headway flush` sends what waits, twice it doubles nothing."""
    server = ServerProcess(tmp_path)
    await server.start()
    async with Client(server.url) as client:
        run_id = (await client.open("x"))["id"]
        reporter = subprocess.Popen(
            [sys.executable, str(REPORTER), server.url, run_id],
            env={**os.environ, "PYTHONPATH": python_path()},
            stdout=subprocess.PIPE,
        )
        assert reporter.stdout is not None
        told: list[int] = []
        for line in reporter.stdout:
            told.append(int(line))
            if len(told) == 20:
                server.kill()
            if len(told) == 60:
                reporter.kill()
                break
        told += [int(line) for line in reporter.stdout.read().split()]
        reporter.stdout.close()
        reporter.wait()
        away = await invoke()
        assert (away.exit_code, "still waits" in away.output) == (1, True)
        await server.start()
        (path,) = folder.iterdir()
        content = path.read_bytes()
        sent = await invoke("--url", server.url)
        assert (sent.exit_code, sent.output) == (0, f"{run_id}: sent\n")
        path.write_bytes(content)  # as if the flush had died before it took the file away
        assert (await invoke()).exit_code == 0
        assert list(folder.iterdir()) == []
        assert "Nothing waits" in (await invoke()).output
        found = await notes(client, run_id)
        assert found[: len(told)] == [str(number) for number in told]
        assert len(found) <= len(told) + 1  # one may have been kept and not been told of
    server.kill()


async def invoke(*arguments: str) -> Any:
    """Run `headway flush`."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["flush", *arguments], env={"HEADWAY_URL": None})


async def test_a_flush_that_dies_in_the_middle_doubles_nothing(client, network, folder):
    """It is sent again from the beginning."""
    run_id = await left_behind(client, network, *(str(number) for number in range(30)))
    async with Client(network.url) as through:
        network.switch("no answers")
        waiting = [one async for one in flush(Spool(folder), through)]
        assert [one.is_waiting for one in waiting] == [True]
        assert network.lost
        network.switch("open")
        assert [one.error async for one in flush(Spool(folder), through)] == [None]
    assert await notes(client, run_id) == ["first", *(str(number) for number in range(30))]


async def test_what_comes_too_late_is_kept_and_named(client, network, folder):
    """The run has ended meanwhile; another has taken it over."""
    ended = await left_behind(client, network, "late")
    await client.append(ended, None, [new_event("run.succeeded", {"result": 1})])
    taken = await left_behind(client, network, "fenced")  # its attachment puts the other's aside, and says so to nobody
    await client.take_over(taken, take_over=True)
    async with Client(network.url) as through:
        codes = {one.run_id: one.error.code async for one in flush(Spool(folder), through) if one.error}
    assert codes[taken] == "execution_superseded"
    assert {path.suffix for path in folder.iterdir()} == {REFUSED}
    found = [finding for finding in spooling(Spool(folder)) if finding.about == "reports refused"]
    assert sorted(finding.text.split(":")[0] for finding in found) == sorted([
        f"1 of {ended} were not taken (run_closed)",
        f"1 of {taken} were not taken (execution_superseded)",
    ])  # fmt: skip


async def test_a_batch_the_server_does_not_take_holds_up_nobody(client, network, folder):
    """It is put aside, the others are written."""
    run_id = (await client.open("x"))["id"]
    execution_id = (await client.get(run_id))["execution_id"]
    with Spool(folder).begin(Header(network.url, run_id, execution_id), "me") as file:
        for event in (note("a"), NewEvent("note", b'{"wrong": 1}', "w"), note("b")):
            file.write([event])
    async with Client(network.url) as through:
        assert [one.is_waiting async for one in flush(Spool(folder), through)] == [False]
    assert await notes(client, run_id) == ["a", "b"]
    (path,) = folder.iterdir()
    assert (path.suffix, b"invalid_event" in path.read_bytes()) == (REFUSED, True)


async def test_what_was_put_aside_is_not_put_aside_again(folder):
    """The server goes away in the middle of finding out which batch it does not take."""
    answers: list[HeadwayError | None] = [
        *(InvalidEvent("wrong") for _ in range(2)),  # all at once; the first alone
        StoreUnavailable("away"),  # the second
        StoreUnavailable("away"),  # those that are left
        None,
    ]
    sent: list[list[str | None]] = []

    async def send(events: Sequence[NewEvent]) -> Receipt:
        sent.append([event.key for event in events])
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return Receipt(1, "1", "running", False)

    with Spool(folder).begin(Header("http://x", "run_1", "exe_1"), "me") as file:
        place = file.size
        for text in "abc":
            file.write([note(text)])
        while place < file.size:
            with suppress(StoreUnavailable):
                place = await send_next(file, place, send)
        aside = file.path.with_suffix(REFUSED).read_bytes()
    a, b, c = "note/a", "note/b", "note/c"
    assert sent == [[a, b, c], [a], [b], [b, c], [b, c]]
    assert len(aside.splitlines()) == 2  # whose they are, and the batch


async def test_without_the_right_to_it_waits(client, network, folder):
    """Other credentials may help."""

    class Denied(Client):
        async def append(self, *_args: Any, **_options: Any) -> Any:
            from headway.errors import Unauthenticated

            raise Unauthenticated("who are you?")

    await left_behind(client, network, "1")
    async with Denied(network.url) as through:
        assert [one.is_waiting async for one in flush(Spool(folder), through)] == [True]
    assert len(list(folder.iterdir())) == 1


# -- files


def test_a_torn_or_damaged_line_costs_only_itself(folder):
    """What was written whole before and after it is there."""
    spool = Spool(folder)
    with spool.begin(Header("http://x", "run_1", "exe_1"), "me") as file:
        file.write([note("a")])
        file.write([note("b")])
        path = file.path
    content = path.read_bytes()
    head, a, b = content.splitlines(keepends=True)
    cases: dict[bytes, list[str | None]] = {
        head + a + b[:20]: ["a"],
        head + a + b"\x00\xff garbage\n" + b: ["a", None, "b"],
        head + a[:-30] + b"\n" + b: [None, "b"],
        head[:-1]: [],
    }
    for damaged, expected in cases.items():
        path.write_bytes(damaged)
        taken = spool.take(path)
        assert taken is not None
        with taken:
            bodies = [line.events and line.events[0].key for line in taken.lines()]
            assert bodies == [None if body is None else f"note/{body}" for body in expected]
    path.write_bytes(b"\x00" * 10)
    taken = spool.take(path)
    assert taken is not None
    with taken:
        assert taken.header() is None


def test_a_full_disk_leaves_no_half_line(folder):
    """The batch was not reported; the next that fits is."""
    spool = Spool(folder)
    with spool.begin(Header("http://x", "run_1", "exe_1"), "me") as file:
        file.write([note("a")])
        with files_at_most(file.size + 50), pytest.raises(SpoolFull, match="File too large"):
            file.write([note("b" * 100)])
        file.write([note("c")])
        assert [line.events and line.events[0].key for line in file.lines()] == ["note/a", "note/c"]


@contextmanager
def files_at_most(size: int):
    """Let the system refuse to make files larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_file_of_a_living_reporter_is_left_alone(folder):
    """By others, also by a child that inherited it when its parent is gone."""
    spool = Spool(folder)
    file = spool.begin(Header("http://x", "run_1", "exe_1"), "me")
    assert spool.take(file.path) is None
    child = os.fork()
    if child == 0:
        time.sleep(30)
        os._exit(0)
    file.close()
    taken, tries = None, 0
    while taken is None and tries < 200:  # the child lets go as soon as it is there
        taken, tries = spool.take(file.path), tries + 1
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert taken is not None
    taken.remove()
    assert spool.take(file.path) is None


def test_a_new_file_that_somebody_looks_at_is_locked_all_the_same(folder):
    """It is empty for a moment, and taken for one that was left behind; its writer waits for its lock."""
    spool, path = Spool(folder), folder / "run_1-me.events"
    folder.mkdir()
    path.touch()
    looking = spool.take(path)
    assert looking is not None
    with ThreadPoolExecutor(1) as pool:
        beginning = pool.submit(spool.begin, Header("http://x", "run_1", "exe_1"), "me")
        wait([beginning], timeout=0.2)
        looking.close()
        file = beginning.result()
    with file:
        assert spool.take(path) is None


def test_who_gets_the_lock_knows_what_was_written_meanwhile(folder):
    """Else it would take a file away of which it has sent only a part."""
    spool, path = Spool(folder), folder / "run_1-me.events"
    folder.mkdir()
    path.touch()
    with SpoolFile(spool, path, os.open(path, os.O_RDWR)) as opened:
        with spool.begin(Header("http://x", "run_1", "exe_1"), "me") as file:
            file.write([note("a")])
        assert opened.lock()
        assert opened.size == path.stat().st_size > 0


def test_a_file_that_was_removed_is_not_mistaken_for_the_next_of_its_name(folder):
    """Its reporter was heard, and is cut off again: removing what was sent would remove what was not."""
    spool = Spool(folder)
    header = Header("http://x", "run_1", "exe_1")
    first = spool.begin(header, "me")
    with SpoolFile(spool, first.path, os.open(first.path, os.O_RDWR)) as opened:
        first.remove()
        with spool.begin(header, "me"):
            assert not opened.lock()


def test_where_it_is(tmp_path):
    """By the variable, the desktop's, or the home."""
    assert Spool.of_environment({"HEADWAY_SPOOL": "off"}) is None
    places = {
        "HEADWAY_SPOOL": tmp_path,
        "XDG_STATE_HOME": tmp_path / "headway/spool",
    }
    for variable, place in places.items():
        spool = Spool.of_environment({variable: str(tmp_path), "HEADWAY_SPOOL_MAX_BYTES": "5"})
        assert spool is not None
        assert (spool.folder, spool.max_bytes) == (place, 5)
    spool = Spool.of_environment({})
    assert spool is not None
    assert spool.folder == Path.home() / ".local/state/headway/spool"


def test_the_doctor_tells_what_was_left_behind(folder):
    """And that nothing was."""
    spool = Spool(folder)
    assert [finding.level.value for finding in spooling(None)] == ["ok"]
    assert [finding.level.value for finding in spooling(spool)] == ["ok"]
    with spool.begin(Header("http://x", "run_1", "exe_1"), "me") as file:
        file.write([note("a")])
        assert [finding.level.value for finding in spooling(spool)] == ["ok"]  # it is alive
    (finding,) = spooling(spool)
    assert (finding.level.value, finding.mend) == ("warn", "headway flush")
