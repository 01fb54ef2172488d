"""A Redis that dies, comes back, loses its last moments, stands still or refuses."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from headway.core.cursor import Cursor
from headway.core.run import RunStatus
from headway.errors import Fenced, StoreError, StoreFull, StoreUnavailable
from headway.stores.base import RunRow, Standing, Store, Write
from headway.stores.projection import Projections
from headway.stores.redis import RedisStore
from tests.stores.builders import (
    assert_true,
    claim,
    data,
    delta,
    end,
    listening,
    log,
    new_run,
    note,
    report,
    requeue,
    running,
    save,
)
from tests.stores.redis_server import RedisServer


@pytest.fixture
async def store(own_redis: RedisServer) -> AsyncIterator[RedisStore]:
    """A store that waits for as long as a Redis takes to come back on a busy machine."""
    made = RedisStore(own_redis.url, patience_s=60)
    await made.open()
    yield made
    await made.close()


async def is_true(store: Store, run: RunRow) -> list[str]:
    """A log is whole and agrees with its row; what its notes say."""
    row = await store.get(run.id)
    assert row is not None
    events = await log(store, run.id)
    assert_true(events, row, numbered=False)
    return [data(event)["body"] for event in events if event.type == "note"]


async def test_redis_is_killed_under_its_writers(store: RedisStore, own_redis: RedisServer) -> None:
    """Three times, in the midst of appends: nobody hears of it, nothing is lost or doubled."""
    runs = [await running(store) for _ in range(4)]
    kills = asyncio.Event()

    async def write(run: RunRow) -> int:
        number = 0
        while not kills.is_set() or number < 50:
            await report(store, run, note(str(number)))
            number += 1
        return number

    writers = [asyncio.create_task(write(run)) for run in runs]
    for _ in range(3):
        await report(store, runs[0], note("a sign of life", key="a sign of life"))
        await asyncio.to_thread(own_redis.restart)
    kills.set()
    for run, writer in zip(runs, writers, strict=True):
        written = await writer
        own = [body for body in await is_true(store, run) if body != "a sign of life"]
        assert own == [str(number) for number in range(written)]


async def test_everything_is_there_after_a_restart(store: RedisStore, own_redis: RedisServer) -> None:
    """Rows, logs, lists, steps, snapshots, settings."""
    run = await running(store, note(key="k"), owner="ada", job="a", worker="wrk_1", input=b"1")
    waiting, _ = await store.create(new_run(job="a", key="c"))
    await save(store, run.id)
    await store.put_setting("x", 1)
    before = [await store.get(run.id), await log(store, run.id), await store.snapshot(run.id), await store.claimed()]
    await asyncio.to_thread(own_redis.restart)
    assert [
        await store.get(run.id), await log(store, run.id), await store.snapshot(run.id), await store.claimed(),
    ] == before  # fmt: skip
    assert await store.queued(["a"]) == [waiting]
    assert await store.setting("x") == 1
    assert await report(store, run, note(key="k")) == []
    assert await store.create(new_run(key="c")) == (waiting, False)


async def test_a_log_that_lost_its_tail_is_noticed(store: RedisStore, own_redis: RedisServer) -> None:
    """By readers, whose cursors are ahead; by writers, who go on from what is left; by live projections."""
    projections = Projections(store)
    run = await running(store)
    await report(store, run, delta("kept "))
    kept = (await log(store, run.id))[-1]
    backup = own_redis.back_up()
    lost = await report(store, run, delta("lost "), delta("lost too "))
    assert (await projections.current(run.id)).snapshot()["outputs"]["text"]["text"] == "kept lost lost too "
    await asyncio.to_thread(own_redis.restore, backup)
    page = await store.read(run.id, after=Cursor(lost[-1].seq, lost[-1].tag))
    assert page.standing is Standing.AHEAD
    (new,) = await report(store, run, delta("new "))
    assert new.seq == kept.seq + 1
    await report(store, run, delta("newer "), delta("newest "))
    for event in lost:
        page = await store.read(run.id, after=Cursor(event.seq, event.tag))
        assert (page.standing, list(page.events)) == (Standing.AHEAD, [])
    assert (await store.read(run.id, after=Cursor(kept.seq, kept.tag))).standing is Standing.GOOD
    assert (await projections.current(run.id)).snapshot()["outputs"]["text"]["text"] == "kept new newer newest "
    await is_true(store, run)


async def test_a_log_that_grew_again_is_another(store: RedisStore, own_redis: RedisServer) -> None:
    """To the very seq this process remembers, by another: what it remembers is of no use."""
    run = await running(store)
    backup = own_redis.back_up()
    await report(store, run, note("lost"))
    await asyncio.to_thread(own_redis.restore, backup)
    other = RedisStore(own_redis.url, patience_s=60)
    await other.open()
    await report(other, run, note("theirs"))
    await report(store, run, note("mine"))
    assert await is_true(store, run) == ["theirs", "mine"]
    await other.close()


async def test_what_was_refused_is_asked_of_redis(store: RedisStore, own_redis: RedisServer) -> None:
    """An end and a fence that Redis has lost are no longer there: the run goes on."""
    run = await running(store)
    backup = own_redis.back_up()
    ended = await end(store, run)
    assert ended.status is RunStatus.SUCCEEDED
    await asyncio.to_thread(own_redis.restore, backup)
    assert [event.seq for event in await report(store, run, note("goes on"))] == [3]
    backup = own_redis.back_up()
    taken = (await store.append(run.id, requeue(run, takeover=True))).run
    with pytest.raises(Fenced):
        await report(store, run, note())
    await asyncio.to_thread(own_redis.restore, backup)
    with pytest.raises(Fenced):
        await claim(store, taken)
    await report(store, run, note("goes on, too"))
    assert await is_true(store, run) == ["goes on", "goes on, too"]


async def test_a_redis_that_is_gone_is_told_of(own_redis: RedisServer) -> None:
    """After our patience, as what may come back; reads, writes, joining, opening. Then everything goes on."""
    store = RedisStore(own_redis.url, patience_s=0.1)
    await store.open()
    run = await running(store)
    await report(store, run, note("before"))
    own_redis.kill()
    event = note("meanwhile")
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"cannot be reached|did not answer"):
            await report(store, run, event)
        with pytest.raises(StoreUnavailable):
            await store.get(run.id)
        with pytest.raises(StoreUnavailable):
            await store.create(new_run())
        with pytest.raises(StoreUnavailable):
            await store.join()
        with pytest.raises(StoreUnavailable):
            await RedisStore(own_redis.url, patience_s=0.1).open()
    async with listening(store) as bell:
        await asyncio.to_thread(own_redis.start)
        await bell.until_told()  # of anything: what was told meanwhile was not heard
        await report(store, run, event)
        assert await is_true(store, run) == ["before", "meanwhile"]
    await store.close()


async def test_closing_does_not_wait_for_a_redis_that_is_gone(own_redis: RedisServer) -> None:
    """Nor does it complain."""
    store = RedisStore(own_redis.url, patience_s=0.1)
    await store.open()
    worker = await store.join()
    own_redis.kill()
    store.beat_soon(worker)
    await store.close()


async def test_a_redis_that_stands_still_is_waited_for(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer that does not come in time leaves the write in doubt; when Redis goes on it is found."""
    monkeypatch.setattr("headway.stores.redis_link.TIMEOUT_S", 0.2)
    store = RedisStore(own_redis.url, patience_s=60)
    await store.open()
    run = await running(store)
    own_redis.stall()
    writing = asyncio.create_task(report(store, run, note("in doubt")))
    assert store._link is not None
    while store._link.wire._connection is not None:
        await asyncio.sleep(0)
    own_redis.wake()
    await writing
    await report(store, run, note("after"))
    assert await is_true(store, run) == ["in doubt", "after"]
    await store.close()


