"""A listener is told of everything it wants, of each run in order, and nobody waits for another run's trouble."""

import asyncio
import logging
from collections import defaultdict
from typing import Any

import pytest

from headway.core.cursor import START
from headway.core.events import new_event
from headway.engines.listener import Listener, Since
from headway.engines.telling import AGAIN_S, AT_ONCE, Telling
from headway.errors import StoreUnavailable
from headway.measures import LISTENED
from headway.stores.base import Page, RunRow, Store
from headway.stores.memory import MemoryStore
from headway.stores.retention import Part
from tests.stores.builders import SUCCEEDED, FakeClock, delta, end, failed, line, note, report, running, save
from tests.stores.conftest import clock, postgres_server, redis_server, store

__all__ = ["clock", "postgres_server", "redis_server", "store"]


class Ear:
    """A listener's function: notes what it is told, and fails where it is meant to.

    Attributes:
        told: Seqs by run, failed calls not among them.
        calls: Seqs by run, all of them.
        failing: Runs it fails for.
        now: Seconds, by the clock of whoever tells it.
    """

    def __init__(self) -> None:
        self.told: defaultdict[str, list[int]] = defaultdict(list)
        self.calls: defaultdict[str, list[int]] = defaultdict(list)
        self.failing: set[str] = set()
        self.now = 1_000.0

    async def __call__(self, event: dict[str, Any], run: RunRow) -> None:
        """What a telling calls."""
        assert event["run_id"] == run.id
        self.calls[run.id].append(event["seq"])
        await asyncio.sleep(0)
        if run.id in self.failing:
            raise ConnectionError("the mail server is away")
        self.told[run.id].append(event["seq"])

    def telling(self, store: Store, *patterns: str, job: str | None = None, since: Since = "now") -> Telling:
        """Begin to tell it, as a process does that has just come to lead."""
        made = Telling(store, Listener("mail", self, patterns or ("*",), job, since), self, lambda: self.now)
        made.on_idle = made.begin
        return made


async def all_told(telling: Telling) -> None:
    """Look, and tell until nothing more can be told now; then look again, as it does from time to time."""
    for _ in range(2):
        await telling.look()
        telling.begin()
        while telling._tasks:
            await asyncio.wait(list(telling._tasks.values()))


async def test_it_is_told_of_each_event_once_and_in_order(store: Store) -> None:
    """Of runs that begin, go on and end; another process goes on where the last one stopped."""
    ear = Ear()
    telling = ear.telling(store)
    await telling.look()
    one, two = await running(store), await running(store)
    await all_told(telling)
    await report(store, one, note(), note())
    await all_told(telling)
    await end(store, one)
    again = ear.telling(store)
    await all_told(again)
    await end(store, two)
    await all_told(again)
    await all_told(ear.telling(store))
    assert ear.calls == {one.id: [1, 2, 3, 4, 5], two.id: [1, 2, 3]}


async def test_it_is_told_of_what_it_wants(store: Store) -> None:
    """By type and by job; what it does not want is passed over, in many pages as well."""
    ear = Ear()
    telling = ear.telling(store, "run.*", job="j")
    await telling.look()
    run, other = await running(store), await running(store, job="other")
    for _ in range(3):
        await report(store, run, *(note() for _ in range(450)))
    await all_told(telling)
    await telling.look_at([run.id, other.id, "run_unknown"])
    await end(store, run)
    await end(store, other)
    await all_told(telling)
    assert ear.told == {run.id: [1, 2, 1353]}
    assert (await store.positions("mail", [run.id, other.id])) == {run.id: (await row(store, run)).cursor}


