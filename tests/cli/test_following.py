"""A run followed in its store: the same as from a server, while other processes write."""

import asyncio
from contextlib import aclosing

import pytest

from headway.cli.following import LEFT, TAKEN_OVER, follow
from headway.client import Connection
from headway.core.run import ENDED
from headway.errors import RunNotFound, StoreInvalid, StoreLocked, UsageError
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections
from headway.stores.retention import Retention
from headway.stores.sqlite import SqliteStore
from tests.stores.builders import claim, delta, end, log, new_run, note, report, requeue, running, save


def ignore(_connection: Connection) -> None:
    """Nobody wants to know."""


async def test_a_run_that_has_ended(store):
    """Its state, once."""
    run = await running(store)
    await end(store, run)
    seen = [(state["status"], event) async for state, event in follow(store, run.id, ignore)]
    assert seen == [("succeeded", None)]


async def test_what_another_process_writes_is_seen(sqlite, tmp_path):
    """Each event once, in order, with the state it made; nothing is written for it."""
    run = await running(sqlite)
    looking = SqliteStore(tmp_path / "headway.db", read_only=True)
    await looking.open()
    seqs: list[int] = []
    said: list[Connection] = []
    head = run.seq
    async with aclosing(follow(looking, run.id, said.append)) as seen:
        async for state, event in seen:
            seqs.append(state["seq"])
            assert event is None or event["seq"] == state["seq"]
            if state["seq"] == head and head < 12:
                head = (await report(sqlite, run, note(), delta()))[-1].seq
            elif state["seq"] == head and state["status"] not in ENDED:
                head = (await end(sqlite, run)).seq
    assert [*dict.fromkeys(seqs)] == list(range(2, seqs[-1] + 1))
    fold = await Projections(sqlite).current(run.id)
    assert state.snapshot() == fold.snapshot()
    assert {one.state for one in said} == {"live"}
    with pytest.raises(UsageError, match="opened to be looked at"):
        await looking.put_setting("a", 1)
    await looking.close()


async def test_a_log_that_is_trimmed_meanwhile(store):
    """The snapshot comes in place of what is gone."""
    run = await running(store)
    states = []
    async with aclosing(follow(store, run.id, ignore)) as seen:
        async for state, event in seen:
            states.append((state["seq"], event is None))
            if len(states) == 1:
                await report(store, run, *(note() for _ in range(20)))
                await end(store, run)
                await save(store, run.id)
                await store.prune(dict.fromkeys(await store.prunable_jobs(), Retention(0, 0)))
    assert states == [(2, True), (23, True)]


async def test_nobody_works_on_it(sqlite):
    """Said, as long as it is so: nobody is there, somebody is there, it was taken over."""
    run = await claim(sqlite, (await sqlite.create(new_run()))[0], worker="wrk_dead")
    troubles: list[str | None] = []
    alive = ""
    async with aclosing(follow(sqlite, run.id, ignore)) as seen:
        async for state, event in seen:
            trouble = state.live.get("trouble")
            if event is not None or trouble in troubles[-1:]:
                continue
            troubles.append(trouble)
            if trouble == LEFT:
                alive = await sqlite.join()
            elif trouble == TAKEN_OVER:
                run = await claim(sqlite, (await sqlite.append(run.id, requeue(run))).run, worker=alive)
            elif len(troubles) > 1:
                await end(sqlite, run)
    assert troubles == [None, LEFT, TAKEN_OVER, None]


async def test_a_queue_nobody_looks_after(sqlite, monkeypatch):
    """Is told as a server tells it."""
    monkeypatch.setattr("headway.engines.live.PATIENCE_S", -1)
    run, _ = await sqlite.create(new_run())
    async with aclosing(follow(sqlite, run.id, ignore)) as seen:
        async for state, _ in seen:
            if state.live:
                break
    assert (state.live["queue_position"], state.live["degraded"]) == (1, True)


class Moody(MemoryStore):
    """Raises what it is told to, once each."""

    moods: list[Exception]

    async def read(self, *args, **kwargs):
        """Read, if it feels like it."""
        if self.moods:
            raise self.moods.pop(0)
        return await super().read(*args, **kwargs)


async def test_a_store_that_is_away_for_a_while(monkeypatch):
    """It is told why, and goes on; a damaged one is given up."""
    monkeypatch.setattr("headway.cli.following.AGAIN_S", 0.01)
    store = Moody()
    store.moods = []
    await store.open()
    run = await running(store)
    await end(store, run)
    store.moods = [StoreLocked("held by another"), StoreInvalid("damaged")]
    said: list[Connection] = []
    seen = follow(store, run.id, said.append)
    with pytest.raises(StoreInvalid):
        await anext(seen)
    assert [(one.state, one.reason) for one in said] == [("waiting", "held by another")]
    store.moods = []
    said.clear()
    assert len([seen async for seen in follow(store, run.id, said.append)]) == 1


async def test_a_run_that_is_not_there(store):
    """Or not any more."""
    with pytest.raises(RunNotFound):
        await anext(follow(store, "run_no", ignore))
    run = await end(store, await running(store))
    await save(store, run.id)
    async with aclosing(follow(store, run.id, ignore)) as seen:
        await anext(seen)
        await store.delete(run.id)
        with pytest.raises(RunNotFound):
            await anext(seen)


async def test_leaving_it_leaves_nothing(store):
    """A watcher that is cancelled has let go of the doorbell."""
    run = await running(store)
    seen = follow(store, run.id, ignore)
    for _ in ("the snapshot", "what is true beside it"):
        await anext(seen)
    waiting = asyncio.ensure_future(anext(seen))
    await asyncio.sleep(0.05)
    assert store.statistics()["watchers"] == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await seen.aclose()
    assert store.statistics()["watchers"] == 0
    assert len(await log(store, run.id)) == 2


async def test_looking_does_not_make_or_mend_a_file(tmp_path):
    """A file with another schema is for its server to bring up to date."""
    path = tmp_path / "headway.db"
    path.touch()
    with pytest.raises(Exception, match="has schema 0, this Headway reads"):
        await SqliteStore(path, read_only=True).open()
    assert path.stat().st_size == 0
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
