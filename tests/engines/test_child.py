"""The worker process of a server: kept alive, one per host, and never outliving the server."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from headway import Headway
from headway.core.clock import format_ms
from headway.engines import child as module
from headway.engines.child import Child, find
from headway.engines.commands import About, Commands
from headway.measures import ATTEMPT_SECONDS
from headway.stores.base import wall_ms
from headway.stores.projection import Projections
from headway.stores.sqlite import SqliteStore
from tests.engines import crashing

ROOT = Path(__file__).parents[2]


def children() -> list[int]:
    """Worker processes of this one, alive or not waited for."""
    out = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
            line = (place.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and (b"headway.worker" in line or fields[0] == "Z"):
            out.append(int(place.parent.name))
    return out


async def until(wanted: Callable[[], object]) -> None:
    """Wait for something to be true."""
    async with asyncio.timeout(30):
        while not wanted():
            await asyncio.sleep(0.02)


@pytest.fixture
async def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[], Child]]:
    """Makes children on one lock; all are stopped in the end."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    made: list[Child] = []

    def make() -> Child:
        environment = {"HEADWAY_STORE": str(tmp_path / "runs.db"), "HEADWAY_WORKER": "inline"}
        made.append(Child("tests.engines.crashing:hw", tmp_path / "lock", environment, 0.1))
        return made[-1]

    yield make
    for child in made:
        await child.stop()


async def test_a_killed_worker_process_is_replaced_and_one_server_keeps_it(kept: Callable[[], Child]) -> None:
    """The second server takes over when the first lets go; nothing is left behind."""
    first, second = kept(), kept()
    await first.start()
    await until(children)
    await second.start()
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: children() not in ([], [pid]))
    (replaced,) = children()
    assert replaced != pid
    await first.stop()
    await until(lambda: children() not in ([], [replaced]))
    await second.stop()
    await second.stop()
    assert children() == []


async def test_how_long_to_wait_depends_on_how_it_went(
    kept: Callable[[], Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ended early waits longer each time, one that lived long is replaced soon; a full machine is no end."""
    waits: list[float] = []
    lived = iter([0, 0, 0, 0, 0, 0, 100, 0])
    loop, now, sleep = asyncio.get_running_loop(), 0.0, asyncio.sleep
    child = kept()

    async def run() -> int:
        nonlocal now
        seconds = next(lived, None)
        if seconds is None:
            await asyncio.Event().wait()
        if len(waits) == 1:
            raise BlockingIOError("no process left")
        now += seconds or 0
        return 1

    async def slept(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    class Loop:
        def time(self) -> float:
            return now

    monkeypatch.setattr(child, "_run", run)
    monkeypatch.setattr(asyncio, "sleep", slept)
    monkeypatch.setattr(asyncio, "get_running_loop", Loop)
    keeping = loop.create_task(child._keep())
    while len(waits) < 8:
        await sleep(0)
    keeping.cancel()
    await asyncio.wait([keeping])
    assert waits == [0.5, 2.0, 5.0, 15.0, 15.0, 15.0, 0.1, 0.5]


async def test_a_lock_that_cannot_be_taken_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder may come later."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)
    child = Child("tests.engines.crashing:hw", tmp_path / "later" / "lock", {}, 0.1)
    ran = asyncio.Event()

    async def run() -> int:
        ran.set()
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(child, "_run", run)
    await child.start()
    await asyncio.sleep(0.05)
    assert not ran.is_set()
    (tmp_path / "later").mkdir()
    await asyncio.wait_for(ran.wait(), 20)
    await child.stop()


async def test_a_worker_process_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time to hand back its runs."""
    child = Child("x", tmp_path / "lock", {}, -4.9)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    await child._end(process)
    assert process.returncode == -signal.SIGKILL


SERVER = """
import asyncio
from tests.engines.crashing import hw

async def main():
    async with hw:
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_worker_process_ends_with_a_server_that_was_killed(tmp_path: Path) -> None:
    """SIGKILL gives the server no chance to say so; the child sees its input end."""
    environment = {**os.environ, "HEADWAY_STORE": str(tmp_path / "runs.db"), "HEADWAY_WORKER": "process"}
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, cwd=ROOT, env=environment)
    own = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    pids: list[str] = []

    def born() -> bool:
        pids[:] = own.read_text().split()
        return bool(pids) and b"headway.worker" in Path(f"/proc/{pids[0]}/cmdline").read_bytes()

    try:
        await until(born)
    finally:
        server.kill()
        await server.wait()
    await until(lambda: not Path(f"/proc/{pids[0]}").exists() or _is_zombie(pids[0]))


def _is_zombie(pid: str) -> bool:
    """It has ended, and whoever inherited it has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_headway_is_found_by_its_module() -> None:
    """One that stands in none cannot be imported by another process."""
    assert find(crashing.hw) == "tests.engines.crashing:hw"
    assert find(Headway("memory://")) is None


async def test_what_the_worker_process_counts_is_shown_by_the_server(
    kept: Callable[[], Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its attempts, though they ran elsewhere; and they stay counted when it is killed."""
    child = kept()
    await child.start()
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    commands = Commands(store, Projections(store), lambda: format_ms(wall_ms()))
    job = crashing.hw.jobs["hold"]
    await commands.start(job, 0.1, About())
    finished = ("hold", "finished")
    await until(lambda: finished in child._measures.histograms(ATTEMPT_SECONDS))
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: children() not in ([], [pid]))
    assert child._measures.histograms(ATTEMPT_SECONDS)[finished].count == 1
    await store.close()
