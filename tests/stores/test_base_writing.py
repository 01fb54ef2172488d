"""The contract of every store: creating runs and writing to their logs."""

import asyncio
from typing import Any

import pytest

from headway.core.events import NewEvent
from headway.core.ids import new_execution_id, new_run_id
from headway.core.run import RunStatus
from headway.errors import Conflict, Fenced, KeyReused, RunClosed, RunNotFound, UsageError
from headway.stores.base import Checkpoint, Claim, Release, Requeue, RunRow, Store, Write
from tests.stores.builders import (
    CANCEL_REQUESTED,
    CANCELLED,
    REOPENED,
    SUCCEEDED,
    FakeClock,
    assert_true,
    claim,
    data,
    end,
    failed,
    log,
    new_run,
    note,
    queued,
    refused,
    report,
    requeue,
    running,
    started,
)

# -- creating


async def test_a_created_run_is_its_first_batch(store: Store) -> None:
    """Row and log are there together, and say the same."""
    new = new_run(
        note(), owner="ada", group="g", metadata={"a": [1, {"b": None}]}, correlation_id="c", input=b'{"x":1}'
    )
    run, is_new = await store.create(new)
    assert is_new
    assert (run.status, run.attempt, run.seq, run.takeovers, run.worker) == (RunStatus.QUEUED, 1, 2, 0, None)
    assert (run.owner, run.group, run.metadata, run.job, run.title) == ("ada", "g", {"a": [1, {"b": None}]}, "j", "t")
    assert await store.get(run.id) == run
    assert await store.input(run.id) == b'{"x":1}'
    events = await log(store, run.id)
    assert_true(events, run)
    assert {event.tag for event in events} == {run.tag}
    assert [event.envelope()["correlation_id"] for event in events] == ["c", "c"]


async def test_a_run_may_be_born_running(store: Store) -> None:
    """``run.started`` in the first batch claims it."""
    run = await running(store, worker="wrk_1")
    assert (run.status, run.worker, run.started_at) == (RunStatus.RUNNING, "wrk_1", run.updated_at)
    assert [row.id for row in await store.claimed()] == [run.id]