async def test_a_store_that_is_away_is_told_of_once_for_all_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many there are, and however often they are tried; then everything is told."""
    store, ear = MemoryStore(), Ear()
    await store.open()
    telling = ear.telling(store)
    await telling.look()
    runs = [await running(store) for _ in range(3)]

    async def away(*_arguments: object, **_options: object) -> Page:
        raise StoreUnavailable("it is away")

    with monkeypatch.context() as patch, caplog.at_level(logging.INFO, "headway.listeners"):
        patch.setattr(store, "read", away)
        for _ in range(3):
            await all_told(telling)
            ear.now += AGAIN_S[0]
        patch.undo()
        await all_told(telling)
    assert ear.told == {run.id: [1, 2] for run in runs}
    first, second = caplog.messages
    assert first == "listener mail cannot be told: it is away"
    assert second.startswith("listener mail is told again, after ")


async def row(store: Store, run: RunRow) -> RunRow:
    """The run as it is."""
    now = await store.get(run.id)
    assert now is not None
    return now


async def test_a_new_listener_hears_of_what_happens_from_now_on(store: Store, clock: FakeClock) -> None:
    """Or of everything the logs hold, if it asks for that."""
    old, done = await running(store), await end(store, await running(store))
    clock.ms += 1_000
    fresh, eager = Ear(), Ear()
    telling = fresh.telling(store)
    await all_told(telling)
    await report(store, old, note())
    await all_told(telling)
    assert fresh.told == {old.id: [3]}
    await store.remove_listener("mail")
    await all_told(Telling(store, Listener("audit", eager, ("*",), None, "beginning"), eager, lambda: 0))
    assert eager.told == {old.id: [1, 2, 3], done.id: [1, 2, 3]}


async def test_a_function_that_fails_holds_up_this_run_only(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """It is told again, ever more rarely, until it succeeds; each failure is one line."""
    ear = Ear()
    telling = ear.telling(store)
    await telling.look()
    bad, good = await running(store), await running(store)
    ear.failing = {bad.id}
    await end(store, bad)
    waits = []
    for _ in range(12):
        await report(store, good, note())
        await all_told(telling)
        waits.append(telling.wait_s() or 0)
        ear.now += waits[-1] + 0.001
    assert ear.calls[bad.id] == [1] * 12
    assert ear.told[good.id] == list(range(1, 15))
    assert 0.5 <= waits[0] <= 1
    assert 150 <= waits[-1] <= 300
    assert caplog.text.count("listener failed listener=mail") == 12
    assert telling.statistics() == {"untold": 1, "failing": 1}
    measures = store.measures
    assert (measures.counted(LISTENED, "mail", "failed"), measures.counted(LISTENED, "mail", "told")) == (12, 14)
    ear.failing.clear()
    await all_told(telling)
    assert ear.told[bad.id] == [1, 2, 3]
    assert telling.statistics() == {"untold": 0, "failing": 0}


async def test_what_was_not_told_is_told_by_the_next_process_however_long_ago(store: Store, clock: FakeClock) -> None:
    """The end up to which all was told stays before it; with everything told it follows the ends."""
    ear = Ear()
    telling = ear.telling(store)
    await telling.look()
    clock.ms += 1_000
    bad = await end(store, await running(store))
    ear.failing, last = {bad.id}, bad
    for _ in range(3):
        clock.ms += 600_000
        last = await end(store, await running(store))
        await all_told(telling)
    (kept,) = await store.listeners()
    assert kept.told_until < str(bad.finished_at) < str(last.finished_at)
    ear.failing.clear()
    again = ear.telling(store)
    await all_told(again)
    assert ear.told[bad.id] == [1, 2, 3]
    assert all(told == [1, 2, 3] for told in ear.told.values())
    (kept,) = await store.listeners()
    assert kept.told_until == last.finished_at
    assert list(again._places) == [last.id]


async def test_a_slow_call_holds_up_neither_others_nor_writers(store: Store) -> None:
    """As many runs are told of at once as there is room for."""
    ear = Ear()
    done = asyncio.Event()

    async def slow(event: dict[str, Any], run: RunRow) -> None:
        if run.id in stuck:
            await done.wait()
        await ear(event, run)

    stuck: set[str] = set()
    telling = Telling(store, Listener("mail", slow, ("*",)), slow, lambda: 0)
    telling.on_idle = telling.begin
    await telling.look()
    stuck |= {(await running(store)).id for _ in range(AT_ONCE - 1)}
    others = [await running(store) for _ in range(5)]
    await telling.look()
    telling.begin()
    async with asyncio.timeout(20):
        while len(ear.told) < 5:
            await asyncio.sleep(0.01)
    for run in others:
        await end(store, run)
    assert len(telling._tasks) == AT_ONCE - 1
    done.set()
    await all_told(telling)
    assert len(ear.told) == AT_ONCE + 4


async def test_what_was_trimmed_before_is_said_and_passed_over(
    store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The whole beginning of a log, or only its text."""
    ear = Ear()
    telling = ear.telling(store)
    await telling.look()
    whole, text = await running(store), await running(store)
    for run, part in ((whole, Part.LOG), (text, Part.TEXT)):
        await report(store, run, note(), delta(), note())
        await end(store, run)
        await save(store, run.id)
        await store.trim(run.id, floor=5, part=part)
    await all_told(telling)
    assert ear.told == {whole.id: [6], text.id: [1, 2, 3, 5, 6]}
    assert caplog.text.count("listener missed trimmed events") == 2
    assert store.measures.counted(LISTENED, "mail", "missed") == 2


