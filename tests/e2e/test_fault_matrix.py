"""What a page is told while its network, its server and its browser do their worst.

Each test breaks something while a page watches a run, and judges the page by all it was told: the state it ends with is
the server's, no event came twice, and none is missing that no snapshot stood for. The table is made of what the tests
found, and the first words of each, up to the colon, are its name there.
"""

import asyncio

import pytest
from playwright.async_api import Error as PlaywrightError

from tests.e2e.fault import Fault
from tests.e2e.fault_site import PING_S
from tests.e2e.http_proxy import STREAM

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SIGN_IN = "<!doctype html><title>Wi-Fi</title><h1>Please sign in</h1>"
AWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
REAUTHORIZE = "event: reauthorize\ndata: {}\n\n"
MORE_THAN_ALL = 10_000_000


async def test_nothing(fault: Fault) -> None:
    """Nothing at all: what the others are compared with."""
    view = await fault.watch()
    await fault.go_on(view)
    await fault.ends_well(view)
    assert len(fault.network.streams) == 1


# -- the connection


async def test_drop(fault: Fault) -> None:
    """Drop: the connection is closed in mid-stream (FIN), three times."""
    view = await fault.watch()
    for _ in range(3):
        fault.network.drop()
        await fault.go_on(view)
    await fault.ends_well(view)
    assert len(fault.network.streams) == 4


async def test_end(fault: Fault) -> None:
    """End: a proxy ends the stream as HTTP ends it, without the server's `end`, three times."""
    view = await fault.watch()
    for _ in range(3):
        fault.network.end()
        await fault.go_on(view)
    await fault.ends_well(view)
    assert len(fault.network.streams) == 4


async def test_reset(fault: Fault) -> None:
    """Reset: the connection is reset (RST), and again while the page comes back."""
    view = await fault.watch()
    for _ in range(3):
        fault.network.cut()
        await fault.run.go_on()
        fault.network.cut()
        await view.has(fault.run.seq)
    await fault.ends_well(view)
    assert len(fault.network.streams) >= 4


async def test_stall(pinged: Fault) -> None:
    """Stall: nothing comes any more, and nothing breaks; new connections are as silent; then all of it flows."""
    view = await pinged.watch()
    await pinged.go_on(view)
    pinged.network.stall()
    await pinged.run.go_on()
    await view.went_through("stale")
    await view.is_in("backoff", "connecting")
    pinged.network.flow()
    await pinged.go_on(view)
    await pinged.ends_well(view)
    assert len(pinged.network.streams) >= 2


async def test_idle_with_heartbeats(pinged: Fault) -> None:
    """Idle limit above the heartbeat: a proxy closes what is silent for four heartbeats; nothing is."""
    pinged.network.idle_s = 4 * PING_S
    view = await pinged.watch()
    await view.until("window.watching.pings >= 6")
    await pinged.go_on(view)
    await pinged.ends_well(view)
    assert pinged.network.idle_cuts == 0


async def test_idle_cut(pinged: Fault) -> None:
    """Idle limit below the heartbeat: a proxy closes what is silent for half a heartbeat, again and again."""
    pinged.network.idle_s = PING_S / 2
    view = await pinged.watch()
    while len(pinged.network.streams) < 3:
        await asyncio.sleep(PING_S / 4)
    await pinged.go_on(view)
    await pinged.ends_well(view)
    assert pinged.network.idle_cuts >= 2


async def test_buffering_proxy(fault: Fault) -> None:
    """Buffering proxy: it keeps what a stream brings; the page polls, and streams again behind a better one."""
    fault.network.hold_bytes = MORE_THAN_ALL
    view = await fault.visit(clock=True)
    await view.until("now.requests.some((one) => one.status === 200)")
    await view.page.clock.fast_forward(11_000)
    await view.uses("poll")
    await fault.go_on(view)
    fault.network.heal()
    await view.page.clock.fast_forward(61_000)
    await fault.run.go_on()
    await view.uses("sse")
    await fault.go_on(view)
    await fault.ends_well(view)


# -- answers


