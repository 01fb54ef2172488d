"""The storm of the fault matrix, with other seeds and for longer."""

import random

import pytest

from tests.e2e.fault import Fault, storm

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.soak,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("fault storms"),
]


@pytest.mark.parametrize("seed", range(1, 9))
async def test_storms(fault: Fault, seed: int) -> None:
    """The page ends in the server's state, and was told of everything once."""
    view = await fault.watch(tokens=["one", "two"])
    await storm(fault, random.Random(seed), faults=100)
    await fault.go_on(view)
    await fault.ends_well(view)


@pytest.mark.parametrize("seed", range(1, 5))
async def test_storms_over_tabs(fault: Fault, seed: int) -> None:
    """So do tabs that share a connection."""
    tabs = await fault.tabs(3)
    await storm(fault, random.Random(seed), faults=100)
    await fault.go_on(*tabs)
    await fault.ends_well(*tabs)


@pytest.mark.parametrize("seed", range(1, 5))
async def test_storms_over_many_runs(fault: Fault, seed: int) -> None:
    """So do the runs of a page that share one."""
    views = await fault.many(4)
    await storm(fault, random.Random(seed), *(view.run for view in views), faults=100)
    for view in views:
        await view.run.end()
    await fault.judge(*views)
