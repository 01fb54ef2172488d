"""The contract of every store: runs that have ended, listeners, and how far these were told."""

from headway.core.clock import format_ms
from headway.core.cursor import START, Cursor
from headway.core.run import ENDED
from headway.stores.base import Ended, ListenerRow, Requeue, Store, Write
from tests.stores.builders import REOPENED, FakeClock, end, failed, new_run, note, queued, report, running


async def test_ended_runs_come_in_the_order_of_their_ends(store: Store, clock: FakeClock) -> None:
    """Page by page, also where several ended in one millisecond; one that is open again is not among them."""
    made = [await running(store) for _ in range(7)]
    for run in made[::-1]:
        clock.ms += 10 if run.id != made[3].id else 0
        await end(store, run, failed())
    ids, place = [], Ended()
    while page := await store.ended(place, limit=2):
        ids += [run.id for run in page]
        place = Ended(page[-1].finished_at or "", page[-1].id)
    order = [6, 5, 3, 4, 2, 1, 0]
    assert ids == [made[number].id for number in order]
    third = (await store.ended(Ended(), limit=3))[-1]
    assert [run.id for run in await store.ended(Ended(third.finished_at or ""))] == [made[n].id for n in order[2:]]
    again = [REOPENED, queued(made[2].attempt + 1, "reopened")]
    await store.append(made[2].id, Write(events=again, statuses=ENDED, requeue=Requeue("exe_again")))
    assert made[2].id not in [run.id for run in await store.ended(Ended())]


async def test_a_listener_is_registered_once(store: Store, clock: FakeClock) -> None:
    """From then on, or from the beginning; what it was told is kept, and never goes back."""
    now = format_ms(clock.ms)
    assert await store.listeners() == []
    assert await store.add_listener("mail") == ListenerRow("mail", now, now)
    assert await store.add_listener("audit", from_beginning=True) == ListenerRow("audit", "", "")
    clock.ms += 60_000
    later = format_ms(clock.ms)
    await store.move_listener("mail", later)
    await store.move_listener("mail", now)
    await store.move_listener("nobody", later, told=True)
    assert await store.add_listener("mail", from_beginning=True) == ListenerRow("mail", now, later)
    await store.move_listener("mail", now, told=True)
    clock.ms -= 1_000
    await store.move_listener("mail", now, told=True)
    assert await store.add_listener("mail") == ListenerRow("mail", now, later, told_at=later)
    clock.ms += 61_000
    even_later = format_ms(clock.ms)
    await store.move_listener("mail", even_later)
    assert await store.add_listener("mail") == ListenerRow("mail", now, even_later, told_at=later)
    assert [row.name for row in await store.listeners()] == ["audit", "mail"]
    await store.remove_listener("mail")
    await store.remove_listener("mail")
    assert await store.listeners() == [ListenerRow("audit", "", "")]


async def test_a_position_moves_from_where_it_was_seen(store: Store) -> None:
    """Done twice is once; who saw another one moves nothing. It goes with its run."""
    run = await running(store)
    one, two = Cursor(1, run.tag), Cursor(2, run.tag)
    assert not await store.move_position("mail", run.id, one, two)
    assert await store.move_position("mail", run.id, START, one)
    assert await store.move_position("mail", run.id, START, one)
    assert not await store.move_position("mail", run.id, START, two)
    assert not await store.move_position("mail", "run_unknown", START, one)
    assert await store.move_position("mail", run.id, one, two)
    assert await store.positions("mail", [run.id, "run_unknown"]) == {run.id: two}
    assert await store.positions("audit", [run.id]) == {}
    assert await store.positions("mail", []) == {}
    assert await store.move_position("mail", run.id, two, START)
    assert await store.move_position("mail", run.id, START, one)
    await end(store, run)
    await store.delete(run.id)
    assert await store.positions("mail", [run.id]) == {}


async def test_what_is_kept_of_listeners_is_not_in_the_way_of_writers(store: Store) -> None:
    """It changes no row of a run."""
    run = await running(store)
    await store.add_listener("mail")
    await store.move_position("mail", run.id, START, run.cursor)
    assert await store.get(run.id) == run
    await report(store, run, note())
    other, _ = await store.create(new_run())
    assert await store.positions("mail", [run.id, other.id]) == {run.id: run.cursor}