async def test_scripts_that_were_flushed_are_sent_again(store: RedisStore, own_redis: RedisServer) -> None:
    """By the next call, whatever it is."""
    run = await running(store)
    with own_redis.client() as client:
        client.script_flush()
    await report(store, run, note("a"))
    with own_redis.client() as client:
        client.script_flush()
    assert await is_true(store, run) == ["a"]


async def test_a_redis_without_memory_is_full(store: RedisStore, own_redis: RedisServer) -> None:
    """Nothing of the write is there; readers go on, and so do writers when there is room."""
    run = await running(store)
    with own_redis.client() as client:
        client.config_set("maxmemory", "1mb")
        with pytest.raises(StoreFull):
            await report(store, run, note("x", key="k"))
        with pytest.raises(StoreFull):
            await store.create(new_run())
        assert await is_true(store, run) == []
        client.config_set("maxmemory", "0")
    await report(store, run, note("x", key="k"))
    assert await is_true(store, run) == ["x"]


async def test_a_replica_takes_no_writes(store: RedisStore, own_redis: RedisServer) -> None:
    """A failover that is going on is waited for."""
    run = await running(store)
    with own_redis.client() as client:
        client.config_set("replica-serve-stale-data", "yes")
        client.slaveof("127.0.0.1", 1)
        writing = asyncio.create_task(report(store, run, note("x")))
        await store.get(run.id)
        assert not writing.done()
        client.slaveof()
    await writing
    assert await is_true(store, run) == ["x"]


async def test_no_error_of_the_driver_leaks(store: RedisStore, own_redis: RedisServer) -> None:
    """Keys of somebody else under our prefix are named."""
    run = await running(store)
    with own_redis.client() as client:
        client.delete(f"headway:log:{run.id}")
        client.set(f"headway:log:{run.id}", "somebody else's")
    with pytest.raises(StoreError, match="WRONGTYPE") as raised:
        await store.append(run.id, Write(events=[note()], execution_id=run.execution_id))
    assert "prefix" in str(raised.value.hint)
