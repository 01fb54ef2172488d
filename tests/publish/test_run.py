"""The run handle as a context manager: how a run ends, whoever ends it, and who is stopped by it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headway import Headway, current
from headway.core.events import new_event
from headway.errors import Fenced, InvalidEvent, Owned, RunClosed, RunUnsuccessful, UsageError
from headway.publish.run import Run
from headway.stores.base import Write


@pytest.fixture(params=["memory", "sqlite"])
async def hw(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Headway]:
    """A started Headway on a real store."""
    async with Headway("memory://" if request.param == "memory" else str(tmp_path / "runs.db")) as started:
        yield started


async def state(run: Run) -> dict[str, Any]:
    """The run's state."""
    return dict(await run.handle.snapshot())


async def test_leaving_ends_it_well(hw: Headway) -> None:
    """With what was reported before; what comes later is refused."""
    run = await hw.open("report", title="A report", phases={"read": 1})
    async with run:
        async with run.phase("read", total=2) as phase:
            await phase.advance()
        assert current() is run
    assert (await state(run))["status"] == "succeeded"
    with pytest.raises(UsageError, match="closed"):
        await run.note("late")
    with pytest.raises(UsageError, match="no run is active"):
        current()


async def test_leaving_by_an_exception_fails_it_and_the_exception_goes_on(hw: Headway) -> None:
    """Viewers are told what, never where."""
    run = await hw.open("report")
    with pytest.raises(ValueError, match="it broke"):
        async with run, run.phase("main"):
            raise ValueError("it broke")
    at_end = await state(run)
    assert (at_end["status"], at_end["error"]["message"]) == ("failed", "ValueError: it broke")
    assert at_end["phases"][0]["status"] == "failed"
    with pytest.raises(RunUnsuccessful, match="it broke"):
        await run.handle.result()


async def test_items_that_failed_make_it_partial(hw: Headway) -> None:
    """Unless they were begun again and went well."""
    for again in (False, True):
        run = await hw.open("report")
        async with run:
            item = run.item("a")
            with pytest.raises(ValueError, match="once"):
                async with item:
                    raise ValueError("once")
            if again:
                async with item, item.item("part") as part:
                    await part.finish({"n": 1})
        assert (await state(run))["status"] == ("succeeded" if again else "partial")


async def test_a_result_that_cannot_be_written_leaves_it_open(hw: Headway) -> None:
    """It may still be ended otherwise."""
    run = await hw.open("report")
    async with run:
        with pytest.raises(InvalidEvent):
            await run.finish(object())
        with pytest.raises(InvalidEvent):
            await run.finish({"big": 2**60})
        assert not run.ended
        await run.fail("no result \udcff")
        assert run.ended
    assert (await state(run))["error"]["message"] == "no result \ufffd"


async def test_a_cancelled_run_stops_its_block_and_nothing_else(hw: Headway) -> None:
    """The cancellation began here, so it ends here."""
    run = await hw.open("report")
    async with run:
        await hw.commands.cancel(run.id, by="ada")
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)
    assert (await state(run))["status"] == "cancelled"


async def test_a_block_that_swallows_its_cancellation_leaves_no_trace_of_it(hw: Headway) -> None:
    """Later time-outs count cancellations."""
    run = await hw.open("report")
    async with run:
        await hw.commands.cancel(run.id)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert (await state(run))["status"] == "succeeded"


async def test_a_run_cancelled_before_its_block_is_not_worked_on(hw: Headway) -> None:
    """A block without a pause has ended before it can be stopped; nothing is stopped after it."""
    for pauses in (True, False):
        run = await hw.open("report")
        await hw.commands.cancel(run.id)
        await run.flush()
        await run.note("x")
        await run.flush()
        assert run.cancel_requested
        async with run:
            if pauses:
                await asyncio.Event().wait()
        assert (await state(run))["status"] == ("cancelled" if pauses else "succeeded")


async def test_a_task_cancelled_from_outside_loses_its_run_and_stays_cancelled(hw: Headway) -> None:
    """A server that stops its background work; also when the run was to be cancelled at the same moment."""
    for asked in (False, True):
        run = await hw.open("report")
        begun = asyncio.Event()

        async def work(run: Run = run, begun: asyncio.Event = begun) -> None:
            async with run:
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await begun.wait()
        if asked:
            run._execution.cancel()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        at_end = await state(run)
        assert at_end["status"] == ("cancelled" if asked else "failed")
        assert asked or at_end["error"]["code"] == "worker_lost"


