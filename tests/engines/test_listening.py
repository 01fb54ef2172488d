"""Listeners in real processes, one at a time: killed, stopped, on a store that is restarted."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headway import Headway
from headway.config import Settings
from headway.engines.listener import Listener
from headway.engines.listening import Listening
from headway.stores.base import RunRow, Store
from headway.stores.location import store_at
from tests.checkout import ROOT, python_path
from tests.engines.world import World
from tests.stores.builders import end, note, report, running
from tests.stores.conftest import fresh_url
from tests.stores.postgres_server import PostgresServer


@contextmanager
def listener_process(url: str, notes: Path, pace_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process with the listeners of `tests.engines.listened`."""
    env = {
        **os.environ,
        "HEADWAY_STORE": url,
        "HEADWAY_LEASE_S": "5",
        "LISTENED_NOTES": str(notes),
        "LISTENED_PACE_S": str(pace_s),
        "PYTHONPATH": python_path(ROOT),
    }
    command = [sys.executable, "-m", "headway.worker", "tests.engines.listened:hw"]
    with subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(notes: Path, listener: str, run_id: str) -> list[list[str]]:
    """What a listener noted of a run."""
    lines = [line.split() for line in notes.read_text().splitlines()] if notes.exists() else []
    return [words[2:] for words in lines if words[:2] == [listener, run_id]]


async def until(condition: Any) -> None:
    """Wait for something to be true."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_listener_whose_process_is_killed_is_told_on_by_another(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Again of the event that was being told at most; in order; by one process at a time."""
    notes, path = tmp_path / "notes", tmp_path / "runs.db"
    url = str(path) if kind == "sqlite" else fresh_url(request.getfixturevalue("postgres_server"))
    store = store_at(f"sqlite:///{path}" if kind == "sqlite" else url)
    await store.open()
    run = await running(store, *(note() for _ in range(60)), owner="ada")
    with listener_process(url, notes, 0.02) as one, listener_process(url, notes, 0.02) as two:
        await until(lambda: len(heard(notes, "notes", run.id)) > 10)
        first = int(heard(notes, "notes", run.id)[-1][1])
        victim, other = (one, two) if first == one.pid else (two, one)
        victim.kill()
        victim.wait()
        await end(store, run)
        await until(lambda: heard(notes, "ends", run.id) and "63" in dict(heard(notes, "notes", run.id)))
    told = heard(notes, "notes", run.id)
    seqs = [int(seq) for seq, _ in told]
    assert list(dict.fromkeys(seqs)) == list(range(1, 64))
    assert sum(count - 1 for count in Counter(seqs).values()) <= 1
    pids = [int(pid) for _, pid in told]
    assert list(dict.fromkeys(pids)) == [victim.pid, other.pid]
    assert heard(notes, "ends", run.id)[0] == ["63", "succeeded", "ada"]
    await store.close()


class Heard:
    """A listener in this process."""

    def __init__(self) -> None:
        self.seqs: list[int] = []

    async def __call__(self, event: dict[str, Any], run: RunRow) -> None:
        """Note it."""
        self.seqs.append(event["seq"])


async def listening(store: Store, heard: Heard, **options: Any) -> Listening:
    """Begin to tell it everything."""
    made = Listening(store, Listener("mail", heard, ("*",)), await store.join(), heard, **options)
    await made.start()
    return made


async def test_a_listener_hears_promptly_and_outlives_a_store_that_is_away(here: World) -> None:
    """By the doorbell; a store that is away, or a bug, ends nothing."""
    heard = Heard()
    one = await listening(here.store, heard, look_every_s=0.5)
    await until(lambda: one._telling is not None and one._telling._since is not None)
    run = await running(here.store)
    await until(lambda: heard.seqs == [1, 2])
    here.away = {"get": 1, "read": 1, "lead": 1}
    await report(here.store, run, note())
    await until(lambda: heard.seqs == [1, 2, 3])
    assert one.statistics() == {"untold": 0, "failing": 0}
    await one.stop()
    await one.stop()
    await here.store.leave(one._leadership._worker)
    await report(here.store, run, note())
    again = await listening(here.store, heard)
    await until(lambda: heard.seqs == [1, 2, 3, 4])
    await again.stop()


async def test_a_ring_that_is_lost_is_made_good_by_looking(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """From time to time all runs are looked at."""
    monkeypatch.setattr(here.store, "watch", lambda _ring: lambda: None)
    heard = Heard()
    one = await listening(here.store, heard, look_every_s=0.1)
    await until(lambda: one._telling is not None and one._telling._since is not None)
    await end(here.store, await running(here.store))
    await until(lambda: heard.seqs == [1, 2, 3])
    await one.stop()


async def test_the_next_process_takes_over_when_one_leaves(here: World) -> None:
    """Until then it tells nothing."""
    first, second = Heard(), Heard()
    one = await listening(here.store, first)
    await until(lambda: one._telling is not None and one._telling._since is not None)
    two = await listening(here.store, second)
    run = await running(here.store)
    await until(lambda: first.seqs == [1, 2])
    assert two.statistics() == {}
    await one.stop()
    await here.store.leave(one._leadership._worker)
    await report(here.store, run, note())
    await until(lambda: second.seqs == [3])
    await two.stop()


@pytest.mark.slow
async def test_a_postgres_that_is_restarted_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """What was told is not told again, what comes after is."""
    server = PostgresServer(tmp_path)
    server.start()
    try:
        store = store_at(fresh_url(server))
        await store.open()
        heard = Heard()
        one = await listening(store, heard)
        await until(lambda: one._telling is not None and one._telling._since is not None)
        run = await running(store)
        await until(lambda: heard.seqs == [1, 2])
        while (await store.positions("mail", [run.id])).get(run.id) != run.cursor:  # else 2 is told again, rightly
            await asyncio.sleep(0.02)
        server.kill()
        await asyncio.sleep(0.3)
        server.start()
        await report(store, run, note())
        await until(lambda: heard.seqs == [1, 2, 3])
        await one.stop()
        await store.close()
    finally:
        server.kill()


async def test_an_application_without_jobs_has_its_listeners(tmp_path: Path) -> None:
    """With the handle of the run, which knows what it is about."""
    hw = Headway(f"sqlite:///{tmp_path / 'runs.db'}", worker="inline", settings=Settings(lease_s=2))
    heard: list[Any] = []

    @hw.on("run.*", job="report")
    async def told(event: dict[str, Any], run: Any) -> None:
        heard.append((event["type"], run.id, run.job, run.owner, run.group, dict(run.metadata)))
        if event["type"] == "run.succeeded":
            heard.append(await run.result())

    async with hw:
        await hw.open("other")
        async with await hw.open("report", owner="ada", group="g", metadata={"a": 1}) as run:
            await run.finish(42)
        await until(lambda: len(heard) == 5)
    about = (run.id, "report", "ada", "g", {"a": 1})
    assert heard == [(type, *about) for type in ("run.queued", "run.planned", "run.started", "run.succeeded")] + [42]
