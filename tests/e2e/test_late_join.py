"""Who opens a page after 20,000 events gets the state at once, and its browser is not kept busy by how it came about."""

import pytest

from tests.e2e.fault import Fault

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

EVENTS = 20_000
BATCH = 1_000
COMMITS_MAX = 5


async def test_a_late_join_is_one_frame_and_a_few_commits(fault: Fault) -> None:
    """One snapshot on the wire and no event; React draws at most five times, in StrictMode and in development."""
    for _ in range(EVENTS // BATCH):
        await fault.run.go_on(count=BATCH)
    view = await fault.watch("react.html")
    await view.is_in("live")
    report = await view.report()
    snapshot = await fault.run.client.get(fault.run.id)
    del snapshot["live"]
    assert report["run"] == snapshot
    assert report["run"]["seq"] > EVENTS
    assert report["wire"] == {"events": [], "snapshots": [fault.run.seq]}
    [stream] = fault.network.streams
    assert stream.frames("snapshot") == 1
    assert 1 <= report["commits"] <= COMMITS_MAX

    await fault.go_on(view)
    await fault.ends_well(view)
    assert (await view.report())["events"] == list(range(snapshot["seq"] + 1, fault.run.seq + 1))