async def test_a_run_taken_over_or_ended_elsewhere_stops_its_block(hw: Headway) -> None:
    """Nothing is written any more, and the caller learns why."""

    async def taken_over(run: Run) -> None:
        async with run:
            await hw.commands.take_over(run.id, take_over=True)
            await asyncio.Event().wait()

    async def ended(run: Run) -> None:
        async with run:
            await hw.store.append(run.id, Write(events=[new_event("run.cancelled", {"forced": True})]))
            await asyncio.Event().wait()

    async def fails_when_stopped(run: Run) -> None:
        async with run:
            await hw.commands.take_over(run.id, take_over=True)
            with pytest.raises(asyncio.CancelledError):
                await asyncio.Event().wait()
            raise ValueError("own")

    run = await hw.open("report")
    with pytest.raises(Fenced):
        await taken_over(run)
    assert (await state(run))["status"] == "running"
    run = await hw.open("report")
    with pytest.raises(RunClosed):
        await ended(run)
    assert (await state(run))["status"] == "cancelled"
    with pytest.raises(ValueError, match="own"):
        await fails_when_stopped(await hw.open("report"))


async def test_a_run_opened_twice_is_worked_on_once(hw: Headway) -> None:
    """Who comes second is told before any work is done."""
    first = await hw.open("report", key="k")
    second = await hw.open("report", key="k")
    assert (first.id, second.created) == (second.id, False)
    with pytest.raises(Owned):
        async with second:
            raise AssertionError
    async with first:
        pass
    assert (await state(first))["status"] == "succeeded"


async def test_steps_of_an_opened_run_are_tried_again(hw: Headway) -> None:
    """They are kept like those of jobs; the same key twice is refused."""
    tries: list[int] = []

    async def look(run: Run) -> str:
        tries.append(1)
        await run.note("looking")
        if len(tries) < 2:
            raise ConnectionError("cut")
        return str(run.step_key)

    run = await hw.open("report")
    async with run:
        from headway import Step

        assert await run.step(look, options=Step(retries=1, backoff=0.001)) == "look"
        with pytest.raises(UsageError, match="begun already"):
            await run.step(look)
        await run.error("something", item="a")
        await run.plan(["one", "two"])
        await run.custom("thing", {"n": 1}, key="k")
    at_end = await state(run)
    assert [phase["id"] for phase in at_end["phases"]] == ["one", "two"]
    assert at_end["custom"] == {"thing": {"k": {"n": 1}}}


async def test_one_output_has_one_writer(hw: Headway) -> None:
    """Two would mix their texts."""
    run = await hw.open("report")
    async with run, run.output("text") as out:
        await out.write("a")
        await out.write("")
        with pytest.raises(UsageError, match="one writer"):
            async with run.output("text"):
                raise AssertionError
        await out.write("b")
    assert (await state(run))["outputs"]["text"]["text"] == out.text == "ab"


async def test_the_plain_face_is_refused_on_its_own_loop(hw: Headway) -> None:
    """It would wait for itself for ever; in a thread it works."""
    run = await hw.open("report")
    async with run:
        plain = run.plain
        with pytest.raises(UsageError, match="its own event loop"):
            plain.note("here")
        await asyncio.to_thread(plain.note, "in a thread")
    assert [note["body"] for note in (await state(run))["notes"]] == ["in a thread"]


async def test_maps_are_checked_before_they_begin(hw: Headway) -> None:
    """Two items with one key would mix their results."""

    async def double(value: int) -> int:
        return 2 * value

    run = await hw.open("report")
    async with run:
        with pytest.raises(UsageError, match="two items"):
            await run.map(double, [1, 2], item=lambda value: {"key": "same"})
        with pytest.raises(UsageError, match="runs nothing"):
            await run.map(double, [1], concurrency=0)
        assert await run.map(double, [1, 2], phase="main") == [2, 4]
    assert (await state(run))["items"]["double:1"]["data"] == 2


async def test_a_strict_run_ends_its_block_when_an_event_is_refused(
    hw: Headway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails with what refused it, and the block is told."""
    append, refusals = hw.store.append, [InvalidEvent("no such thing")]

    async def choosy(*args: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return await append(*args)

    async def build(run: Run) -> None:
        async with run:
            await run.note("refused")
            await asyncio.Event().wait()

    run = await hw.open("report", strict=True)
    monkeypatch.setattr(hw.store, "append", choosy)
    with pytest.raises(InvalidEvent, match="no such thing"):
        await build(run)
    at_end = await state(run)
    assert (at_end["status"], at_end["error"]["code"]) == ("failed", "invalid_event")


async def test_failures_leave_at_once(hw: Headway) -> None:
    """A phase, an item or an error that is reported is committed when the report returns."""
    run = await hw.open("report", phases={"read": 1})
    run._execution.publisher._window_s = 1e6
    async with run:
        await run.note("begins the window")
        await run.flush()
        with pytest.raises(ValueError, match="wrong"):
            async with run.phase("read"):
                raise ValueError("wrong")
        assert (await state(run))["phases"][0]["status"] == "failed"
        with pytest.raises(ValueError, match="wrong"):
            async with run.item("page"):
                raise ValueError("wrong")
        assert (await state(run))["items"]["page"]["status"] == "failed"
        await run.error("wrong", severity="critical")
        assert (await state(run))["errors"][-1]["severity"] == "critical"
