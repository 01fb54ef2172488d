"""An attempt is seen through whatever happens: nobody else looks at a run that is claimed."""

import asyncio
import json
import logging
import threading
from typing import Any

import pytest

from headway import Failed, Item, Plain, Run, Step
from headway.errors import RunClosed, RunNotFound, UsageError
from headway.ops.logging import JsonFormatter
from headway.publish.publisher import Receipt
from tests.engines.world import World


async def test_a_result_that_cannot_be_written_fails_the_run(here: World) -> None:
    """It must not stay claimed for as long as its process lives."""

    async def build(run: Run) -> Any:
        return {"big": 2**60}

    state = await here.finish(await here.start(build))
    assert (state["status"], state["error"]["code"]) == ("failed", "invalid_event")


async def test_an_error_about_another_run_fails_this_one(here: World) -> None:
    """Only this run's own log says that it is somebody else's."""

    async def build(run: Run) -> None:
        raise RunNotFound("there is no run 'run_other'")

    state = await here.finish(await here.start(build))
    assert (state["status"], state["error"]["code"]) == ("failed", "run_not_found")


@pytest.mark.parametrize("call", ["steps", "read", "input"])
async def test_a_store_that_is_away_after_the_claim_is_waited_for(here: World, call: str) -> None:
    """Given up there, the run would be claimed by a process that does nothing for it."""

    async def build(run: Run) -> str:
        return "done"

    run_id = await here.start(build)
    here.away = {call: 2}
    state = await here.finish(run_id)
    assert (state["status"], state["attempt"]) == ("succeeded", 1)
    assert here.away == {call: 0}


async def test_a_store_that_is_away_while_a_run_is_put_back_is_waited_for(here: World) -> None:
    """The retry is queued when it is back."""
    tries = []

    async def build(run: Run) -> None:
        tries.append(run.context.attempt)
        if len(tries) == 1:
            here.away["append"] = 3
            raise ValueError("once")

    state = await here.finish(await here.start(build, retries=1))
    assert (state["status"], tries) == ("succeeded", [1, 2])


