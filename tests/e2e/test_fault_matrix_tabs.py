"""What pages are told that share one connection: the tabs of a browser, and the runs of a page."""

import asyncio

import pytest

from tests.e2e.browsers import IS_FIREFOX
from tests.e2e.fault import Fault
from tests.e2e.fault_site import WatchPage

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("fault matrix, tabs"),  # they share a server, the built page and a browser
]


async def leader_and_others(tabs: list[WatchPage]) -> tuple[WatchPage, list[WatchPage]]:
    """Return the tab that has the connection, and those that follow it."""
    states = [(await tab.report())["connection"]["state"] for tab in tabs]
    assert sorted(states) == ["follower"] * (len(tabs) - 1) + ["live"]
    leader = tabs[states.index("live")]
    return leader, [tab for tab in tabs if tab is not leader]


async def one_connection(fault: Fault) -> None:
    """Wait until one stream is open."""
    while len(fault.network.open_streams) != 1:
        await asyncio.sleep(0.05)


async def test_twelve_tabs(fault: Fault) -> None:
    """Twelve tabs over HTTP/1.1: they share one connection, one after the other of those that have it is closed."""
    tabs = await fault.tabs(12)
    assert len(fault.network.streams) == 1
    await fault.go_on(*tabs)
    for _ in range(2):
        leader, tabs = await leader_and_others(tabs)
        await leader.page.close()
        await fault.go_on(*tabs)
        await one_connection(fault)
    await fault.ends_well(*tabs)
    assert len(fault.network.streams) == 3


async def test_leader_navigates(cached: Fault) -> None:
    """The tab with the connection goes to another site: it is put into the back/forward cache, and comes back."""
    leader, others = await leader_and_others(await cached.tabs(3))
    await leader.page.goto(cached.site.url)
    await cached.go_on(*others)
    await one_connection(cached)
    await leader.page.go_back(wait_until="commit")
    await cached.go_on(leader, *others)
    await leader.is_in("follower")
    await one_connection(cached)
    await cached.ends_well(leader, *others)
    assert (await leader.report())["restored"] is not IS_FIREFOX  # which caches no page that has a stream open


async def test_leader_hangs(fault: Fault) -> None:
    """The tab with the connection hangs: its main thread is paused, the others take over; then it goes on."""
    leader, others = await leader_and_others(await fault.tabs(3))
    async with leader.hanging():
        await fault.go_on(*others)
        assert len(fault.network.streams) <= 3  # on a busy machine both may take the lead, one after the other
    await leader.is_in("follower")
    await fault.go_on(leader, *others)
    await one_connection(fault)
    await fault.ends_well(leader, *others)


async def test_leader_loses_the_network(fault: Fault) -> None:
    """Tabs that share, cut: the one connection is reset again and again, and all tabs have everything."""
    tabs = await fault.tabs(3)
    for _ in range(3):
        fault.network.cut()
        await fault.go_on(*tabs)
    await one_connection(fault)
    await fault.ends_well(*tabs)


async def test_many_runs(fault: Fault) -> None:
    """Several runs over one connection: a page watches five; it is reset again and again, one run ends, one fails."""
    views = await fault.many(5)
    assert len(fault.network.open_streams) == 1
    for _ in range(3):
        fault.network.cut()
        for view in views:
            await view.run.go_on()
    for view in views:
        await view.has(view.run.seq)
    await views[0].run.end()
    await views[1].run.fail()
    fault.network.cut()
    await views[1].is_in("closed")
    await views[1].run.begin_again()
    for view in views[1:]:
        await view.run.end()
    await fault.judge(*views)


async def test_many_runs_polled(fault: Fault) -> None:
    """Several runs, while polling: a page polls ten, of which two wait at a time; all else it asks is answered."""
    views = await fault.many(10, transport="poll")
    while sum(poll.open for poll in fault.network.asked("wait=25")) < 2:
        await asyncio.sleep(0.05)
    for view in views:
        await view.run.go_on()
    for view in views:
        await view.has(view.run.seq)
    asked = await views[0].page.evaluate("fetch('/headway/v1/runs?limit=1').then(({ status }) => status)")
    assert asked == 200
    assert sum(poll.open for poll in fault.network.asked("wait=25")) <= 2
    for view in views:
        await view.run.end()
    await fault.judge(*views)
