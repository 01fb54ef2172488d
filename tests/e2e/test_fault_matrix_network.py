"""What a page is told while its network, its server and its browser do their worst.

Each test breaks something while a page watches a run, and judges the page by all it was told: the state it ends with is
the server's, no event came twice, and none is missing that no snapshot stood for. The table is made of what the tests
found, and the first words of each, up to the colon, are its name there.
"""

import asyncio
import random

import pytest

from tests.e2e.fault import AWAY, REAUTHORIZE, SIGN_IN, Fault, storm
from tests.e2e.fault_site import PING_S
from tests.e2e.http_proxy import STREAM

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("fault matrix, network"),  # they share a server, the built page and a browser
]

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


async def test_buffering_in_blocks(fault: Fault) -> None:
    """Buffering in blocks: a proxy passes streams on in pieces: the state comes through, an event is too little."""
    fault.network.hold_bytes = 1_000
    view = await fault.watch(clock=True)
    await fault.run.go_on(count=1)
    await view.page.clock.fast_forward(40_000)
    await view.uses("poll")
    await fault.go_on(view)
    await fault.ends_well(view)


async def test_storm(fault: Fault) -> None:
    """Anything, in any order: forty faults at random moments while the run goes on."""
    view = await fault.watch(tokens=["one", "two"])
    await storm(fault, random.Random(0))
    await fault.go_on(view)
    await fault.ends_well(view)


async def test_storm_while_polling(fault: Fault) -> None:
    """Anything, while polling: the page never streams; forty faults at random moments."""
    view = await fault.watch(tokens=["one", "two"], transport="poll")
    await storm(fault, random.Random(1))
    await fault.go_on(view)
    await fault.ends_well(view)
    assert fault.network.streams == []


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