async def test_what_cannot_be_prepared_has_failed(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that cannot be folded is no reason to hold the run for ever."""

    async def build(run: Run) -> None:
        raise AssertionError

    async def broken(*_args: Any, **_options: Any) -> None:
        raise ValueError("a hole in the log")

    monkeypatch.setattr("headway.engines.runtime.prepare", broken)
    state = await here.finish(await here.start(build))
    assert (state["status"], state["error"]["message"]) == ("failed", "ValueError: a hole in the log")


async def test_a_worker_that_stops_hands_its_runs_back(here: World) -> None:
    """Also one whose body answers a cancellation with an error of its own."""
    begun = asyncio.Event()

    async def build(run: Run) -> str:
        if run.context.attempt > 1:
            return "done"
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("cut") from None
        return "never"

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    executing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await executing
    row = await here.row(run_id)
    assert (row.status, row.attempt, row.worker, row.takeovers) == ("queued", 2, None, 0)
    assert (await here.finish(run_id))["result"] == "done"


async def test_a_body_that_ends_in_the_grace_time_has_ended(here: World) -> None:
    """Its result is kept although the worker stops; stopping once more changes nothing."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def build(run: Run) -> str:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await go.wait()
        return "just in time"

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    executing.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await executing
    assert (await here.state(run_id))["result"] == "just in time"


async def test_a_body_that_does_not_stop_is_left_behind(here: World) -> None:
    """The run is handed back, and what the body reports later is refused."""
    begun, heard = asyncio.Event(), asyncio.Event()

    async def build(run: Run) -> None:
        while not heard.is_set():
            try:
                begun.set()
                await asyncio.sleep(0.4)  # longer than the grace time
                await run.note("still here")
            except asyncio.CancelledError:
                continue
            except UsageError:
                heard.set()

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    executing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await executing
    assert (await here.row(run_id)).attempt == 2
    await heard.wait()
    assert await here.events(run_id, "note") == []


async def test_a_cancelled_run_is_cancelled_and_its_thread_hears_of_it(here: World) -> None:
    """A thread cannot be stopped, so it is told where it reports next."""
    begun, go, heard = threading.Event(), threading.Event(), threading.Event()

    def build(run: Plain) -> None:
        begun.set()
        go.wait(20)
        try:
            run.note("late")
        except UsageError:
            heard.set()

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await asyncio.to_thread(begun.wait, 20)
    await here.commands.cancel(run_id, by="ada")
    await executing
    assert (await here.row(run_id)).status == "cancelled"
    go.set()
    assert await asyncio.to_thread(heard.wait, 20)
    assert await here.events(run_id, "note") == []


async def test_a_run_cancelled_before_its_body_began_is_stopped(here: World) -> None:
    """Asked between the claim and the first line."""

    async def build(run: Run) -> None:
        await asyncio.Event().wait()

    run_id = await here.start(build, retries=3)
    here.away = {"steps": 1}
    executing = asyncio.create_task(here.deliver(run_id))
    await here.until(run_id, lambda row: row.worker is not None)
    await here.commands.cancel(run_id)
    await executing
    assert [event["type"] for event in await here.events(run_id)][-2:] == ["run.cancel_requested", "run.cancelled"]


async def test_a_run_taken_over_stops_its_body(here: World) -> None:
    """Also a body that reports nothing, and its attempt writes nothing more."""
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def build(run: Run) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            stopped.set()

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    await here.commands.hand_back(run_id)
    await executing
    assert stopped.is_set()
    assert ((await here.row(run_id)).status, (await here.row(run_id)).attempt) == ("queued", 2)


async def test_a_body_may_end_its_run_itself(here: World) -> None:
    """Nothing is written after that, and nothing fails."""

    async def build(run: Run) -> str:
        await run.finish("early")
        return "late"

    assert (await here.finish(await here.start(build)))["result"] == "early"


async def test_a_body_that_cancels_itself_has_failed(here: World) -> None:
    """Nobody asked for it."""

    async def build(run: Run) -> None:
        raise asyncio.CancelledError

    state = await here.finish(await here.start(build))
    assert (state["status"], state["error"]["message"]) == ("failed", "the job was cancelled from inside")


async def test_an_attempt_is_run_once_however_often_it_is_delivered(here: World) -> None:
    """The claim is made anew at each delivery."""
    ran = []

    async def build(run: Run) -> None:
        ran.append(run.id)
        await asyncio.sleep(0.01)

    run_id = await here.start(build)
    done = await asyncio.gather(*(here.runtime.execute(run_id, 1) for _ in range(5)))
    assert (sorted(done), ran) == ([False] * 4 + [True], [run_id])
    assert not await here.runtime.execute(run_id, 1)
    assert not await here.runtime.execute("run_none", 1)


async def test_a_job_says_or_learns_how_long_it_takes(here: World) -> None:
    """By its own estimate, else by the median of its last successes; a broken estimate says nothing."""

    async def build(run: Run, days: int) -> None:
        return None

    def estimate(days: int) -> float:
        return 60 / days

    for value, options in ((2, {"estimate": estimate}), (0, {"estimate": estimate})):
        run_id = await here.start(build, value, **options)
        await here.finish(run_id)
        (started,) = await here.events(run_id, "run.started")
        assert started["data"]["expected_s"] == (30 if value else None)
    run_id = await here.start(build, 1)
    await here.finish(run_id)
    (started,) = await here.events(run_id, "run.started")
    assert started["data"]["expected_s"] is not None


async def test_every_line_logged_inside_a_run_carries_its_ids(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """Down to agents of agents, steps, threads, and what the runtime itself says about the attempt."""
    log = logging.getLogger("somebody.elses.code")
    lines: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    def solve() -> None:
        log.warning("in a thread")

    async def look(run: Run) -> None:
        log.warning("in a step")

    async def build(run: Run) -> None:
        log.warning("in the body")
        async with run.agent("planner") as planner, planner.agent("router") as router:
            log.warning("in an agent's agent")
            await asyncio.create_task(router.step(look))
            await router.step(solve)
        raise ValueError("it broke")

    handler = Kept()
    logging.getLogger().addHandler(handler)
    try:
        run_id = await here.start(build)
        await here.finish(run_id)
    finally:
        logging.getLogger().removeHandler(handler)
    row = await here.row(run_id)
    told = {line["event"]: line for line in lines}
    wanted = {"in the body", "in an agent's agent", "in a step", "in a thread"}
    wanted |= {f"job 'build' failed in attempt 1 of {run_id}"}
    assert wanted <= told.keys()
    for event in wanted:
        line = told[event]
        assert (line["run_id"], line["execution_id"]) == (run_id, row.execution_id)
        assert line["correlation_id"] == row.correlation_id
    assert told["in an agent's agent"]["agent"] == "planner.router"
    assert told["in a thread"]["step"] == "planner/router/solve"
    log.warning("outside")
    assert {event["correlation_id"] for event in await here.events(run_id)} == {row.correlation_id}


async def test_a_step_inside_a_step_that_is_tried_again(here: World) -> None:
    """What finished inside is kept; what did not is withdrawn with the try, and begun anew."""
    ran: list[str] = []

    async def sure(run: Run) -> str:
        ran.append("sure")
        async with run.output("sure") as out:
            await out.write("kept")
        return "sure"

    async def unsure(run: Run) -> str:
        ran.append("unsure")
        async with run.output("unsure") as out:
            await out.write("right" if ran.count("unsure") == 2 else "wrong")
            if ran.count("unsure") < 2:
                raise ConnectionError("cut")
        return "unsure"

    async def outer(run: Run) -> list[str]:
        return [await run.step(sure), await run.step(unsure)]

    async def build(run: Run) -> list[str]:
        return list(await run.step(outer, options=Step(retries=1)))

    run_id = await here.start(build)
    state = await here.finish(run_id)
    assert (state["error"], state["result"], ran) == (None, ["sure", "unsure"], ["sure", "unsure", "unsure"])
    assert {key: output["text"] for key, output in state["outputs"].items()} == {"sure": "kept", "unsure": "right"}
    (discarded,) = await here.events(run_id, "attempt.discarded")
    assert discarded["data"]["set"]["outputs"] == {"unsure": None}


async def test_retrying_one_item_leaves_the_others_alone(here: World) -> None:
    """Results are kept, a failed item not named stays failed, and a job's own retry does not change that."""
    ran: list[str] = []
    broken = {"b", "c"}

    async def plan(item: Item, name: str) -> str:
        ran.append(name)
        if name in broken:
            raise ValueError(f"no {name}")
        return name.upper()

    async def build(run: Run) -> list[str]:
        days = await run.map(plan, "abc", item=lambda name: {"key": name}, on_error="partial")
        if "late" in broken:
            broken.remove("late")
            raise ConnectionError("after the items")
        return [day.key if isinstance(day, Failed) else day for day in days]

    run_id = await here.start(build, retries=1)
    state = await here.finish(run_id)
    assert (state["status"], sorted(ran)) == ("partial", ["a", "b", "c"])
    ran.clear()
    broken.clear()
    broken.add("late")
    await here.commands.retry(run_id, items=["b"])
    state = await here.finish(run_id)
    assert (state["status"], state["result"], ran) == ("partial", ["A", "B", "c"], ["b"])
    assert {key: item["status"] for key, item in state["items"].items()} == {
        "a": "finished",
        "b": "finished",
        "c": "failed",
    }
    ran.clear()
    await here.commands.retry(run_id)
    state = await here.finish(run_id)
    assert (state["status"], state["result"], ran) == ("succeeded", ["A", "B", "C"], ["c"])


async def test_a_jobs_own_retry_tries_failed_items_again(here: World) -> None:
    """Nobody chose among them."""
    ran: list[str] = []

    async def plan(name: str) -> str:
        ran.append(name)
        if ran == ["a", "b"]:
            raise ValueError("once")
        return name

    async def build(run: Run) -> list[str]:
        return list(await run.map(plan, "ab", concurrency=1))

    state = await here.finish(await here.start(build, retries=1))
    assert (state["status"], state["result"], ran) == ("succeeded", ["a", "b"], ["a", "b", "b"])


async def test_a_failed_item_that_was_not_named_fails_a_map_that_wants_all(here: World) -> None:
    """Under ``on_error="fail"`` there is no result without it."""

    async def plan(name: str) -> str:
        if name != "a":
            raise ValueError(f"no {name}")
        return name

    async def build(run: Run) -> int:
        return len(await run.map(plan, "abc", item=lambda name: {"key": name}, concurrency=1))

    run_id = await here.start(build)
    state = await here.finish(run_id)
    assert (state["status"], state["error"]["message"]) == ("failed", "ValueError: no b")
    assert [item["status"] for item in state["items"].values()] == ["finished", "failed", "planned"]
    await here.commands.retry(run_id, items=[])
    state = await here.finish(run_id)
    assert "'b' failed before" in state["error"]["message"]


async def test_a_step_cancelled_while_its_result_is_written_is_kept(here: World) -> None:
    """It is written all the same, so it must not run again."""
    ran: list[str] = []

    async def inner() -> str:
        ran.append("inner")
        return "inner"

    async def outer(run: Run) -> str:
        step = asyncio.create_task(run.step(inner))
        while not run._execution.publisher.statistics()["batches"]:
            await asyncio.sleep(0)
        if len(ran) == 1 and "cut" not in ran:
            ran.append("cut")
            step.cancel()
        try:
            return str(await step)
        except asyncio.CancelledError:
            raise ConnectionError("cut") from None

    async def build(run: Run) -> str:
        try:
            await run.step(outer, options=Step(retries=0), key="outer")
        except ConnectionError:
            run._execution.forget_steps_within("outer")
        return "".join(run._execution.checkpoints or ())

    state = await here.finish(await here.start(build))
    assert (state["result"], ran) == ("outer/inner", ["inner", "cut"])


async def test_an_end_that_is_just_being_written_stops_nobody(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at the run before the writer has its answer sees it ended, by itself."""
    append, reached = here.store.append, []

    async def append_and_wait(*args: Any) -> Any:
        appended = await append(*args)
        looks = here.calls["get"]
        if appended.run.status == "succeeded":
            while here.calls["get"] < looks + 2:
                here.supervision._ring(())
                await asyncio.sleep(0.01)
        return appended

    async def build(run: Run) -> str:
        await run.finish("done")
        reached.append("the line after it")
        return "late"

    monkeypatch.setattr(here.store, "append", append_and_wait)
    state = await here.finish(await here.start(build))
    assert (state["status"], state["result"]) == ("succeeded", "done")
    assert reached == ["the line after it"]
    assert here.supervision.statistics()["executions"] == 0


async def test_its_own_end_stops_nobody(here: World) -> None:
    """A look that began while the end was written may be told of it after the writer and before the body."""
    reached: list[str] = []

    async def build(run: Run) -> str:
        publisher = run._execution.publisher
        heard = publisher.on_receipt

        def hear(receipt: Receipt) -> None:
            assert heard is not None
            heard(receipt)
            publisher.stop(RunClosed(f"run {run.id} is {receipt.status}"))

        publisher.on_receipt = hear
        await run.finish("done")
        await asyncio.sleep(0)
        reached.append("the line after it")
        return "late"

    state = await here.finish(await here.start(build))
    assert (state["status"], state["result"]) == ("succeeded", "done")
    assert reached == ["the line after it"]


async def test_a_strict_job_fails_when_it_cannot_report(here: World) -> None:
    """Others wait for a store that is away; this one asked not to. The run ends when the store is back."""
    stopped = asyncio.Event()

    async def build(run: Run) -> None:
        here.away = {"append": 3}
        await run.note("lost")
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    state = await here.finish(await here.start(build, strict=True, retries=3))
    assert (state["status"], state["error"]["message"]) == ("failed", "the store is away")
    assert stopped.is_set()


async def test_a_run_whose_events_cannot_be_written_is_not_left_running(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault nobody expected stops the body; its process lives, so nobody else would ever end the run."""
    save, faults = here.projections.save, [ZeroDivisionError()]

    async def faulty(*args: Any, **kwargs: Any) -> bool:
        if faults:
            raise faults.pop()
        return await save(*args, **kwargs)

    async def build(run: Run) -> None:
        monkeypatch.setattr(here.projections, "save", faulty)
        await run.note("written, and yet")
        await asyncio.Event().wait()

    state = await here.finish(await here.start(build))
    assert state["status"] == "failed"
    assert "ZeroDivisionError" in state["error"]["message"]


async def test_a_look_that_fails_leaves_the_others_watched(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the store raises: a run that was cancelled meanwhile is stopped at the next look."""
    begun = asyncio.Event()
    get, faults = here.store.get, [ZeroDivisionError(), ZeroDivisionError()]

    async def faulty(run_id: str) -> Any:
        if faults:
            raise faults.pop()
        return await get(run_id)

    async def build(run: Run) -> None:
        begun.set()
        await asyncio.Event().wait()

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    monkeypatch.setattr(here.store, "get", faulty)
    here.supervision._rung.set()
    async with asyncio.timeout(20):
        while faults:
            await asyncio.sleep(0.01)
    await here.commands.cancel(run_id)
    await executing
    assert (await here.row(run_id)).status == "cancelled"
