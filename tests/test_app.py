"""The composition root: life, registering, opening, starting, and where jobs run."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from headway import Headway, Run
from headway.config import Settings
from headway.errors import (
    InvalidInput,
    JobNotFound,
    KeyReused,
    NotStarted,
    Owned,
    RunNotFound,
    RunUnsuccessful,
    UsageError,
)
from headway.stores.memory import MemoryStore
from tests.engines import crashing


class Trip(BaseModel):
    """Some input."""

    days: int


def application(store: str = "memory://", **settings: object) -> Headway:
    """A Headway with one job, which runs in this process."""
    hw = Headway(store, worker="inline", settings=Settings(**settings))  # type: ignore[arg-type]

    @hw.job(phases={"plan": 100})
    async def plan(run: Run, trip: Trip) -> int:
        async with run.phase("plan", total=trip.days) as phase:
            for _ in range(trip.days):
                await phase.advance()
        return trip.days

    return hw


@pytest.fixture(params=["memory", "sqlite"])
async def hw(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Headway]:
    """A started one on a real store."""
    async with application("memory://" if request.param == "memory" else str(tmp_path / "runs.db")) as started:
        yield started


async def test_a_job_is_started_watched_and_awaited(hw: Headway) -> None:
    """By its name, with a key, and by the function."""
    handle = await hw.start("plan", {"days": 3}, key="k", owner="ada", title="A trip", metadata={"n": 1})
    states = [(state["status"], event["type"] if event else None) async for state, event in hw.watch(handle.id)]
    assert await handle.result() == 3
    assert states[0][1] is None
    assert states[-1] == ("succeeded", "run.succeeded")
    again = await hw.start(hw.jobs["plan"].fn, Trip(days=3), key="k", owner="ada")
    assert again.id == handle.id
    assert await (await hw.get(handle.id)).result() == 3
    snapshot = await handle.snapshot()
    assert (snapshot["title"], snapshot["owner"], snapshot["metadata"]) == ("A trip", "ada", {"n": 1})
    assert [event async for _, event in handle.watch()] == [None]
    with pytest.raises(KeyReused):
        await hw.start("plan", {"days": 4}, key="k", owner="ada")
    with pytest.raises(InvalidInput):
        await hw.start("plan", {"days": "many"})
    for unknown in ("nothing", application):
        with pytest.raises(JobNotFound, match="there is no job"):
            await hw.start(unknown, {})
    with pytest.raises(JobNotFound, match="there is no job 'plam'; did you mean 'plan'"):
        await hw.start("plam", {})
    with pytest.raises(RunNotFound):
        await hw.get("run_none")


async def test_a_run_is_cancelled_and_tried_again_by_its_handle(hw: Headway) -> None:
    """The result of a cancelled run is an error."""
    begun = asyncio.Event()
    ran: list[int] = []

    @hw.job
    async def wait(run: Run) -> str:
        ran.append(run.context.attempt)
        begun.set()
        if len(ran) == 1:
            await asyncio.Event().wait()
        return "done"

    handle = await hw.start(wait)
    await begun.wait()
    waiting = asyncio.create_task(handle.result())
    await handle.cancel("enough", by="ada")
    with pytest.raises(RunUnsuccessful, match="cancelled"):
        await waiting
    await handle.retry(by="ada")
    assert (await handle.result(), ran) == ("done", [1, 2])


async def test_a_job_that_is_stopping_may_still_start_others(tmp_path: Path) -> None:
    """Until it has ended, the application has not."""
    hw = application(str(tmp_path / "runs.db"), drain_s=20)
    begun, go = asyncio.Event(), asyncio.Event()

    @hw.job
    async def parent(run: Run) -> str:
        begun.set()
        await go.wait()
        return (await hw.start("plan", {"days": 1})).id

    async with hw:
        handle = await hw.start(parent)
        await begun.wait()
        stopping = asyncio.create_task(hw._stop())
        await asyncio.sleep(0)
        go.set()
        await stopping
    async with application(str(tmp_path / "runs.db")) as again:
        child = await (await again.get(handle.id)).result()
        assert await (await again.get(child)).result() == 1


async def test_nothing_works_before_it_is_started_and_it_starts_once() -> None:
    """The error names the line that is missing."""
    hw = application()
    for call in (hw.open("report"), hw.start("plan", {"days": 1}), hw.get("run_1")):
        with pytest.raises(NotStarted, match=r"lifespan=hw\.lifespan"):
            await call
    with pytest.raises(NotStarted):
        hw._runtime()
    async with hw:
        with pytest.raises(UsageError, match="already"):
            await hw.__aenter__()
    async with hw:
        assert await (await hw.start("plan", {"days": 1})).result() == 1


def test_two_jobs_do_not_share_a_name() -> None:
    """Registering the same function again is no mistake."""
    hw = application()
    hw.job(hw.jobs["plan"].fn)
    with pytest.raises(UsageError, match="another job named 'plan'"):

        @hw.job(name="plan")
        async def other(run: Run) -> None: ...

    with pytest.raises(UsageError, match="takes 0 positional"):

        @hw.job
        async def nothing() -> None: ...

    assert Headway(MemoryStore()).store.caps.name == "memory"


async def test_an_application_works_in_its_own_background_tasks() -> None:
    """Its own routes, its own lifespan inside ours, its own function; the run ends however the work ends."""
    hw = Headway("memory://")
    seen: list[str] = []

    @asynccontextmanager
    async def mine(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        seen.append("mine")
        yield {"key": "value"}

    app = FastAPI(lifespan=hw.lifespan(mine))
    hw.mount(app, "/headway/")

    async def build(run: Run, pages: int) -> None:
        async with run:
            await run.progress(pages, pages)
            if not pages:
                raise ValueError("nothing to write")

    @app.post("/reports", status_code=202)
    async def create(pages: int, tasks: BackgroundTasks, request: Request) -> object:
        seen.append(request.state.key)
        run = await hw.open("report", phases=["main"])
        tasks.add_task(build, run, pages)
        return run.handle

    @app.get("/reports/{run_id}/events")
    async def events(run_id: str, request: Request) -> Response:
        return await hw.stream(request, run_id)

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        with pytest.raises(NotStarted):
            await hw.open("report")
        async with app.router.lifespan_context(app) as state:
            assert state == {"key": "value"}
            transport.app = lambda scope, receive, send: app({**scope, "state": dict(state)}, receive, send)
            for pages, status in ((3, "succeeded"), (0, "failed")):
                answer = await client.post("/reports", params={"pages": pages})
                handle = answer.json()
                assert handle["links"]["self"] == f"/headway/v1/runs/{handle['id']}"
                assert (await (await hw.get(handle["id"])).snapshot())["status"] == status
                stream = await client.get(f"/reports/{handle['id']}/events")
                assert "event: end" in stream.text
    assert seen == ["mine", "value", "value"]


async def test_a_run_for_a_worker_elsewhere_is_not_worked_on_here() -> None:
    """It waits, with its owner; whoever enters its handle by mistake is told."""
    async with Headway("memory://", worker="none") as hw:
        run = await hw.open("report", owner="ada", queued=True, lease_s=5)
        assert run.created
        with pytest.raises(Owned, match="elsewhere"):
            await run.__aenter__()
        row = await hw.commands.row(run.id)
        assert (row.status, row.worker, row.owner, row.lease_s) == ("queued", None, "ada", 5)


async def test_a_worker_works_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """And takes what was queued elsewhere."""
    serving = Headway(str(tmp_path / "runs.db"), worker="none")
    working = application(str(tmp_path / "runs.db"))
    serving.job(working.jobs["plan"].fn)
    stop = asyncio.Event()
    async with serving:
        handle = await serving.start("plan", {"days": 2})
        work = asyncio.create_task(working.work(stop))
        assert await handle.result() == 2
        stop.set()
        await work
    with pytest.raises(UsageError, match="no job"):
        await Headway("memory://").work(stop)


async def test_a_process_without_workers_says_who_runs_its_jobs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not itself: whoever reads its log must not look for them there."""
    caplog.set_level(logging.INFO, "headway")
    hw = application(str(tmp_path / "runs.db"))
    async with Headway(str(tmp_path / "runs.db"), worker="none") as serving:
        assert "run by" not in caplog.text  # it has none
    serving.job(hw.jobs["plan"].fn)
    async with serving:
        assert "jobs and listeners are run by worker processes elsewhere (embedded engine): plan" in caplog.text


async def test_jobs_run_in_a_process_of_their_own_where_that_is_possible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else in the server, with a line that says why."""
    child = crashing.hw._child()
    assert child is not None
    assert child._target == "tests.engines.crashing:hw"
    hw = Headway(str(tmp_path / "runs.db"), worker="process")
    hw.job(application().jobs["plan"].fn)
    async with hw:
        assert await (await hw.start("plan", {"days": 1})).result() == 1
    assert "no module holds this Headway" in caplog.text


async def test_a_start_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be started again when the reason is gone."""
    hw = application()
    start = hw.hub.start

    async def broken() -> None:
        raise OSError("no more files")

    before = len(asyncio.all_tasks())
    monkeypatch.setattr(hw.hub, "start", broken)
    with pytest.raises(OSError, match="no more files"):
        await hw.__aenter__()
    assert len(asyncio.all_tasks()) == before
    monkeypatch.setattr(hw.hub, "start", start)
    async with hw:
        assert hw._supervision.statistics() == {"executions": 0, "pending_bytes": 0}