async def test_creating_twice_by_key_gives_the_first_run(store: Store) -> None:
    """Also when both happen at once; keys of other owners do not matter."""
    news = [new_run(owner="ada", key="k", fingerprint="f") for _ in range(5)]
    made = await asyncio.gather(*(store.create(new) for new in news))
    assert len({run.id for run, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False] * 4 + [True]
    _, is_new = await store.create(new_run(owner="bob", key="k", fingerprint="f"))
    assert is_new


async def test_nobody_is_an_owner_too(store: Store) -> None:
    """Creation keys are unique among runs without owner."""
    first, _ = await store.create(new_run(key="k"))
    again, is_new = await store.create(new_run(key="k"))
    assert (again.id, is_new) == (first.id, False)


async def test_a_key_cannot_stand_for_something_else(store: Store) -> None:
    """Another job or input under the same key is an error that names the run."""
    run, _ = await store.create(new_run(key="k", fingerprint="f"))
    with pytest.raises(KeyReused) as raised:
        await store.create(new_run(key="k", fingerprint="other"))
    assert raised.value.extra["run_id"] == run.id


async def test_creating_the_same_id_again_is_no_second_run(store: Store) -> None:
    """Whoever lost the answer may ask again with the id it had made."""
    new = new_run(fingerprint="f")
    run, _ = await store.create(new)
    assert await store.create(new) == (run, False)
    with pytest.raises(KeyReused, match=f"the id {new.id} was used"):
        await store.create(new_run(id=new.id, fingerprint="other"))


async def test_runs_without_key_are_all_different(store: Store) -> None:
    """No key, no idempotency."""
    made = [await store.create(new_run()) for _ in range(3)]
    assert all(is_new for _, is_new in made)


async def test_a_run_is_created_queued(store: Store) -> None:
    """A first batch that begins otherwise is a mistake of the caller."""
    new = new_run()
    with pytest.raises(UsageError, match=r"run\.queued"):
        await store.create(type(new)(**{name: getattr(new, name) for name in new.__slots__} | {"events": (note(),)}))


async def test_rows_do_not_share_what_callers_change(store: Store) -> None:
    """What a caller does to what it gave or got stays with it."""
    metadata: dict[str, Any] = {"list": [1]}
    run, _ = await store.create(new_run(metadata=metadata))
    metadata["list"].append(2)
    run.metadata["list"].append(3)
    row = await store.get(run.id)
    assert row is not None
    assert row.metadata == {"list": [1]}
    (await store.steps(run.id))["x"] = b"1"
    assert await store.steps(run.id) == {}


# -- execution writes


async def test_batches_are_dense_and_told_apart_by_tag(store: Store) -> None:
    """Seqs go on without a hole; each batch has a tag of its own."""
    run = await running(store)
    first = await report(store, run, note("a"), note("b"))
    second = await report(store, run, note("c", step="s"))
    assert [event.seq for event in first + second] == [3, 4, 5]
    assert len({first[0].tag, first[1].tag, second[0].tag}) == 2
    assert (await log(store, run.id))[2:] == first + second
    envelope = second[0].envelope()
    assert (envelope["step"], envelope["execution_id"], envelope["data"]["body"]) == ("s", run.execution_id, "c")
    row = await store.get(run.id)
    assert row is not None
    assert_true(await log(store, run.id), row)


async def test_many_writers_of_one_run_leave_no_hole(store: Store) -> None:
    """Tasks that append at once are put in some order, each task's own writes in its own."""
    run = await running(store)

    async def write(who: int) -> None:
        for number in range(20):
            await report(store, run, note(f"{who} {number}"), note(f"{who} {number}+"))

    await asyncio.gather(*(write(who) for who in range(8)))
    events = await log(store, run.id)
    row = await store.get(run.id)
    assert row is not None
    assert_true(events, row)
    bodies = [data(event)["body"] for event in events[2:]]
    for who in range(8):
        own = [body.removeprefix(f"{who} ") for body in bodies if body.startswith(f"{who} ")]
        assert own == [f"{number}{plus}" for number in range(20) for plus in ("", "+")]


async def test_what_one_task_hands_in_happens_in_that_order(store: Store) -> None:
    """Also when it does not wait between its writes."""
    run = await running(store)
    await asyncio.gather(*(report(store, run, note(str(number))) for number in range(50)))
    assert [data(event)["body"] for event in (await log(store, run.id))[2:]] == [str(number) for number in range(50)]


async def test_an_empty_batch_is_a_heartbeat(store: Store, clock: FakeClock) -> None:
    """It writes no event, moves the time of the last append and answers how things stand."""
    run = await running(store)
    clock.ms += 10
    answer = await store.append(run.id, Write(execution_id=run.execution_id))
    assert answer.run.updated_at > run.updated_at
    assert not answer.events
    assert answer.answer() == {
        "seq": run.seq,
        "cursor": str(run.cursor),
        "status": "running",
        "cancel_requested": False,
        "lease_s": None,
    }
    assert await store.get(run.id) == answer.run


async def test_a_write_may_insist_on_who_holds_the_run(store: Store) -> None:
    """Or that nobody does; whoever looked before somebody let go must look again."""
    run = await claim(store, (await store.create(new_run()))[0])
    with pytest.raises(Conflict, match="held by wrk_1"):
        await store.append(run.id, Write(events=[note()], held=False))
    await store.append(run.id, Write(events=[note()], held=True))
    await store.append(run.id, Write(events=[note()], execution_id=run.execution_id, release=Release()))
    with pytest.raises(Conflict, match="held by nobody"):
        await store.append(run.id, Write(events=[note()], held=True))
    await store.append(run.id, Write(events=[note()], held=False))
    assert [event.type for event in await log(store, run.id)].count("note") == 3


async def test_a_write_may_insist_on_being_the_first(store: Store) -> None:
    """Where its key is known, nothing of it is done, neither its other events nor its checkpoint."""
    run = await running(store)
    first = Write(events=[note("one", key="k")], fresh=True, checkpoint=Checkpoint("s", b"1"))
    await store.append(run.id, first)
    late = Write(events=[note("two", key="k"), note("three")], fresh=True, checkpoint=Checkpoint("s", b"2"))
    with pytest.raises(Conflict):
        await store.append(run.id, late)
    assert await store.steps(run.id) == {"s": b"1"}
    assert (await log(store, run.id))[-1].seq == run.seq + 1


async def test_known_keys_are_dropped_and_the_rest_is_dense(store: Store) -> None:
    """Batches that overlap, sent again and within themselves."""
    run = await running(store)
    first = await report(store, run, note(key="a"), note(key="b"))
    second = await report(store, run, note(key="b"), note(key="c"), note(), note(key="c"), note(key="a"))
    assert [event.seq for event in first] == [3, 4]
    assert [event.seq for event in second] == [5, 6]
    assert await report(store, run, note(key="a")) == []
    assert len(await log(store, run.id)) == 6


async def test_keys_are_those_of_one_run(store: Store) -> None:
    """Another run may use the same ones."""
    for _ in range(2):
        assert len(await report(store, await running(store), note(key="a"))) == 1


async def test_overlapping_keyed_batches_of_many_tasks_stay_dense(store: Store) -> None:
    """Each key is in the log exactly once, whoever came first."""
    run = await running(store)

    async def write(begin: int) -> None:
        for start in range(begin, 60, 3):
            await report(store, run, *(note(key=str(number)) for number in range(start, start + 10)))

    await asyncio.gather(*(write(begin) for begin in range(3)))
    events = await log(store, run.id)
    row = await store.get(run.id)
    assert row is not None
    assert_true(events, row)
    assert len(events) == 2 + 69


async def test_the_last_batch_may_be_sent_again_after_the_end(store: Store) -> None:
    """Its writer lost the answer: everything is in the log, so it is told how things stand."""
    run = await running(store)
    last = NewEvent("run.succeeded", b'{"result":1}', key="end")
    write = Write(events=[note(key="n"), last], execution_id=run.execution_id)
    ended = (await store.append(run.id, write)).run
    again = await store.append(run.id, write)
    assert (again.events, again.run) == ((), ended)
    await refused(store, run, Write(events=[note(key="n"), note()], execution_id=run.execution_id), RunClosed)


async def test_an_unknown_run_is_not_written_to(store: Store) -> None:
    """Not by an execution, not by a command."""
    for write in (Write(events=[note()], execution_id="exe_1"), Write(events=[CANCELLED])):
        with pytest.raises(RunNotFound):
            await store.append(new_run_id(), write)


async def test_a_superseded_execution_is_fenced(store: Store) -> None:
    """Whatever it writes, a heartbeat and an end included, before and after the run has ended."""
    old = await running(store)
    new = (await store.append(old.id, requeue(old))).run
    for events in ([note()], [], [SUCCEEDED]):
        error = await refused(store, old, Write(events=events, execution_id=old.execution_id), Fenced)
        assert error.extra["execution_id"] == new.execution_id
    await end(store, await claim(store, new))
    await refused(store, old, Write(events=[note()], execution_id=old.execution_id), Fenced)


@pytest.mark.parametrize("ending", [SUCCEEDED, failed(), CANCELLED])
async def test_an_ended_run_takes_nothing_from_its_execution(store: Store, ending: NewEvent) -> None:
    """The first terminal event wins."""
    run = await end(store, await running(store, worker="wrk_1"), ending)
    assert (run.worker, run.finished_at) == (None, run.updated_at)
    for events in ([note()], [SUCCEEDED], [CANCELLED], []):
        error = await refused(store, run, Write(events=events, execution_id=run.execution_id), RunClosed)
        assert error.extra["current"] == run.status
    assert_true(await log(store, run.id), run)


async def test_nothing_follows_the_end_within_a_batch(store: Store) -> None:
    """The whole batch is refused."""
    run = await running(store)
    await refused(store, run, Write(events=[SUCCEEDED, note()], execution_id=run.execution_id), RunClosed)
    await refused(store, run, Write(events=[SUCCEEDED, CANCELLED], execution_id=run.execution_id), RunClosed)
    await refused(store, run, Write(events=[CANCELLED, note()]), Conflict)


async def test_illegal_transitions_are_refused(store: Store) -> None:
    """A queued run cannot succeed; a running one cannot resume."""
    run, _ = await store.create(new_run())
    await refused(store, run, Write(events=[SUCCEEDED], execution_id=run.execution_id), Conflict)
    run = await claim(store, run)
    resumed = NewEvent("run.resumed", b'{"ask_id":"a","answer":1}')
    error = await refused(store, run, Write(events=[note(), resumed], execution_id=run.execution_id), Conflict)
    assert error.extra["current"] == "running"


# -- control writes


async def test_a_control_write_names_its_statuses(store: Store) -> None:
    """Any that is not ended by default; what was met is told."""
    run = await running(store)
    error = await refused(store, run, Write(events=[CANCELLED], statuses={RunStatus.QUEUED}), Conflict)
    assert (error.extra["current"], "queued" in str(error)) == ("running", True)
    done = (await store.append(run.id, Write(events=[CANCELLED]))).run
    assert done.status is RunStatus.CANCELLED
    await refused(store, done, Write(events=[CANCELLED]), Conflict)
    await refused(store, done, Write(events=[note()], statuses=set(RunStatus)), Conflict)
    await refused(store, done, Write(statuses=()), Conflict)


async def test_asking_for_the_status_changes_nothing(store: Store) -> None:
    """A control write without events."""
    run = await end(store, await running(store))
    answer = await store.append(run.id, Write(statuses=set(RunStatus)))
    assert (answer.run, answer.events) == (run, ())


async def test_cancel_is_asked_for_once_or_twice(store: Store) -> None:
    """Every append tells the worker of it; reopening takes it back."""
    run = await running(store)
    for _ in range(2):
        await store.append(run.id, Write(events=[CANCEL_REQUESTED]))
    answer = await store.append(run.id, Write(execution_id=run.execution_id))
    assert answer.answer()["cancel_requested"] is True
    run = await end(store, run, CANCELLED)
    run = (await store.append(run.id, reopen(run))).run
    assert (run.cancel_requested, run.finished_at, run.status) == (False, None, RunStatus.QUEUED)
    assert_true(await log(store, run.id), run)


def reopen(run: RunRow) -> Write:
    """Try an ended run again."""
    return Write(
        events=[REOPENED, queued(run.attempt + 1, "reopened")],
        statuses={RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.CANCELLED},
        seq=run.seq,
        requeue=Requeue(new_execution_id()),
    )


async def test_reopening_is_done_once_for_one_seq(store: Store) -> None:
    """The seq the caller saw makes it idempotent; `succeeded` is final."""
    run = await end(store, await running(store), failed())
    write = reopen(run)
    again = (await store.append(run.id, write)).run
    assert (again.attempt, again.status, again.worker) == (2, RunStatus.QUEUED, None)
    await refused(store, run, write, Conflict)
    final = await end(store, await claim(store, again))
    await refused(store, final, reopen(final), Conflict)
    assert_true(await log(store, run.id), final)


async def test_events_before_the_new_attempt_belong_to_the_old(store: Store) -> None:
    """In one batch ``run.reopened`` names the old execution, ``run.queued`` and what follows the new one."""
    run = await end(store, await running(store), failed())
    answer = await store.append(run.id, reopen(run))
    executions = [event.envelope()["execution_id"] for event in answer.events]
    assert executions == [run.execution_id, answer.run.execution_id]


async def test_only_one_of_many_take_overs_wins(store: Store) -> None:
    """Compare-and-set on the attempt they all saw."""
    run = await running(store, worker="wrk_1")
    takes = (store.append(run.id, requeue(run, takeover=True)) for _ in range(5))
    outcomes = await asyncio.gather(*takes, return_exceptions=True)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4
    row = await store.get(run.id)
    assert row is not None
    assert (row.attempt, row.takeovers, row.worker, row.status) == (2, 1, None, RunStatus.QUEUED)


async def test_take_overs_are_counted_until_somebody_asks(store: Store) -> None:
    """A requeue that is no take-over sets the count back."""
    run = await running(store)
    for count in (1, 2, 3):
        run = (await store.append(run.id, requeue(run, takeover=True))).run
        assert run.takeovers == count
    assert (await store.append(run.id, requeue(run))).run.takeovers == 0


async def test_a_finished_step_sets_the_take_overs_back(store: Store) -> None:
    """Something gets done between them; an event, or a step sent again, is not enough."""
    run = await running(store)
    for _ in range(3):
        run = (await store.append(run.id, requeue(run, takeover=True))).run
    run = await claim(store, run)
    await report(store, run, note())
    finished = NewEvent("step.finished", b'{"key":"hotel"}', key="hotel", step="hotel")
    write = Write(events=[finished], execution_id=run.execution_id, checkpoint=Checkpoint("hotel", b"1"))
    run = (await store.append(run.id, write)).run
    assert run.takeovers == 0
    assert await store.get(run.id) == run
    run = await claim(store, (await store.append(run.id, requeue(run, takeover=True))).run)
    again = Write(events=[finished], execution_id=run.execution_id, checkpoint=Checkpoint("hotel", b"1"))
    assert (await store.append(run.id, again)).run.takeovers == 1


async def test_a_conflict_of_attempt_or_seq_says_what_is_there(store: Store) -> None:
    """So that the caller can decide anew."""
    run = await running(store)
    error = await refused(store, run, Write(events=[CANCELLED], attempt=7), Conflict)
    assert (error.extra["attempt"], error.extra["current"]) == (1, "running")
    error = await refused(store, run, Write(events=[CANCELLED], seq=7), Conflict)
    assert (error.extra["seq"], error.extra["current"]) == (2, "running")


async def test_a_requeue_and_its_event_come_together(store: Store) -> None:
    """One without the other would make row and log differ."""
    run = await running(store)
    await refused(store, run, Write(events=[queued(2, "retry")]), UsageError)
    await refused(store, run, Write(events=[note()], requeue=Requeue("exe_2")), UsageError)
    twice = Write(events=[queued(2, "retry"), queued(3, "retry")], requeue=Requeue("exe_2"))
    await refused(store, run, twice, UsageError)
    await refused(store, run, Write(events=[note()], claim=Claim("wrk_1")), UsageError)


# -- claims


async def test_a_claim_has_one_winner(store: Store) -> None:
    """The others meet a run that is taken."""
    run, _ = await store.create(new_run())
    claims = (claim(store, run, f"wrk_{number}") for number in range(5))
    outcomes = await asyncio.gather(*claims, return_exceptions=True)
    won = [outcome for outcome in outcomes if isinstance(outcome, RunRow)]
    assert len(won) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4
    assert await store.get(run.id) == won[0]
    assert (won[0].status, won[0].started_at) == (RunStatus.RUNNING, won[0].updated_at)


async def test_a_claim_of_another_attempt_is_fenced(store: Store) -> None:
    """An engine's message about an older attempt starts nothing."""
    run, _ = await store.create(new_run())
    await store.append(run.id, requeue(run))
    with pytest.raises(Fenced):
        await claim(store, run)


async def test_concurrency_is_counted_over_all_workers(store: Store) -> None:
    """Claims at once included; runs of other jobs and ended ones do not count."""
    other = await running(store, job="other", worker="wrk_9")
    runs = [(await store.create(new_run()))[0] for _ in range(6)]
    claims = (claim(store, run, f"wrk_{number}", concurrency=2) for number, run in enumerate(runs))
    outcomes = await asyncio.gather(*claims, return_exceptions=True)
    won = [outcome for outcome in outcomes if isinstance(outcome, RunRow)]
    assert len(won) == 2
    lost = next(outcome for outcome in outcomes if isinstance(outcome, Conflict))
    assert (lost.extra["current"], lost.extra["concurrency"]) == ("queued", 2)
    await end(store, won[0])
    waiting = next(run for run in runs if run.id not in {row.id for row in won})
    await claim(store, waiting, concurrency=2)
    assert {row.job for row in await store.claimed()} == {"j", "other"}
    assert other.id in {row.id for row in await store.claimed()}


async def queue_of(store: Store, count: int, job: str = "j") -> list[RunRow]:
    """Queue runs."""
    return [(await store.create(new_run(job=job)))[0] for _ in range(count)]


async def test_claims_at_a_rate_wait_until_the_first_of_them_is_old_enough(store: Store, clock: FakeClock) -> None:
    """Counted by job and by the store's clock. Whether the runs have ended does not matter; each attempt counts."""
    runs = await queue_of(store, 5)
    first = await claim(store, runs[0], rate="2/s")
    clock.ms += 400
    await end(store, first)
    await claim(store, runs[1], rate="2/s")
    clock.ms += 500
    with pytest.raises(Conflict, match="has begun 2/s already") as lost:
        await claim(store, runs[2], rate="2/s")
    assert {name: lost.value.extra[name] for name in ("current", "rate", "wait_ms")} == {
        "current": "queued", "rate": "2/s", "wait_ms": 100,
    }  # fmt: skip
    assert lost.value.hint is not None
    assert "0.1 s" in lost.value.hint
    (other,) = await queue_of(store, 1, job="other")
    await claim(store, other, rate="2/s")
    assert await store.begun("j") == [500, 900]
    clock.ms += 100
    again = await claim(store, runs[2], rate="2/s")
    again = (await store.append(again.id, requeue(again))).run
    with pytest.raises(Conflict):
        await claim(store, again, rate="2/s")
    clock.ms += 400
    await claim(store, again, rate="2/s")
    assert await store.begun("j") == [0, 400]
    assert await store.begun("nothing") == []


async def test_a_claim_that_is_refused_does_not_count(store: Store, clock: FakeClock) -> None:
    """Whatever it is refused for; nor does one of a job without a rate."""
    runs = await queue_of(store, 4)
    await claim(store, runs[0])
    with pytest.raises(Conflict) as full:
        await claim(store, runs[1], concurrency=1, rate="1/m")
    assert "rate" not in full.value.extra
    with pytest.raises(Conflict):
        await claim(store, runs[0], rate="1/m")
    assert await store.begun("j") == []
    await claim(store, runs[1], rate="1/m")
    for _ in range(3):
        with pytest.raises(Conflict):
            await claim(store, runs[2], rate="1/m")
    await claim(store, runs[3])
    clock.ms += 60_000
    await claim(store, runs[2], rate="1/m")


async def test_of_claims_at_once_as_many_are_done_as_the_rate_allows(store: Store, clock: FakeClock) -> None:
    """And as many again when the time is over. A rate that was changed looks back as far as is known."""
    runs = await queue_of(store, 12)
    for expected in (3, 3):
        outcomes = await asyncio.gather(*(claim(store, run, rate="3/s") for run in runs), return_exceptions=True)
        won = [row.id for row in outcomes if isinstance(row, RunRow)]
        assert len(won) == expected
        assert all(isinstance(outcome, RunRow | Conflict) for outcome in outcomes)
        runs = [run for run in runs if run.id not in won]
        clock.ms += 1_000
    await claim(store, runs[0], rate="5/m")
    with pytest.raises(Conflict):
        await claim(store, runs[1], rate="4/m")
    await claim(store, runs[1], rate="5/m")
    with pytest.raises(Conflict) as lost:
        await claim(store, runs[2], rate="5/m")
    assert lost.value.extra["wait_ms"] == 59_000


async def test_the_start_is_that_of_the_first_attempt(store: Store) -> None:
    """A later claim does not move it; a take-over and claim may be one write."""
    run = await running(store, worker="wrk_1")
    both = Write(
        events=[queued(2, "takeover"), started(2, "wrk_2")],
        attempt=1,
        requeue=Requeue("exe_2", takeover=True),
        claim=Claim("wrk_2"),
    )
    after = (await store.append(run.id, both)).run
    assert (after.status, after.worker, after.execution_id) == (RunStatus.RUNNING, "wrk_2", "exe_2")
    assert (after.started_at, after.takeovers) == (run.started_at, 1)
    assert_true(await log(store, run.id), after)


async def test_a_cancelled_caller_leaves_a_whole_write_or_none(store: Store) -> None:
    """Whenever it is cancelled."""
    run = await running(store)
    for number in range(30):
        task = asyncio.create_task(report(store, run, note(str(number)), note(f"{number}+")))
        for _ in range(number % 4):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await report(store, run, note("last"))
    events = await log(store, run.id)
    row = await store.get(run.id)
    assert row is not None
    assert_true(events, row)
    bodies = [data(event)["body"] for event in events[2:]]
    assert [f"{body}+" for body in bodies[:-1:2]] == bodies[1:-1:2]
