"""Jobs played in memory: what they report, how they fail, what is kept."""

import asyncio
import threading

import pytest
from pydantic import BaseModel

from headway import Agent, Failed, Item, Plain, Run, Step, current
from headway.core.fold import Fold
from headway.errors import InvalidEvent, InvalidInput, UsageError
from headway.testing import Clock, play


class Trip(BaseModel):
    """Some input."""

    days: list[str]


async def test_phases_progress_and_a_result():
    """The plain case, as a viewer folds it."""

    async def build(run: Run, trip: Trip) -> list[str]:
        async with run.phase("read", total=len(trip.days)) as phase:
            for day in trip.days:
                await phase.advance(message=day)
        async with run.phase("write"):
            await run.note("nearly there", kind="educational", title="Did you know?")
        return [day.upper() for day in trip.days]

    log = await play(build, Trip(days=["a", "b"]), phases={"read": 80, "write": 20})
    assert log.status == "succeeded"
    assert log.result == ["A", "B"]
    assert [phase["status"] for phase in log.snapshot["phases"]] == ["finished", "finished"]
    assert log.snapshot["progress"]["percent"] == 100
    assert log.snapshot["notes"][0]["title"] == "Did you know?"
    assert [event["seq"] for event in log.events] == list(range(1, len(log.events) + 1))
    assert log.types()[0] == "run.queued"
    assert log.types()[-1] == "run.succeeded"


async def test_a_run_without_phases_has_one_that_run_progress_moves():
    """``run.progress(3, 10)`` is never lost."""

    async def build(run: Run) -> None:
        await run.progress(3, 10, message="three")
        await run.flush()
        raise RuntimeError("stop here")

    log = await play(build)
    assert log.status == "failed"
    assert log.snapshot["progress"]["percent"] == 30
    assert log.snapshot["progress"]["message"] == "three"
    assert "stop here" in log.snapshot["error"]["message"]


async def test_every_event_carries_the_ids_of_its_execution_agents_included():
    """Execution and correlation id are in every event, down to agents called by agents."""

    async def router(question: str) -> str:
        await current().note(f"routing {question}")
        await current().log("routed", question=question)
        return question

    async def planner(agent: Agent) -> None:
        async with agent.agent("router"):
            await router("where?")

    async def build(run: Run) -> None:
        async with run.agent("planner") as agent:
            await planner(agent)
            await agent.step(look, key="look")

    async def look(run: Run) -> None:
        await run.note("looking")

    log = await play(build)
    assert log.status == "succeeded"
    assert {event["execution_id"] for event in log.events} == {log.snapshot["execution_id"]}
    (correlation,) = {event["correlation_id"] for event in log.events}
    assert correlation
    notes = {event["data"]["body"]: event for event in log.of("note")}
    assert notes["routing where?"]["agent"] == "planner.router"
    assert (notes["looking"]["agent"], notes["looking"]["step"]) == ("planner", "planner/look")
    (line,) = log.of("log")
    assert line["data"]["fields"]["correlation_id"] == correlation
    assert line["data"]["fields"]["agent"] == "planner.router"


def day_item(day: str) -> dict[str, str]:
    """Placeholder of a day."""
    return {"key": f"day:{day}", "kind": "day", "title": f"Day {day}"}


async def test_map_plans_first_keeps_order_and_lets_items_fail_alone():
    """Partial failure is a result, not an accident."""

    async def plan_day(item: Item, day: str) -> dict[str, str]:
        await item.progress(1, 2, message="halfway")
        async with item.output(f"text:{day}") as out:
            await out.write(f"about {day}")
        if day == "b":
            raise ValueError("closed on Mondays")
        return {"day": day}

    async def build(run: Run, trip: Trip) -> int:
        days = await run.map(plan_day, trip.days, phase="plan", concurrency=2, on_error="partial", item=day_item)
        assert [isinstance(day, Failed) for day in days] == [False, True, False]
        return len(days)

    clock = Clock()
    log = await play(build, Trip(days=["a", "b", "c"]), phases={"plan": 100}, clock=clock)
    assert log.status == "partial"
    assert log.result == 3
    items = log.snapshot["items"]
    assert [items[f"day:{day}"]["status"] for day in "abc"] == ["finished", "failed", "finished"]
    assert items["day:a"]["data"] == {"day": "a"}
    assert "closed on Mondays" in items["day:b"]["error"]["message"]
    planned = [event["seq"] for event in log.of("item.planned")]
    assert max(planned) < min(event["seq"] for event in log.of("item.started"))


async def test_a_step_that_fails_is_tried_again_and_what_it_wrote_is_taken_back():
    """Viewers never see the text of a try that died."""
    tries = []

    async def write(run: Run) -> str:
        tries.append(1)
        async with run.output("summary") as out:
            await out.write("wrong " if len(tries) < 3 else "right")
            if len(tries) < 3:
                raise ConnectionError("model went away")
        return out.text

    async def build(run: Run) -> str:
        return await run.step(write, options=Step(retries=2, backoff=4))

    clock = Clock()
    log = await play(build, clock=clock)
    assert log.result == "right"
    assert log.snapshot["outputs"]["summary"]["text"] == "right"
    assert len(log.of("attempt.discarded")) == 2
    assert len(clock.waits) == 2
    assert 2 <= clock.waits[0] <= 4 <= clock.waits[1] <= 8
    fold = Fold()
    for event in log.events:
        fold.apply(event)
        if event["type"] == "attempt.discarded":
            assert fold.entry("outputs", "summary") is None
    assert [error["severity"] for error in log.snapshot["errors"]] == ["warning", "warning"]


