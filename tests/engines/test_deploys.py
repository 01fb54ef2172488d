"""What is in the middle when other code comes: versions that refuse it, and steps that are found by their keys."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from headway import Run
from headway.engines.job import make_job
from headway.engines.sweeper import Sweeper
from tests.engines.world import World


async def test_what_began_under_one_version_is_not_continued_under_another(here: World) -> None:
    """But begun again under it, when somebody retries the run."""
    ran = []

    async def first() -> int:
        return 1

    async def build(run: Run) -> None:
        await run.step(first)
        ran.append(run.context.attempt)
        if len(ran) == 1:
            await Sweeper(here.store, here.worker)._take_over(await here.row(run.id))
            await asyncio.Event().wait()

    run_id = await here.start(build, version="1")
    await here.deliver(run_id)
    await here.deliver(run_id)
    assert (await here.row(run_id)).status == "succeeded"

    ran.clear()
    run_id = await here.start(build, version="1")
    await here.deliver(run_id)
    await here.start(build, version="2")
    state = await here.finish(run_id)
    assert (state["error"]["code"], ran) == ("code_changed", [1])
    await here.commands.retry(run_id)
    assert (await here.finish(run_id))["status"] == "succeeded"
    assert json.loads((await here.store.steps(run_id))["headway/version"]) == "2"


async def test_a_deploy_in_the_middle_of_a_run_goes_on_by_keys(here: World) -> None:
    """Steps the new code still has are not run again, wherever they stand; new ones run, gone ones are left alone."""
    ran: list[str] = []

    def noted(name: str) -> Callable[[], Awaitable[str]]:
        async def step() -> str:
            ran.append(name)
            return name

        return step

    async def before(run: Run) -> list[str]:
        done = [await run.step(noted(name), key=name) for name in ("read", "count")]
        raise ConnectionError(f"the deploy comes after {done}")

    async def after(run: Run) -> list[str]:
        return [await run.step(noted(name), key=name) for name in ("look", "read", "write")]

    run_id = await here.start(before, name="work", retries=1)
    assert await here.deliver(run_id)
    here.jobs["work"] = make_job(after, name="work", retries=1)
    await here.clock.sleep(60)
    state = await here.finish(run_id)
    assert (state["status"], state["result"]) == ("succeeded", ["look", "read", "write"])
    assert ran == ["read", "count", "look", "write"]
