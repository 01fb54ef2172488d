import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from headway.core.events import new_event
from headway.core.sse import Frame
from headway.errors import LimitExceeded, Overloaded
from headway.hub import HubSettings
from headway.hub import feed as feed_module
from headway.hub import hub as hub_module
from headway.hub.frames import Block
from headway.hub.which import Which
from headway.measures import SENT_BYTES
from headway.stores.base import RunRow
from tests.hub.world import world
from tests.serving import Server, delta, note, serving
from tests.wire import Cut, Stream


@pytest.fixture(params=[True, False], ids=["direct", "send"])
async def path(request: pytest.FixtureRequest) -> bool:
    """Both ways a stream can go."""
    direct: bool = request.param
    return direct


async def _open(server: Server, run: RunRow, **options: Any) -> Stream:
    stream = await Stream.open(server.port, f"/v1/runs/{run.id}/stream", **options)
    await stream.until("snapshot")
    return stream


async def test_pings(path: bool) -> None:
    """Every viewer, again and again, with the head; nobody has to publish for it."""
    with serving(direct=path, settings=HubSettings(ping_s=0.3)) as server:
        run = await server.run(note())
        streams = [await _open(server, run) for _ in range(3)]
        other = await Stream.open(server.port, f"/v1/stream?run={run.id}")
        await other.until("snapshot")
        for stream in [*streams, other]:
            stream.pings = True
        for _ in range(3):
            for stream in streams:
                frame = await stream.next()
                assert frame is not None
                assert (frame.event, orjson.loads(frame.data)) == ("ping", {"head": 3})
                assert frame.id == str(run.cursor), "a ping has no id of its own"
        frame = await other.next()
        assert frame is not None
        assert orjson.loads(frame.data) == {"run_id": run.id, "head": 3}


async def test_all_bytes_are_counted(path: bool) -> None:
    """From the first frame to the last one: as many as reach the client, without HTTP's own."""
    with serving(direct=path) as server:
        run = await server.run(note())
        streams = [await _open(server, run) for _ in range(3)]
        for number in range(3):
            run = await server.append(run, delta("x" * 100, key=f"{number}"))
        await server.append(run, new_event("run.succeeded", {}))
        for stream in streams:
            await stream.rest()
            assert stream.complete
        await server.settled(lambda found: found["open"] == 0)
        assert server.hub.measures.total(SENT_BYTES) == sum(stream.received for stream in streams)


async def test_lifetimes(path: bool) -> None:
    """A connection ends as planned, each at a time of its own, and asks to come back."""
    with serving(direct=path, settings=HubSettings(ping_s=0.1, lifetime_s=0.5)) as server:
        run = await server.run()
        streams = [await _open(server, run) for _ in range(5)]
        assert len({connection.expires for connection in server.hub.connections.values()}) == 5
        for stream in streams:
            assert await stream.rest() == []
            assert stream.complete
            assert stream.retry_ms is not None
        await server.settled(lambda found: found["open"] == 0)


async def test_who_does_not_read_for_long_is_cut_off(path: bool) -> None:
    """Others are not."""
    with serving(direct=path, settings=HubSettings(stall_s=0.3)) as server:
        run = await server.run()
        good = await _open(server, run)
        stalled = await _open(server, run, receive_buffer=4096)
        reading = asyncio.create_task(good.rest())
        while not (await server.statistics())["unread"]:
            await server.append(run, delta("x" * 20_000))
        await server.settled(lambda found: (found["dropped"], found["open"]) == (1, 1))
        with pytest.raises(Cut):
            await stalled.rest()
        await server.call(server.hub.begin_drain)
        assert {frame.event for frame in await reading} == {"output.appended"}
        assert good.complete


async def test_who_reads_slowly_is_not_cut_off(path: bool) -> None:
    """A large snapshot on a slow line takes longer than anybody may be silent."""
    with serving(direct=path, settings=HubSettings(stall_s=2.0)) as server:
        run = await server.run()
        for number in range(30):
            run = await server.append(run, delta("x" * 100_000, key=f"text {number}"))
        stream = await Stream.open(server.port, f"/v1/runs/{run.id}/stream", receive_buffer=65_536)
        received = 0
        while received < 1_500_000:
            received += len(await stream._reader.readexactly(60_000))
            await asyncio.sleep(0.1)
        found = await server.statistics()
        assert (found["dropped"], found["open"]) == (0, 1)


