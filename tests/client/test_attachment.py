"""Reporting into a run from outside, by coroutines and by plain code, over a network that misbehaves."""

import asyncio
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

import headway
from headway.app import Headway
from headway.client import Client, attach
from headway.errors import (
    CancelRequested,
    Conflict,
    Fenced,
    InvalidEvent,
    Owned,
    RunClosed,
    RunNotFound,
    StoreUnavailable,
    UsageError,
)
from headway.publish.run import Run
from tests.client.running import running, wire
from tests.client.scripted import RUN


@pytest.fixture
async def run_id(client) -> str:
    """A run whose work happens elsewhere."""
    id: str = (await client.open("elsewhere"))["id"]
    return id


@pytest.fixture
def quick(monkeypatch) -> None:
    """Hearts beat fast."""
    monkeypatch.setattr("headway.client.sink.BEAT_S", 0.05)


async def types(client: Client, run_id: str) -> list[str]:
    """Types of all events after the two every run begins with."""
    events = (await client.events(run_id))["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return [event["type"] for event in events if not event["type"].startswith(("run.queued", "run.started"))][1:]


async def until(client: Client, run_id: str, status: str) -> dict[str, Any]:
    """Wait for a status; return the run's state."""
    async with asyncio.timeout(20):
        while (state := await client.get(run_id))["status"] != status:
            await asyncio.sleep(0.01)
    return state


async def in_thread(work: Callable[[], Any]) -> Any:
    """Run plain code where plain code runs."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


# -- joining


async def test_a_block_reports_and_leaves_the_run_running(client, server, run_id):
    """Everything reported is written when the block is left."""
    async with attach(server.url, run_id) as run:
        assert run.id == run_id
        assert headway.current() is run
        await run.progress(3, 10, message="three")
        async with run.item("a") as item:
            await item.progress(1, 2)
        await run.note("hello")
    state = await client.get(run_id)
    assert (state["status"], state["progress"]["percent"], state["attempt"]) == ("running", 30, 1)
    assert state["items"]["a"]["status"] == "finished"
    assert [note["body"] for note in state["notes"]] == ["hello"]


async def test_plain_code_reports_the_same_way(client, server, run_id):
    """`with` instead of `async with`, calls instead of awaits; parts too."""

    def work():
        with attach(server.url, run_id) as run:
            assert headway.current() is run
            run.progress(3, 10)
            with run.item("a") as item:
                item.progress(1, 2)
            with run.output("text") as out:
                out.write("schön ")
                out.write("🏔")
            run.finish({"answer": 42})

    await in_thread(work)
    state = await client.get(run_id)
    assert (state["status"], state["result"], state["outputs"]["text"]["text"]) == (
        "succeeded",
        {"answer": 42},
        "schön 🏔",
    )
    assert not [thread.name for thread in threading.enumerate() if "attach" in thread.name]


async def test_only_finish_and_fail_end_the_run(client, server, run_id):
    """An exception goes on to the caller; the run is not ours to end."""
    attachment = attach(server.url, run_id)
    run = await attachment.__aenter__()
    await run.note("before")
    assert await attachment.__aexit__(ZeroDivisionError, ZeroDivisionError(), None) is False
    assert (await client.get(run_id))["status"] == "running"
    async with attach(server.url, run_id) as run:
        await run.fail("the disk is full")
    state = await client.get(run_id)
    assert (state["status"], state["error"]["message"]) == ("failed", "the disk is full")


async def test_fifty_reporters_share_one_execution(client, server, run_id):
    """Each with items of its own; nobody fences anybody."""

    async def work(number: int) -> None:
        async with attach(server.url, run_id) as run, run.item(f"part:{number}") as item:
            for done in range(3):
                await item.progress(done, 3)

    await asyncio.gather(*(work(number) for number in range(50)))
    state = await client.get(run_id)
    assert state["attempt"] == 1
    assert {item["status"] for item in state["items"].values()} == {"finished"}
    assert len(state["items"]) == 50


async def test_a_queued_run_gets_an_execution(client, server, run_id):
    """A run that was reopened waits for somebody to work on it."""
    async with attach(server.url, run_id) as run:
        await run.fail("first try")
    await client.retry(run_id, seq=(await client.get(run_id))["seq"])
    async with attach(server.url, run_id) as run:
        assert run.context.attempt == 2
        await run.finish()
    assert (await client.get(run_id))["status"] == "succeeded"


async def test_a_job_is_joined_beside_its_worker_and_not_taken_over():
    """Whoever took it would have no lease, and the worker would be gone."""
    hw = Headway("memory://", worker="inline")
    go = asyncio.Event()

    @hw.job
    async def build(run: Run) -> str:
        await go.wait()
        return "by its worker"

    with running(hw) as server:
        async with Client(server.url) as client:
            run_id = (await client.start("build"))["id"]
            await until(client, run_id, "running")
            with pytest.raises(Conflict, match="belongs to a worker of job 'build'"):
                await attach(server.url, run_id, take_over=True).__aenter__()
            async with attach(server.url, run_id) as run:
                await run.note("beside it")
            server.loop.call_soon_threadsafe(go.set)
            state = await until(client, run_id, "succeeded")
    assert (state["attempt"], state["result"]) == (1, "by its worker")
    assert [note["body"] for note in state["notes"]] == ["beside it"]


async def test_what_cannot_be_joined(client, server, run_id):
    """An ended run, one that is not there, a block entered twice, a step."""
    async with attach(server.url, run_id) as run:
        with pytest.raises(UsageError, match="step"):
            await run.step(asyncio.sleep, 0)
        await run.finish()
    with pytest.raises(RunClosed, match="has succeeded"):
        await attach(server.url, run_id).__aenter__()
    with pytest.raises(RunNotFound):
        await attach(server.url, RUN).__aenter__()
    with pytest.raises(RunNotFound):
        await in_thread(lambda: attach(server.url, RUN).__enter__())
    other = attach(server.url, (await client.open("b"))["id"])
    async with other:
        with pytest.raises(UsageError, match="entered before"):
            await other.__aenter__()


async def test_what_an_event_cannot_carry_is_said_where_it_is_reported(server, run_id):
    """And nothing of it is sent."""
    async with attach(server.url, run_id) as run:
        with pytest.raises(InvalidEvent):
            await run.progress(-1, 3)
        with pytest.raises(InvalidEvent):
            await run.finish(object())


# -- being stopped


async def test_taking_over_stops_the_one_before(client, server, run_id, quick):
    """The newer execution owns the run; the older learns it without reporting, and nothing of it is written."""
    begun = asyncio.Event()

    async def old() -> None:
        async with attach(server.url, run_id) as run:
            await run.note("old")
            begun.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(old())
    await begun.wait()
    async with attach(server.url, run_id, take_over=True) as run:
        assert run.context.attempt == 2
        with pytest.raises(Fenced):
            await working
        await run.finish()
    assert (await types(client, run_id))[-1] == "run.succeeded"


async def test_plain_code_is_fenced_where_it_reports_next(client, server, run_id):
    """The error leaves the block."""
    taken = threading.Event()

    def old():
        with attach(server.url, run_id) as run:
            run.note("old")
            begun.set()
            assert taken.wait(25)
            for _ in range(100):
                run.note("late")
                run.flush()

    begun = threading.Event()
    working = asyncio.create_task(in_thread(old))
    await in_thread(lambda: begun.wait(25))
    async with attach(server.url, run_id, take_over=True):
        taken.set()
        with pytest.raises(Fenced):
            await working
    assert [note["body"] for note in (await client.get(run_id))["notes"]] == ["old"]


async def test_a_cancelled_run_stops_its_block_and_is_confirmed(client, server, run_id, quick):
    """The block learns it by its heartbeat, is cancelled where it waits, and says that it has stopped."""
    begun = asyncio.Event()
    stopped = []

    async def work() -> str:
        async with attach(server.url, run_id) as run:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                stopped.append(run.cancel_requested)
                raise
        return "went on after the block"

    working = asyncio.create_task(work())
    await begun.wait()
    await client.cancel(run_id, reason="enough")
    assert await working == "went on after the block"
    assert stopped == [True]
    assert (await client.get(run_id))["status"] == "cancelled"


async def test_plain_code_is_told_to_stop_where_it_reports_next(client, server, run_id, quick):
    """Parts of the run tell it, too, and methods that were taken before; the block ends without an error."""
    begun, asked = threading.Event(), threading.Event()
    raised = []

    def work():
        with attach(server.url, run_id) as run, run.item("a") as item:
            report = item.progress
            begun.set()
            assert asked.wait(25)
            while True:
                try:
                    report(1, 2)
                except CancelRequested:
                    raised.append(run.cancel_requested)
                    raise

    working = asyncio.create_task(in_thread(work))
    await in_thread(lambda: begun.wait(25))
    await client.cancel(run_id)
    asked.set()
    await working
    assert raised == [True]
    assert (await client.get(run_id))["status"] == "cancelled"


async def test_all_reporters_of_a_cancelled_run_stop(client, server, run_id, quick):
    """The first one confirms; the others find it confirmed. Nobody fails, whoever comes first."""
    begun = asyncio.Barrier(4)

    async def work() -> None:
        with suppress(RunClosed):  # who was about to report when another had confirmed
            async with attach(server.url, run_id):
                await begun.wait()
                await asyncio.Event().wait()

    working = asyncio.gather(*(work() for _ in range(3)))
    await begun.wait()
    await client.cancel(run_id)
    await working
    assert (await types(client, run_id))[-2:] == ["run.cancel_requested", "run.cancelled"]


async def test_somebody_elses_cancellation_is_not_ours(client, server, run_id):
    """A task that is cancelled for other reasons leaves the run as it is."""
    begun = asyncio.Event()

    async def work() -> None:
        async with attach(server.url, run_id) as run:
            await run.note("hello")
            begun.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    state = await client.get(run_id)
    assert (state["status"], [note["body"] for note in state["notes"]]) == ("running", ["hello"])


async def test_the_end_of_the_run_stops_a_block(client, server, run_id, quick):
    """Another reporter has finished it."""
    begun = asyncio.Event()

    async def work() -> None:
        async with attach(server.url, run_id):
            begun.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await begun.wait()
    async with attach(server.url, run_id) as run:
        await run.finish("done")
    with pytest.raises(RunClosed):
        await working


async def test_a_lease_is_kept_while_the_block_lasts(client, server, quick):
    """A reporter that computes for long is not taken for dead."""
    run_id = (await client.open("long", lease_s=60))["id"]
    async with attach(server.url, run_id):
        for _ in range(3):
            before = (await server.hw.store.get(run_id)).updated_at
            async with asyncio.timeout(20):
                while (await server.hw.store.get(run_id)).updated_at == before:
                    await asyncio.sleep(0.01)
    assert (await server.hw.store.get(run_id)).status == "running"


async def test_a_short_lease_does_not_lapse_while_its_reporter_lives(client, server):
    """Hearts beat as the lease demands, whoever reports nothing for longer; nobody else gets the run."""
    run_id = (await client.open("brief", lease_s=4))["id"]
    signs: set[str] = set()
    async with attach(server.url, run_id), asyncio.timeout(60):
        while len(signs) < 5:  # opened, then thrice in a lease: it would be over
            with pytest.raises(Owned) as refused:
                await client.take_over(run_id)
            signs.add(refused.value.extra["updated_at"])
            await asyncio.sleep(0.05)
    assert (await client.get(run_id))["status"] == "running"


# -- the network


async def test_lost_answers_double_nothing(client, server, run_id):
    """A batch whose answer did not come is sent again, and known by its keys: the last one, too."""
    async with wire(server) as network, attach(network.url, run_id) as run:
        await run.note("one")
        await run.flush()
        network.switch("no answers")
        await run.note("two")
        finishing = asyncio.create_task(run.finish({"n": 2}))
        while network.lost < 3:
            await asyncio.sleep(0.01)
        assert not finishing.done()
        network.switch("open")
        await finishing
    assert await types(client, run_id) == ["note", "note", "run.succeeded"]


async def test_a_server_that_is_away_is_waited_for(client, server, run_id):
    """Reports go on meanwhile; then everything is there, once and in order."""
    async with wire(server) as network, attach(network.url, run_id) as run:
        await run.note("0")
        await run.flush()
        network.switch("closed")
        for number in range(1, 40):
            await run.note(str(number))
            await asyncio.sleep(0.005)
        network.switch("open")
        await run.flush()
    assert [note["body"] for note in (await client.get(run_id))["notes"]] == [str(number) for number in range(40)]


async def test_a_server_that_is_being_started_is_waited_for_at_the_door(client, server, run_id):
    """Entering tries again; a run taken over twice is taken over."""
    async with wire(server) as network:
        network.switch("closed")
        attachment = attach(network.url, run_id, take_over=True)
        entering = asyncio.create_task(attachment.__aenter__())
        await asyncio.sleep(0.2)
        network.switch("no answers")
        while not network.lost:
            await asyncio.sleep(0.01)
        network.switch("open")
        run = await entering
        await run.finish()
        await attachment.__aexit__(None, None, None)
    assert (await client.get(run_id))["status"] == "succeeded"


async def test_a_server_that_never_comes_is_given_up_at_the_door(monkeypatch):
    """After a while, with the address; in one error that says what to do, not in the chain of all that lie below."""
    monkeypatch.setattr("headway.client.attachment.PATIENCE_S", 0.3)

    def work() -> None:
        with attach("http://127.0.0.1:9", RUN):
            raise AssertionError

    with pytest.raises(StoreUnavailable) as caught:
        await in_thread(work)
    told = "".join(traceback.format_exception(caught.value))
    assert told.count("Traceback") == 1
    assert told.splitlines()[-1] == (
        "headway.errors.StoreUnavailable: http://127.0.0.1:9: the server cannot be reached (All connection attempts"
        " failed) (is it running there? The first contact needs the server, only then are reports kept for it)"
    )


async def test_a_full_buffer_makes_the_block_wait(client, server, run_id):
    """Memory is bounded while the server is away."""
    async with wire(server) as network, attach(network.url, run_id) as run:
        network.switch("closed")
        reported = 0

        async def report() -> None:
            nonlocal reported
            for _ in range(60):
                await run.custom("blob", "x" * 50_000, key=str(reported))
                reported += 1

        reporting = asyncio.create_task(report())
        while True:
            before = reported
            await asyncio.sleep(0.1)
            if reported == before:
                break
        assert reported < 40
        network.switch("open")
        await reporting
    assert len((await client.get(run_id))["custom"]["blob"]) == 60


def test_many_plain_blocks_at_once(server):
    """Each has its own thread and loop, and leaves nothing."""

    async def opened() -> str:
        async with Client(server.url) as client:
            id: str = (await client.open("shared"))["id"]
            return id

    run_id = asyncio.run(opened())

    def work(number: int) -> None:
        with attach(server.url, run_id) as run:
            for _ in range(5):
                run.item(f"part:{number}").progress(1, 2)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))

    async def items() -> int:
        async with Client(server.url) as client:
            return len((await client.get(run_id))["items"])

    assert asyncio.run(items()) == 16