async def test_what_was_trimmed_and_is_not_wanted_is_not_missed(store: Store, clock: FakeClock) -> None:
    """Lines are all there when only text is gone, and the other way round."""
    lines = Ear()
    telling = lines.telling(store, "log")
    await telling.look()
    run = await running(store)
    await report(store, run, line(), delta(), line())
    await end(store, run)
    await save(store, run.id)
    await store.trim(run.id, floor=5, part=Part.TEXT)
    await all_told(telling)
    assert lines.told == {run.id: [3, 5]}
    assert store.measures.counted(LISTENED, "mail", "missed") == 0


async def test_a_log_that_lost_its_tail_is_told_anew(store: Store) -> None:
    """What stands in it now is nothing the listener knows."""
    ear = Ear()
    run = await end(store, await running(store))
    telling = ear.telling(store, since="beginning")
    lost = type(run.cursor)(run.seq, "lost")
    assert await store.move_position("mail", run.id, START, lost)
    await all_told(telling)
    assert ear.told == {run.id: [1, 2, 3]}
    assert await store.positions("mail", [run.id]) == {run.id: run.cursor}


async def test_a_run_that_is_deleted_is_forgotten(store: Store) -> None:
    """Whether it was told of or not."""
    ear = Ear()
    telling = ear.telling(store)
    await telling.look()
    run, other = await running(store), await running(store)
    await all_told(telling)
    ear.failing = {other.id}
    for each in (run, other):
        await end(store, each)
    await telling.look()
    for each in (run, other):
        await store.delete(each.id)
    await all_told(telling)
    await telling.look_at([run.id, other.id])
    assert not telling._places
    assert telling.wait_s() is None


async def test_of_two_that_tell_at_once_the_later_one_goes_on_where_the_other_is(store: Store) -> None:
    """It may tell one event again, no more."""
    ear = Ear()
    one, two = ear.telling(store), ear.telling(store)
    run = await running(store, note(), note())
    await one.look()
    await two.look()
    await all_told(one)
    await report(store, run, note(), note())
    await all_told(one)
    await report(store, run, failed())
    await all_told(two)
    await all_told(one)
    assert ear.told[run.id] == [1, 2, 3, 4, 5, 6, 1, 7, 7]


async def test_what_is_being_told_when_it_stops_is_told_again_by_the_next(store: Store) -> None:
    """Unless it comes to its end in time."""
    ear = Ear()
    hang = asyncio.Event()

    async def call(event: dict[str, Any], run: RunRow) -> None:
        if event["type"] == "note":
            await hang.wait()
        await ear(event, run)

    telling = Telling(store, Listener("mail", call, ("*",)), call, lambda: 0)
    await telling.look()
    run = await running(store, note(), new_event("run.cancel_requested", {}))
    await telling.look()
    telling.begin()
    async with asyncio.timeout(20):
        while ear.told[run.id] != [1, 2]:
            await asyncio.sleep(0.01)
    await telling.stop(0.01)
    assert ear.told[run.id] == [1, 2]
    await end(store, run, SUCCEEDED)
    await all_told(ear.telling(store))
    assert ear.told[run.id] == [1, 2, 3, 4, 5]