async def test_who_does_not_take_the_end_is_cut_off(path: bool) -> None:
    """A planned close waits for the client to read it, but not for ever."""
    with serving(direct=path, settings=HubSettings(stall_s=0.3)) as server:
        run = await server.run()
        await _open(server, run, receive_buffer=4096)
        while not (await server.statistics())["unread"]:
            await server.append(run, delta("x" * 20_000))
        await server.call(next(iter(server.hub.connections.values())).end, b"", "ended")
        await server.settled(lambda found: found["open"] == 0)
        assert (await server.statistics())["dropped"] == 1


async def test_who_was_ended_holds_up_nobody_elses_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not read is ended and has its time anew; another that began not to read in between has not."""
    now = 0.0
    monkeypatch.setattr(hub_module, "_now", lambda: now)
    async with world(HubSettings(stall_s=60, budget=1_000)) as here:
        run = await here.run()
        first, second = await here.join(run), await here.join(run)
        first.connection.notify(Block(b"x" * 2_000))
        now = 10
        second.connection.notify(Block(b"x" * 2_000))
        now = 50
        first.connection.end(b"", "ended")
        now = 71
        here.hub._cut_off(now)
        assert (first.sink.aborted, second.sink.aborted) == (False, True)


async def test_one_that_fails_does_not_stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due for the others is done at the next turn."""
    async with world(HubSettings(look_s=0, looks_max=1_000_000)) as here:
        await here.join(await here.run())

        def fail(_feed: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(feed_module.Feed, "look", fail)
        with pytest.raises(ZeroDivisionError):
            here.hub._tick()
        assert here.hub._timer is not None


async def test_a_viewer_that_reads_again_goes_on(path: bool) -> None:
    """It stalls, the others do not wait, and it ends in the right state."""
    with serving(direct=path) as server:
        run = await server.run()
        stalled = await _open(server, run, receive_buffer=4096)
        while not (await server.statistics())["unread"]:
            run = await server.append(run, delta("x" * 20_000))
        run = await server.append(run, note("last"))
        frames: list[Frame] = []
        while not frames or orjson.loads(frames[-1].data).get("seq") != run.seq:
            frame = await stalled.next()
            assert frame is not None
            frames.append(frame)
        await server.settled(lambda found: found["unread"] == 0 and found["behind"] == 0)
        await server.append(run, note("and on"))
        frame = await stalled.next()
        assert frame is not None
        assert "and on" in frame.data


async def test_notices(path: bool) -> None:
    """To everybody, or to whom it concerns; not stored, without id."""
    with serving(direct=path) as server:
        run = await server.run()
        streams = [await _open(server, run, headers={"X-User": name}) for name in ("ada", "bob")]
        assert await server.do(lambda: server.hub.notice({"text": "maintenance at noon"})) == (2, 0)
        for stream in streams:
            frame = await stream.next()
            assert frame is not None
            assert (frame.event, orjson.loads(frame.data)) == ("notice", {"text": "maintenance at noon"})
            assert frame.id == str(run.cursor), "a notice has no id of its own"
        only_bob = lambda: server.hub.notice({"text": "hi"}, Which(viewer="bob"))  # noqa: E731
        assert await server.do(only_bob) == (1, 0)
        frame = await streams[1].next()
        assert frame is not None
        assert frame.event == "notice"


async def test_drain(path: bool) -> None:
    """All streams end at once, each with a reconnection time of its own; none begins any more."""
    with serving(direct=path) as server:
        run = await server.run()
        streams = [await _open(server, run) for _ in range(20)]
        await server.do(server.hub.drain)
        for stream in streams:
            assert await stream.rest() == []
            assert stream.complete
        assert len({stream.retry_ms for stream in streams}) > 10
        found = await server.statistics()
        assert (found["open"], found["draining"]) == (0, True)
        late = await Stream.open(server.port, f"/v1/runs/{run.id}/stream")
        assert await late.rest() == []
        assert late.complete


async def test_a_stream_that_begins_while_all_end(path: bool) -> None:
    """It ends, too; it is not forgotten half open."""
    with serving(direct=path) as server:
        run = await server.run()
        await _open(server, run)
        opened = server.hub.connect

        def connect(**options: Any) -> Any:
            connection = opened(**options)
            connection.end(b"", "ended")
            return connection

        server.hub.connect = connect  # type: ignore[method-assign]
        stream = await Stream.open(server.port, f"/v1/runs/{run.id}/stream")
        assert [frame.event for frame in await stream.rest()] == ["open"]
        assert stream.complete
        await server.settled(lambda found: found["open"] == 1)


async def test_connections_can_be_listed(path: bool) -> None:
    """Who watches what, since when."""
    with serving(direct=path) as server:
        run = await server.run()
        stream = await Stream.open(server.port, f"/v1/runs/{run.id}/stream", {"X-User": "ada"})
        opened, _ = await stream.until("snapshot")
        ((id, connection),) = server.hub.connections.items()
        assert id == orjson.loads(opened.data)["connection_id"]
        assert (connection.viewer, connection.watched()) == ("ada", [run.id])
        assert connection.opened_at > 1_700_000_000


async def test_limits() -> None:
    """What is given back can be had again."""
    async with world(HubSettings(max_connections=3, viewer_max=2)) as here:
        first = here.hub.connect(viewer="ada")
        here.hub.connect(viewer="ada")
        with pytest.raises(LimitExceeded):
            here.hub.connect(viewer="ada")
        here.hub.connect(viewer="bob")
        with pytest.raises(Overloaded):
            here.hub.connect(viewer="eve")
        here.hub.gone(first)
        here.hub.gone(first)
        here.hub.connect(viewer="ada")
        assert here.hub.counters.refused == 2
        for connection in tuple(here.hub.connections.values()):
            here.hub.gone(connection)
        assert not here.hub._viewers


async def test_no_limit() -> None:
    """0: any number."""
    async with world(HubSettings(max_connections=0)) as here:
        for _ in range(10):
            here.hub.gone(here.hub.connect())


async def test_retry_is_spread() -> None:
    """Clients that were cut off together do not come back together."""
    async with world(HubSettings(retry_ms=2_000)) as here:
        found = [here.hub.retry_ms() for _ in range(200)]
        assert 1_000 <= min(found) < 1_300
        assert 2_700 < max(found) <= 3_000


async def test_settings_of_an_application() -> None:
    """What an application has set is taken over, the rest stays ours."""

    class Options:
        ping_s, lifetime_s, direct, max_connections = 7.0, 70.0, False, 9

    settings = HubSettings.of(Options())
    assert (settings.ping_s, settings.lifetime_s, settings.direct, settings.max_connections) == (7.0, 70.0, False, 9)
    assert settings.budget == HubSettings().budget
    assert HubSettings.of(None) == HubSettings()
    assert HubSettings.of(settings) is settings


async def test_direct_may_be_off_by_setting() -> None:
    """Then nothing is handed over, whatever the server can do."""
    with serving(settings=HubSettings(direct=False)) as server:
        await _open(server, await server.run())
        found = await server.statistics()
        assert (found["direct"], found["direct_off"]) == (0, "switched off by HEADWAY_DIRECT")


async def test_the_timer_stops_when_there_is_nothing_to_do() -> None:
    """An idle process is left in peace."""
    with serving(settings=HubSettings(linger_s=0.1, look_s=0.05)) as server:
        stream = await _open(server, await server.run())
        await stream.close()
        await server.settled(lambda found: found["feeds"] == 0)
        assert await server.call(lambda: server.hub._timer) is None


async def test_feeds_look_less_often_when_there_are_many() -> None:
    """Looks per second are bounded for the whole process."""
    async with world(HubSettings(look_s=0.001, looks_max=10, ping_s=0.64)) as here:
        runs = [await here.run() for _ in range(20)]
        for run in runs:
            await here.join(run)
        looked = 0
        for feed in here.hub._feeds.values():

            def count() -> None:
                nonlocal looked
                looked += 1

            feed.look = count  # type: ignore[method-assign]
        now = asyncio.get_running_loop().time()
        for feed in here.hub._looked:
            here.hub._looked[feed] = now
        here.hub._look(now + 1.9)
        assert looked == 0
        here.hub._look(now + 2.1)
        assert looked == 20


@pytest.fixture
async def started() -> AsyncIterator[Any]:
    """A world whose hub was started twice and will be stopped twice."""
    async with world() as here:
        await here.hub.start()
        yield here
        await here.hub.stop()


async def test_start_and_stop_may_be_repeated(started: Any) -> None:
    """And after a stop it can be started again."""
    run = await started.run()
    await started.join(run)
    await started.hub.stop()
    assert started.hub.statistics()["feeds"] == 0
    await started.hub.start()
    client = await started.join(run)
    assert client.read() == ["snapshot"]
    client.sink.abort()
