"""What a page is told while its server and its browser do their worst; see `test_fault_matrix_network`."""

import re

import pytest
from playwright.async_api import Error as PlaywrightError

from tests.e2e.browsers import IS_FIREFOX
from tests.e2e.fault import Fault

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("fault matrix, browser"),  # they share a server, the built page and a browser
]

EVENTS = 20_000
BATCH = 1_000
COMMITS_MAX = 5


# -- the server


async def test_transport_switched_off(fault: Fault) -> None:
    """Transport switched off and on: an operator switches streams off while one is open, and on again."""
    view = await fault.watch(clock=True)
    try:
        await fault.site.switch("poll", "ingest")
        await view.uses("poll")
        await fault.go_on(view)
        assert (await view.report())["history"] == ["connecting sse", "live sse", "live poll"], "no error is shown"
    finally:
        await fault.site.switch()
    await view.page.clock.fast_forward(61_000)
    await fault.run.go_on()
    await view.uses("sse")
    await fault.go_on(view)
    await fault.ends_well(view)


async def test_server_killed(fault: Fault) -> None:
    """Server killed: `kill -9`, and a new one on the same store."""
    view = await fault.watch()
    await fault.go_on(view)
    fault.site.kill()
    try:
        await view.is_in("backoff")
    finally:
        await fault.site.start()
    await fault.go_on(view)
    await fault.ends_well(view)


# -- the browser


async def test_reload(fault: Fault) -> None:
    """Reload: in mid-run."""
    view = await fault.watch()
    await fault.go_on(view)
    await view.page.reload()
    await fault.go_on(view)
    await fault.ends_well(view)
    # Firefox ends the stream some time before the page: a page that is slow to go may ask for it once more.
    assert len(fault.network.streams) in ((2, 3) if IS_FIREFOX else (2,))


async def test_offline(fault: Fault) -> None:
    """Offline: the browser says so and the connection is cut; then it is online again."""
    view = await fault.watch()
    await view.page.context.set_offline(True)
    fault.network.cut()
    await fault.run.go_on()
    await view.is_in("offline")
    await view.page.context.set_offline(False)
    await fault.go_on(view)
    await fault.ends_well(view)


async def test_back_forward_cache(cached: Fault) -> None:
    """Back/forward cache: the tab goes elsewhere, the run goes on, and the page comes back as it was left."""
    view = await cached.watch()
    await view.page.goto("about:blank")
    await cached.run.go_on()
    await view.page.go_back(wait_until="commit")
    await cached.go_on(view)
    await cached.ends_well(view)
    assert (await view.report())["restored"] is not IS_FIREFOX  # which caches no page that has a stream open


async def test_back_forward_cache_cut(cached: Fault) -> None:
    """Back/forward cache, cut: the connection breaks while the page is put away."""
    view = await cached.watch()
    await view.page.goto("about:blank")
    cached.network.cut()
    await cached.run.go_on()
    await view.page.go_back(wait_until="commit")
    await cached.go_on(view)
    await cached.ends_well(view)
    assert (await view.report())["restored"] is not IS_FIREFOX  # which caches no page that has a stream open


async def test_sleep(fault: Fault) -> None:
    """Sleep: the machine sleeps for an hour, and the connection dies meanwhile without a word."""
    view = await fault.watch(clock=True)
    await fault.go_on(view)
    fault.network.stall()
    await fault.run.go_on()
    await view.page.clock.fast_forward(3_600_000)
    fault.network.flow()
    await fault.go_on(view)
    await fault.ends_well(view)


async def test_page_hangs(fault: Fault) -> None:
    """The page hangs: its main thread is paused while 10,000 events come; then it goes on."""
    view = await fault.watch()
    async with view.hanging():
        for _ in range(10):
            await fault.run.go_on(count=BATCH)
    await fault.go_on(view)
    await fault.ends_well(view)


async def test_strict_mode(fault: Fault) -> None:
    """StrictMode: React runs every effect twice; one request goes over the wire."""
    view = await fault.watch("react.html")
    await fault.go_on(view)
    await fault.ends_well(view)
    assert len(fault.network.asked("/v1/")) == 1


# -- the run


async def test_retry_after_end(fault: Fault) -> None:
    """Retry after `end`: a run that failed is tried again by somebody else."""
    view = await fault.watch()
    await fault.run.fail()
    await view.is_in("closed")
    await fault.run.begin_again()
    await view.has(fault.run.seq)
    await view.uses("sse")
    await fault.go_on(view)
    await fault.ends_well(view)


async def test_outbox(fault: Fault) -> None:
    """Outbox across a reload: commands are given while the network is away, the page is loaded anew, an answer lost."""
    view = await fault.watch("outbox.html")
    await fault.network.refuse()
    give = """([run, attempt]) => {
      const send = (n) => window.outbox.send({ url: "/commands", body: { what: `${run} ${n}` } }).catch(() => {});
      for (const n of [1, 2, 3]) send(n);
      window.outbox.cancel(run, { attempt, reason: "not wanted" }).catch(() => {});
      for (const n of [4, 5]) send(n);
    }"""
    await view.page.evaluate(give, [fault.run.id, 1])
    await view.page.wait_for_function("window.outbox.getSnapshot().entries.length === 6")
    address = view.page.url
    with pytest.raises(PlaywrightError, match="CONNECTION_REFUSED"):
        await view.page.reload()
    await view.page.wait_for_url(re.compile("^(chrome-error:|about:neterror)"), wait_until="commit")
    fault.network.lose("/commands")
    await fault.network.accept()
    await view.page.goto(address)
    await view.page.wait_for_function("window.outbox?.getSnapshot().entries.length === 0")
    came = await fault.site.commands()
    of_this = {name: [what.split()[1] for what in whats if fault.run.id in what] for name, whats in came.items()}
    assert of_this == {"arrived": ["1", "1", "2", "3", "4", "5"], "done": ["1", "2", "3", "4", "5"]}
    await view.until("now.run?.cancel_requested_at")
    fault.run.seq += 1
    await fault.ends_well(view)
    [asked] = [event for event in await fault.run.log() if event["type"] == "run.cancel_requested"]
    assert asked["data"]["reason"] == "not wanted"


async def test_late_join(fault: Fault) -> None:
    """Late join: a page is opened after 20,000 events; it gets one snapshot, and React draws at most five times."""
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