async def test_503(fault: Fault) -> None:
    """503 three times: the gateway says that the server is away, then it is back."""
    fault.network.answer(503, AWAY, times=3)
    view = await fault.watch()
    await fault.go_on(view)
    await fault.ends_well(view)
    assert [exchange.status for exchange in fault.network.exchanges if "/v1/" in exchange.path][:3] == [503] * 3


async def test_502_in_mid_stream(fault: Fault) -> None:
    """502 in mid-stream: the connection is cut, and for a while the gateway answers in the server's place."""
    view = await fault.watch()
    fault.network.answer(502, AWAY)
    fault.network.cut()
    await fault.run.go_on()
    await view.is_in("backoff")
    fault.network.heal()
    await view.has(fault.run.seq)
    await fault.ends_well(view)


async def test_401(fault: Fault) -> None:
    """401, then well: the token is refused once and refreshed."""
    fault.network.token = "fresh"
    view = await fault.watch(tokens=["stale", "fresh"])
    await fault.go_on(view)
    await fault.ends_well(view)
    assert [exchange.status for exchange in fault.network.streams] == [401, 200]


async def test_401_for_ever(fault: Fault) -> None:
    """401 for ever: each token is refused; the page is told once, in words, and asks no more."""
    fault.network.token = "fresh"
    view = await fault.visit(tokens=["stale", "stale, too"])
    await fault.gives_up(view, "auth: Please sign in.")
    assert [exchange.status for exchange in fault.network.streams] == [401, 401]


async def test_reauthorize(fault: Fault) -> None:
    """`reauthorize` in mid-stream: the server wants another token; the page comes back with it at once."""
    fault.network.token = "first"
    view = await fault.watch(tokens=["first", "second"])
    await fault.go_on(view)
    fault.network.token = "second"
    fault.network.say(REAUTHORIZE)
    await fault.go_on(view)
    await fault.ends_well(view)
    assert [exchange.status for exchange in fault.network.streams] == [200, 200]
    assert [exchange.headers["authorization"] for exchange in fault.network.streams] == [
        "Bearer first",
        "Bearer second",
    ]


async def test_captive_portal(fault: Fault) -> None:
    """Captive portal: in mid-run the network answers everything with its own page (200), for a while."""
    view = await fault.watch()
    fault.network.answer(200, SIGN_IN)
    fault.network.cut()
    await fault.run.go_on()
    await view.is_in("backoff")
    fault.network.heal()
    await view.has(fault.run.seq)
    await fault.ends_well(view)


async def test_404_page(fault: Fault) -> None:
    """A proxy's own 404: in mid-run, while the server is deployed anew; the run is not given up."""
    view = await fault.watch()
    fault.network.answer(404, "<h1>404 page not found</h1>")
    fault.network.cut()
    await fault.run.go_on()
    await view.is_in("backoff")
    fault.network.heal()
    await view.has(fault.run.seq)
    await fault.ends_well(view)


async def test_streams_blocked(fault: Fault) -> None:
    """Streams are blocked: a proxy answers 502 to every stream and lets all else through; later streams, too."""
    fault.network.answer(502, AWAY, path=STREAM)
    view = await fault.visit(clock=True)
    await view.uses("poll")
    await fault.go_on(view)
    fault.network.heal()
    await view.page.clock.fast_forward(11_000)
    await fault.run.go_on()
    await view.uses("sse")
    await fault.go_on(view)
    await fault.ends_well(view)


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
    assert len(fault.network.streams) == 2


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
    assert (await view.report())["restored"] is True


async def test_back_forward_cache_cut(cached: Fault) -> None:
    """Back/forward cache, cut: the connection breaks while the page is put away."""
    view = await cached.watch()
    await view.page.goto("about:blank")
    cached.network.cut()
    await cached.run.go_on()
    await view.page.go_back(wait_until="commit")
    await cached.go_on(view)
    await cached.ends_well(view)
    assert (await view.report())["restored"] is True


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
    """Outbox across a reload: commands are given while the network is away, the page is loaded anew, one answer is lost."""
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
    with pytest.raises(PlaywrightError, match="ERR_CONNECTION_REFUSED"):
        await view.page.reload()
    await view.page.wait_for_url("chrome-error://**")
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
