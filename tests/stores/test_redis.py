"""What is peculiar to the Redis store: addresses, clock, workers, several stores at once, what is asked of Redis."""

import asyncio
import importlib
import os
import re
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headway.core.clock import parse_ms
from headway.core.run import ENDED
from headway.errors import Conflict, KeyReused, RunClosed, SchemaNewer, StoreInvalid, UsageError
from headway.stores import redis_upkeep
from headway.stores.address import split_prefix, without_password
from headway.stores.base import RunFilter, RunRow, Store, WorkerState, Write
from headway.stores.redis import RedisStore
from headway.stores.redis_clock import RedisClock
from headway.stores.redis_rows import FIELDS
from headway.stores.redis_scripts import scripts
from headway.stores.redis_writes import Commit
from headway.stores.retention import Retention
from tests.stores.builders import (
    REOPENED,
    SUCCEEDED,
    FakeClock,
    assert_true,
    claim,
    data,
    end,
    failed,
    listening,
    log,
    new_run,
    note,
    queued,
    report,
    requeue,
    running,
    save,
)
from tests.stores.redis_server import RedisServer

# -- opening


@pytest.mark.parametrize(
    ("url", "shown", "bare", "prefix"),
    [
        ("redis://h:1/2", "redis://h:1/2", "redis://h:1/2", "headway:"),
        ("rediss://u:secret@h/0?prefix={a}:", "rediss://u@h/0?prefix={a}:", "rediss://u:secret@h/0", "{a}:"),
        ("redis://h?password=secret", "redis://h", "redis://h?password=secret", "headway:"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1", "headway:"),
    ],
)
def test_addresses(url: str, shown: str, bare: str, prefix: str) -> None:
    """A prefix is ours, the rest is the driver's; a password is not shown."""
    assert without_password(url) == shown
    assert split_prefix(url) == (bare, prefix)


def test_an_address_that_is_none() -> None:
    """Is refused before anything is asked of it."""
    with pytest.raises(UsageError, match="not the URL of a Redis"):
        RedisStore("http://localhost")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how to get it."""
    for name in [name for name in sys.modules if name.startswith("headway.stores.redis")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(UsageError, match=r"pip install 'headway\[redis\]'"):
        importlib.import_module("headway.stores.redis")


async def test_stores_of_two_prefixes(redis_server: RedisServer, redis_prefix: str, redis_store: RedisStore) -> None:
    """Do not know of each other; the prefix may stand in the address."""
    run = await running(redis_store)
    other = RedisStore(f"{redis_server.url}?prefix=other-{redis_prefix}")
    await other.open()
    assert await other.list_runs(RunFilter()) == []
    await other.close()
    same = RedisStore(f"{redis_server.url}?prefix={redis_prefix}")
    await same.open()
    assert await same.get(run.id) == run
    await same.close()


async def test_a_newer_schema_is_left_alone(redis_server: RedisServer, redis_prefix: str) -> None:
    """And where there is none, there is nothing to be looked at."""
    with pytest.raises(StoreInvalid, match="no runs"):
        await RedisStore(redis_server.url, prefix=redis_prefix, read_only=True).open()
    with redis_server.client() as client:
        client.set(f"{redis_prefix}schema", 99)
    store = RedisStore(redis_server.url, prefix=redis_prefix)
    with pytest.raises(SchemaNewer):
        await store.open()
    with pytest.raises(UsageError, match="not open"):
        await store.claimed()


async def test_a_store_to_be_looked_at(redis_server: RedisServer, redis_prefix: str, redis_store: RedisStore) -> None:
    """Reads everything and writes nothing."""
    run = await running(redis_store)
    store = RedisStore(redis_server.url, prefix=redis_prefix, read_only=True)
    await store.open()
    assert await store.get(run.id) == run
    assert len(await log(store, run.id)) == 2
    for write in (store.create(new_run()), report(store, run, note()), store.join(), store.put_setting("x", 1)):
        with pytest.raises(UsageError, match="looked at"):
            await write
    await store.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
async def test_a_forked_child_is_told(redis_store: RedisStore) -> None:
    """Its parent's connections are not its own; closing there takes nothing from the parent."""
    run = await running(redis_store)
    worker = await redis_store.join()
    child = os.fork()
    if child == 0:
        try:
            redis_store.beat_soon(worker)
            redis_store.get(run.id).send(None)
        except UsageError as error:
            os._exit(0 if "forked" in str(error) else 2)
        finally:
            os._exit(1)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert await redis_store.get(run.id) == run


async def test_what_was_handed_in_is_done_before_the_store_closes(redis_server: RedisServer, redis_prefix: str) -> None:
    """Though nobody has waited for it."""
    store = RedisStore(redis_server.url, prefix=redis_prefix)
    await store.open()
    run = await running(store)
    writes = [asyncio.create_task(report(store, run, note(str(number)))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    await store.open()
    assert [data(event)["body"] for event in (await log(store, run.id))[2:]] == [str(number) for number in range(20)]
    await store.close()


def test_scripts_and_python_agree_on_the_row() -> None:
    """One list in two languages."""
    text = scripts()["load"].text.decode()
    listed = text[text.index("local FIELDS = {") + 16 :].partition("}")[0]
    assert tuple(part.strip(" \n'") for part in listed.split(",") if part.strip()) == FIELDS


# -- time


async def test_the_clock_is_that_of_redis(redis_store: RedisStore, redis_server: RedisServer) -> None:
    """Asked for now and then; told from a clock that only goes on."""
    with redis_server.client() as client:
        before = client.time()
        run = await running(redis_store)
        after = client.time()
    at = parse_ms(run.updated_at)
    assert at is not None
    # an offset is taken from the middle of an exchange of some milliseconds
    assert before[0] * 1000 - 1000 <= at <= after[0] * 1000 + 2000
    assert redis_store._link is not None
    clock = redis_store._link._clock
    assert clock is not None
    clock._set_at -= 1_000
    assert clock.is_old
    await redis_store.get(run.id)
    assert redis_store._link._asked is not None
    await redis_store._link._asked
    await asyncio.sleep(0)
    assert not clock.is_old


def test_a_slow_answer_says_little_about_the_time() -> None:
    """It is taken for want of a better one, and when the last good one is long ago."""
    steady = FakeClock()
    steady.ms = 0
    clock = RedisClock(lambda: steady() / 1000)
    clock.set(clock.begin(), 1_000, 0)
    assert clock() == 1_000_000
    began = clock.begin()
    steady.ms += 2_000
    clock.set(began, 5_000, 0)
    assert clock() == 1_002_000
    steady.ms += 400_000
    clock.set(began, 9_000, 0)
    assert clock() > 9_000_000


# -- workers


async def test_a_loop_that_stands_still_beats(redis_store: RedisStore, redis_server: RedisServer) -> None:
    """Seen from outside while nothing else of this process goes on."""
    worker = await redis_store.join()
    redis_store.beat_soon(worker)
    assert redis_store._link is not None
    with redis_server.client() as client:
        key = f"{redis_store._link.prefix}workers"
        while client.hget(key, worker) != b"1":
            time.sleep(0)  # noqa: ASYNC251 - the loop stands still on purpose


async def test_silent_workers_are_forgotten(redis_server: RedisServer, redis_prefix: str, clock: FakeClock) -> None:
    """After a day; not those that hold runs, for these are to be taken over."""
    store = RedisStore(redis_server.url, prefix=redis_prefix, now_ms=clock)
    await store.open()
    silent, holding, alive = [await store.join() for _ in range(3)]
    run = await running(store, worker=holding)
    clock.ms += 86_400_001
    await store.beat(alive)
    assert await store.workers() == {holding: WorkerState(0, gone=False), alive: WorkerState(1, gone=False)}
    await store.beat(silent)
    assert silent not in await store.workers()
    await store.append(run.id, requeue(run, takeover=True))
    await store.beat(alive)
    assert list(await store.workers()) == [alive]
    await store.close()


async def test_who_closes_the_store_has_left(redis_server: RedisServer, redis_store: RedisStore, redis_prefix: str):
    """Its workers are no longer listed."""
    other = RedisStore(redis_server.url, prefix=redis_prefix)
    await other.open()
    mine, _ = await redis_store.join(), await other.join()
    await other.close()
    assert list(await redis_store.workers()) == [mine]


# -- several stores, as several processes


async def test_claims_of_several_processes_keep_the_limit(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """However they come together, and again when the claimed runs have ended."""
    runs = [(await redis_store.create(new_run()))[0] for _ in range(30)]
    at_work: list[RunRow] = []

    async def work(store: RedisStore, number: int) -> int:
        done = 0
        for run in runs:
            try:
                mine = await claim(store, run, f"wrk_{number}", concurrency=3)
            except (Conflict, RunClosed):
                continue
            at_work.append(mine)
            assert len(at_work) <= 3
            await report(store, mine, note())
            at_work.remove(mine)
            await end(store, mine)
            done += 1
        return done

    while await redis_store.queued(["j"]):
        await asyncio.gather(*(work((redis_store, other_redis)[number % 2], number) for number in range(8)))
    assert await redis_store.claimed() == []
    for run in runs:
        row = await redis_store.get(run.id)
        assert row is not None
        assert (row.status, row.attempt, row.seq) == ("succeeded", 1, 4)


async def test_a_row_that_is_remembered_is_not_believed(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """Where it would refuse, or answer without a write: the other process has changed everything meanwhile."""
    run = await running(redis_store)
    await report(redis_store, run, note())
    taken = await claim(other_redis, (await other_redis.append(run.id, requeue(run))).run)
    asked = (await redis_store.append(run.id, Write())).run
    assert asked == taken
    assert [event.seq for event in await report(redis_store, taken, note())] == [6]
    await end(other_redis, taken)
    with pytest.raises(Conflict):
        await redis_store.append(run.id, Write(events=[note()]))
    assert_true(await log(redis_store, run.id), await existing(redis_store, run))


async def existing(store: Store, run: RunRow) -> RunRow:
    """The row."""
    row = await store.get(run.id)
    assert row is not None
    return row


async def test_the_summary_of_another_process_is_answered(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """A snapshot and a trim move the row, so that nobody answers with an older one."""
    run = await running(redis_store)
    await report(redis_store, run, note(), note())
    await save(other_redis, run.id)
    appended = await redis_store.append(run.id, Write(events=[note()], execution_id=run.execution_id))
    assert appended.run.summary == {"percent": None, "seq": 4}
    await other_redis.trim(run.id, floor=2)
    appended = await redis_store.append(run.id, Write(events=[note()], execution_id=run.execution_id))
    assert (appended.run.floor, appended.run) == (2, await redis_store.get(run.id))


async def test_creations_of_several_processes(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """By one key there is one run, and the key is free again when it is deleted."""
    news = [new_run(owner="ada", key="k", fingerprint="f") for _ in range(6)]
    made = await asyncio.gather(*((redis_store, other_redis)[n % 2].create(new) for n, new in enumerate(news)))
    assert (len({run.id for run, _ in made}), sum(is_new for _, is_new in made)) == (1, 1)
    with pytest.raises(KeyReused):
        await other_redis.create(new_run(owner="ada", key="k", fingerprint="other"))
    await end(redis_store, await claim(redis_store, made[0][0]))
    await other_redis.delete(made[0][0].id)
    _, is_new = await redis_store.create(new_run(owner="ada", key="k", fingerprint="other"))
    assert is_new


async def test_a_slower_process_gets_its_turn(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """Though another one writes to the same run without a pause; who asked for a turn and died holds up nobody."""
    run = await running(redis_store)
    done = asyncio.Event()

    async def hurry() -> int:
        written = 0
        while not done.is_set():
            written += len(await report(redis_store, run, note("quick")))
        return written

    hurrying = asyncio.create_task(hurry())
    for _ in range(50):
        await asyncio.sleep(0)  # what it remembers is old when it writes
        await report(other_redis, run, note("slow"))
    assert redis_store._link is not None
    await redis_store._link.command("SET", f"{redis_store._link.prefix}turn:{run.id}", "dead", "PX", 50)
    await report(other_redis, run, note("slow"))
    done.set()
    quick = await hurrying
    row = await existing(redis_store, run)
    assert_true(await log(redis_store, run.id), row)
    assert row.seq == 2 + 51 + quick


# -- news


async def test_news_goes_from_process_to_process(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """The first with its append, the next ones together; settings as news of anything."""
    runs = [await running(redis_store) for _ in range(3)]
    async with listening(other_redis) as bell:
        for run in runs * 3:
            await report(redis_store, run, note())
            await bell.until_told(run.id)
        for run in runs:
            await report(redis_store, run, note())
        while not bell.heard.issuperset(run.id for run in runs):
            await asyncio.sleep(0)
        await redis_store.put_setting("x", 1)
        await bell.until_told()


async def test_a_doorbell_that_was_cut_rings_for_anything(redis_store: RedisStore, redis_server: RedisServer) -> None:
    """What was told meanwhile was not heard."""
    async with listening(redis_store) as bell:
        with redis_server.client() as client:
            client.client_kill_filter(_type="pubsub")
        await bell.until_told()
        assert bell.heard == set()


async def test_news_of_many_runs_is_news_of_anything(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """A message does not grow without end."""
    async with listening(other_redis) as bell:
        assert redis_store._link is not None
        for number in range(500):
            redis_store._link.herald.changed(f"run_{number}", told=False)
        await bell.until_told()


# -- how much is asked of Redis


def calls(server: RedisServer) -> Counter[str]:
    """How often each command was called since the server began."""
    with server.client() as client:
        stats: dict[str, Any] = client.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()})


async def test_an_append_is_one_round_trip(redis_store: RedisStore) -> None:
    """Also one of a claim, an end, a heartbeat and a keyed batch; only a refusal asks twice."""
    run, _ = await redis_store.create(new_run())
    assert redis_store._link is not None
    link, through, asked = redis_store._link, redis_store._link.wire.call, 0

    def counted(*command: Any) -> asyncio.Future[Any]:
        nonlocal asked
        asked += command[0] != "PUBLISH"
        return through(*command)

    link.wire.call = counted  # type: ignore[method-assign]
    run = await claim(redis_store, run, concurrency=5)
    await report(redis_store, run)
    await report(redis_store, run, note(key="a"), note(), note(key="b"))
    await report(redis_store, run, note(key="c"))
    await end(redis_store, run, SUCCEEDED)
    assert asked == 5
    with pytest.raises(Conflict):
        await redis_store.append(run.id, Write(events=[note()]))
    assert asked == 6


async def test_lists_look_at_a_page_only(redis_store: RedisStore, redis_server: RedisServer) -> None:
    """However many runs there are: as many commands for a list of ten times as many runs."""
    spent = []
    for count in (20, 200):
        for number in range(count):
            run = await running(redis_store, owner="ada", group="g", worker="wrk_1" if number < 3 else None)
            if number >= 3:
                await save(redis_store, (await end(redis_store, run)).id)
            await redis_store.create(new_run(owner="ada", group="g"))
        before = calls(redis_server)
        for which in (RunFilter(), RunFilter(owner="ada"), RunFilter(group="g", owner="ada", job="j")):
            assert len(await redis_store.list_runs(which, limit=5)) == 5
        assert len(await redis_store.queued(["j"], limit=5)) == 5
        assert len(await redis_store.durations("j", limit=5)) == 5
        assert await redis_store.lapsed() == []
        spent.append(calls(redis_server) - before)
        for held in await redis_store.claimed():
            await end(redis_store, held)
    for name in ("zrange", "hmget", "evalsha"):
        assert spent[0][name] == spent[1][name]
    assert not {"keys", "scan", "smembers"} & set(spent[1])


async def test_a_page_of_large_events_is_cut_in_redis(redis_store: RedisStore) -> None:
    """No more of them is sent than the page holds."""
    run = await running(redis_store)
    for _ in range(40):
        await report(redis_store, run, note("x" * 4_000))
    assert redis_store._link is not None
    fields, *events = await redis_store._link.ask("read", run.id, run.seq, 500, 10_000)
    assert fields[0] == run.id.encode()
    assert len(events) == 2 * (1 + 2)
    page = await redis_store.read(run.id, after=run.cursor, max_bytes=10_000)
    assert ([event.seq for event in page.events], page.more) == ([3, 4], True)


async def test_a_run_that_is_reopened_once_it_was_found_keeps_its_log(
    redis_store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for what has outlived its retention and the trim anything may happen."""
    run = await end(redis_store, await running(redis_store), failed())
    await save(redis_store, run.id)
    trim = redis_upkeep.trim

    async def late(*args: Any) -> int:
        again = replace(requeue(run), events=[REOPENED, queued(2, "reopened")], statuses=ENDED)
        await redis_store.append(run.id, again)
        return await trim(*args)

    monkeypatch.setattr(redis_upkeep, "trim", late)
    await asyncio.sleep(0.002)
    assert await redis_store.prune({run.job: Retention(0, 0, 0)}) == 0
    assert [event.seq for event in await log(redis_store, run.id)] == [1, 2, 3, 4, 5]


async def test_a_deleted_run_leaves_nothing_behind(
    redis_store: RedisStore, redis_server: RedisServer, redis_prefix: str
) -> None:
    """Not in any list or set."""
    with redis_server.client() as client:
        before = set(client.scan_iter(f"{redis_prefix}*"))
        run, _ = await redis_store.create(
            new_run(owner="ada", group="g", key="k", input=b"1", external=True, lease_s=5)
        )
        await report(redis_store, await claim(redis_store, run), note(key="a"))
        await end(redis_store, run)
        await save(redis_store, run.id)
        await redis_store.delete(run.id)
        assert set(client.scan_iter(f"{redis_prefix}*")) == before


def test_scripts_and_python_agree_on_a_commit() -> None:
    """Each argument has one name, and stands where Python puts it."""
    text = scripts()["append"].text.decode()
    found = re.search(r"local ([\w,\s]+) = unpack\(ARGV, 1, (\d+)\)\nlocal first_event = (\d+)", text)
    assert found is not None
    names = tuple(name.strip() for name in found[1].split(","))
    assert names == Commit._fields
    assert (int(found[2]), int(found[3])) == (len(names), len(names) + 1)
    assert not re.search(r"ARGV\[\d+\]", text.partition("-- Commit a decision")[2])


def test_the_scripts_are_in_the_package() -> None:
    """Beside the module that reads them, so that a wheel holds them."""
    folder = Path(importlib.import_module("headway.stores").__file__ or "").parent / "lua"
    assert {path.stem for path in folder.glob("*.lua")} == {*scripts(), "common"}