async def test_what_an_item_had_said_is_not_said_twice():
    """Its function runs in a step, and when that is tried again, it says all of it again; errors stay."""
    tries: list[int] = []

    async def look(item: Item, number: int) -> None:
        tries.append(number)
        await item.note(f"looking at {number}")
        await item.custom("seen", len(tries), key=str(len(tries)))
        if len(tries) == 2:
            raise ConnectionError("closed")

    async def build(run: Run) -> None:
        await run.map(look, [1, 2], concurrency=1, retries=1)

    log = await play(build)
    assert tries == [1, 2, 2]
    assert [note["body"] for note in log.snapshot["notes"]] == ["looking at 1", "looking at 2"]
    assert log.snapshot["custom"] == {"seen": {"1": 1, "3": 3}}
    assert len(log.snapshot["errors"]) == 1
    assert len(log.of("note")) == 3


async def test_a_step_of_an_item_that_is_tried_again_is_told_with_item_and_category():
    """Whoever shows the item can say why it takes longer. What the step had planned is there again after the retry."""
    tries: list[int] = []

    class Away(Exception):
        code, category = "provider_down", "provider"

    async def look(run: Run) -> str:
        tries.append(1)
        await run.item("day:1/museum", kind="place", parent="day:1").plan()
        if len(tries) == 1:
            raise Away("no answer")
        return "seen"

    async def day(item: Item, number: int) -> str:
        return await item.step(look, options=Step(retries=2))

    async def build(run: Run) -> None:
        await run.map(day, [1], item=lambda number: {"key": f"day:{number}"})

    log = await play(build)
    [told] = log.snapshot["errors"]
    assert {name: told[name] for name in ("severity", "category", "code", "item", "retryable")} == {
        "severity": "warning",
        "category": "provider",
        "code": "provider_down",
        "item": "day:1",
        "retryable": True,
    }
    assert log.snapshot["items"]["day:1/museum"]["kind"] == "place"
    assert log.status == "succeeded"


async def test_an_error_that_says_it_is_final_is_not_tried_again():
    """Asking a shop that is closed for good once more is no use."""
    tries: list[int] = []

    class Closed(Exception):
        retryable = False

    async def look() -> None:
        tries.append(1)
        raise Closed

    async def build(run: Run) -> None:
        await run.step(look, options=Step(retries=5))

    log = await play(build)
    assert log.status == "failed"
    assert len(tries) == 1


async def test_a_body_that_fails_is_tried_again_and_finished_steps_are_not():
    """Job retries go on at the last checkpoint."""
    ran = {"a": 0, "b": 0}

    async def a() -> int:
        ran["a"] += 1
        return 41

    async def build(run: Run) -> int:
        async with run.phase("main"):
            value = await run.step(a)
            ran["b"] += 1
            if ran["b"] < 3:
                raise RuntimeError("not yet")
        return int(value) + 1

    log = await play(build, retries=2)
    assert (log.status, log.result) == ("succeeded", 42)
    assert ran == {"a": 1, "b": 3}
    assert [execution["reason"] for execution in log.snapshot["executions"]] == ["created", "retry", "retry"]
    assert log.snapshot["phases"][0]["status"] == "finished"


async def test_the_same_step_key_twice_is_an_error():
    """Two results under one key would be mixed up after a crash."""

    async def work() -> None:
        return None

    async def build(run: Run) -> None:
        await run.step(work)
        await run.step(work)

    log = await play(build)
    assert log.status == "failed"
    assert "begun already" in log.snapshot["error"]["message"]
    assert log.snapshot["error"]["code"] == UsageError.code


async def test_plain_functions_report_from_their_thread():
    """A ``def`` job, a ``def`` step, and a callback from a third thread use the same handle."""

    def solve(run: Plain) -> str:
        reporter = threading.Thread(target=lambda: run.note("from a solver's thread"))
        reporter.start()
        reporter.join()
        return threading.current_thread().name

    def build(run: Plain, trip: Trip) -> str:
        with run.phase("main", total=2) as phase:
            phase.advance()
            name = run.step(solve)
            with run.item("x", title="X") as item:
                item.update({"n": 1})
                current().note("by the current handle")
                assert item.key == "x"
            with run.output("text") as out:
                out.write("hello")
        assert name != threading.main_thread().name
        return out.text

    log = await play(build, Trip(days=[]))
    assert (log.status, log.result) == ("succeeded", "hello")
    assert log.snapshot["items"]["x"]["data"] == {"n": 1}
    assert [note["body"] for note in log.snapshot["notes"]] == ["from a solver's thread", "by the current handle"]


async def test_a_timeout_fails_the_run():
    """With the code viewers can tell it by."""

    async def build(run: Run) -> None:
        await asyncio.Event().wait()

    log = await play(build, timeout=0.05)
    assert log.status == "failed"
    assert log.snapshot["error"]["code"] == "timed_out"


async def test_a_result_that_does_not_fit_its_annotation_fails_the_run():
    """Wrong results are not passed on."""

    async def build(run: Run) -> int:
        return "many"  # type: ignore[return-value]

    log = await play(build)
    assert log.snapshot["error"]["code"] == "result_invalid"


async def test_an_input_that_does_not_fit_is_refused_with_the_place():
    """Before anything is written."""

    async def build(run: Run, trip: Trip) -> None:
        return None

    with pytest.raises(InvalidInput, match=r"days") as caught:
        await play(build, {"days": "soon"})
    assert caught.value.extra["errors"][0]["loc"] == ["days"]


async def test_what_json_cannot_say_is_refused_where_it_is_reported():
    """The error names the event, and the run can go on."""

    async def build(run: Run) -> str:
        with pytest.raises(InvalidEvent) as caught:
            await run.custom("thing", object())
        return str(caught.value)

    log = await play(build)
    assert "custom" in log.result
