import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from headway.core.cursor import new_tag
from headway.core.events import FAMILIES
from headway.core.fold import Fold
from headway.core.limits import STREAM_RUNS_MAX
from headway.hub import HubSettings
from headway.stores.base import RunRow
from tests.serving import FAILED, SUCCEEDED, Server, delta, note, serving
from tests.wire import Stream, Viewer


@pytest.fixture(autouse=True)
async def _closed_streams() -> AsyncIterator[None]:
    """Leave no socket open behind a test."""
    yield
    await Stream.close_all()


@pytest.fixture(params=[True, False], ids=["direct", "send"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A server; every test here holds on both paths."""
    with serving(direct=request.param) as server:
        yield server


def _path(run: RunRow, query: str = "") -> str:
    return f"/v1/runs/{run.id}/stream{query}"


async def _get(server: Server, run: RunRow, query: str = "", cursor: str | None = None) -> Stream:
    headers = {} if cursor is None else {"Last-Event-ID": cursor}
    return await Stream.open(server.port, _path(run, query), headers)


def _events(frames: list[Any]) -> list[str]:
    return [frame.event for frame in frames]


async def test_head_and_first_frames(server: Server) -> None:
    """The head keeps proxies from buffering and storing; `retry:` and `open` come at once, then the state."""
    run = await server.run(note())
    stream = await _get(server, run)
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["cache-control"] == "no-cache, no-transform"
    assert stream.headers["x-accel-buffering"] == "no"
    opened, snapshot = await stream.until("snapshot")
    assert stream.retry_ms is not None
    assert 1_000 <= stream.retry_ms <= 3_000
    assert (opened.event, opened.id) == ("open", "")
    data = orjson.loads(opened.data)
    assert data.pop("connection_id").startswith("con_")
    assert data.pop("server_time").endswith("Z")
    assert data == {
        "run_id": run.id,
        "execution_id": run.execution_id,
        "head": 3,
        "live": {"queue_position": None, "estimated_start": None, "degraded": False},
        "ping_s": 15,
        "partial": False,
        "superseded": False,
    }
    assert snapshot.id == str(run.cursor)
    assert orjson.loads(snapshot.data)["notes"][0]["body"] == "x" * 100


async def test_events_are_the_stored_ones(server: Server) -> None:
    """Each event is one frame: cursor, type, and the envelope as it is stored."""
    run = await server.run()
    stream = await _get(server, run)
    await stream.until("snapshot")
    run = await server.append(run, note("sch\u00f6n \U0001f600"))
    frame = await stream.next()
    assert frame is not None
    assert (frame.event, frame.id) == ("note", str(run.cursor))
    page = await server.do(lambda: server.app.store.read(run.id))
    assert frame.data.encode() == page.events[-1].body


@pytest.mark.parametrize(("how", "final"), [(SUCCEEDED, True), (FAILED, False)])
async def test_end(server: Server, how: Any, final: bool) -> None:
    """The end is told in-band, then the response ends."""
    run = await server.run()
    stream = await _get(server, run)
    await stream.until("snapshot")
    run = await server.append(run, how)
    last, end = await stream.rest()
    assert last.event == how.type
    assert orjson.loads(end.data) == {"status": str(run.status), "seq": run.seq, "final": final}
    assert stream.complete


async def test_a_run_that_has_ended(server: Server) -> None:
    """It is shown and ended at once, whether one joins anew or comes back."""
    run = await server.run(note(), SUCCEEDED)
    assert _events(await (await _get(server, run)).rest()) == ["open", "snapshot", "end"]
    first = (await server.do(lambda: server.app.store.read(run.id))).events[0]
    assert _events(await (await _get(server, run, cursor=first.cursor)).rest()) == [
        "open", "run.started", "note", "run.succeeded", "end",
    ]  # fmt: skip


@pytest.mark.parametrize("how", [SUCCEEDED, FAILED])
async def test_who_has_the_end_is_told_to_stay_away(server: Server, how: Any) -> None:
    """204 stops an EventSource from coming back for ever; no cache may keep it, or a retry would never be seen."""
    run = await server.run(how)
    stream = await _get(server, run, cursor=str(run.cursor))
    assert (stream.status, stream.headers["cache-control"]) == (204, "no-store")


async def test_who_comes_back_long_after_a_failure_is_shown_the_end(server: Server) -> None:
    """The run may be reopened, so it is worth looking again, but not every second."""
    run = await server.run(FAILED)
    kept = server.app.store._runs[run.id]  # type: ignore[attr-defined]
    kept.row = type(kept.row)(**{name: getattr(kept.row, name) for name in kept.row.__slots__} | {
        "finished_at": "2026-01-01T00:00:00.000Z"
    })  # fmt: skip
    stream = await _get(server, run, cursor=str(run.cursor))
    assert stream.status == 200
    assert _events(await stream.rest()) == ["open", "end"]
    assert stream.retry_ms is not None
    assert stream.retry_ms >= 15_000


async def test_last_event_id_comes_before_the_query(server: Server) -> None:
    """The header is what the browser knows last; the query is where the page began."""
    run = await server.run(*(note(str(n)) for n in range(5)))
    events = (await server.do(lambda: server.app.store.read(run.id))).events
    stream = await _get(server, run, f"?last_event_id={events[1].cursor}", cursor=events[4].cursor)
    frames = [await stream.next() for _ in range(3)]
    assert [frame and frame.id for frame in frames[1:]] == [events[5].cursor, events[6].cursor]
    stream = await _get(server, run, f"?last_event_id={events[1].cursor}")
    frames = [await stream.next() for _ in range(2)]
    assert frames[1] is not None
    assert frames[1].id == events[2].cursor


@pytest.mark.parametrize("cursor", ["nonsense", "7", "1.\u00e9", "-1.a", "1.a" * 50])
async def test_what_is_no_cursor_begins_anew(server: Server, cursor: str) -> None:
    """An EventSource that is told 400 never comes back."""
    run = await server.run()
    stream = await Stream.open(server.port, _path(run), {"Last-Event-ID": cursor.encode().decode("latin-1")})
    assert _events(await stream.until("snapshot")) == ["open", "snapshot"]


async def test_a_cursor_of_another_log(server: Server) -> None:
    """The log lost its tail, or is another one: it is said, and the state follows."""
    run = await server.run(note())
    stream = await _get(server, run, cursor=f"3.{new_tag()}")
    _, reset, snapshot = await stream.until("snapshot")
    assert orjson.loads(reset.data) == {"reason": "ahead"}
    assert snapshot.id == str(run.cursor)
    stream = await _get(server, run, cursor=f"99.{new_tag()}")
    assert _events(await stream.until("snapshot")) == ["open", "reset", "snapshot"]


async def test_a_trimmed_cursor(server: Server) -> None:
    """The log no longer reaches back: it is said, and the state follows."""
    run = await server.run(*(note(str(n)) for n in range(5)))
    first = (await server.do(lambda: server.app.store.read(run.id))).events[0]
    await server.do(lambda: server.app.projections.save(run.id, force=True))
    await server.do(lambda: server.app.store.trim(run.id, floor=4))
    stream = await _get(server, run, cursor=first.cursor)
    _, reset, _ = await stream.until("snapshot")
    assert orjson.loads(reset.data) == {"reason": "trimmed"}
    stream = await _get(server, run, "?from=earliest")
    _, reset, _ = await stream.until("snapshot")
    assert orjson.loads(reset.data) == {"reason": "trimmed"}


async def test_a_long_tail_is_replaced_by_the_state(server: Server) -> None:
    """Text in ten thousand pieces: one frame for who joins or comes back, every piece for who asks for all of them."""
    run = await server.run()
    start = str(run.cursor)
    for _ in range(4):
        run = await server.append(run, *(delta("abc") for _ in range(500)))
    behind = await _get(server, run, cursor=start)
    frames = await behind.until("snapshot")
    assert _events(frames) == ["open", "reset", "snapshot"]
    assert orjson.loads(frames[1].data) == {"reason": "behind"}
    assert orjson.loads(frames[2].data)["outputs"]["text"]["text"] == "abc" * 2000
    await server.append(run, SUCCEEDED)
    for query, cursor in (("?deliver=all", start), ("?from=earliest", None)):
        viewer = Viewer(server.port, _path(run), query=query)
        viewer.cursor = cursor
        if cursor is not None:
            viewer.fold = Fold(orjson.loads((await _state_at(server, run, 2)).snapshot_json()))
        await viewer.follow()
        assert viewer.resets == []
        assert viewer.seqs == list(range(3 if cursor else 1, run.seq + 2))


async def _state_at(server: Server, run: RunRow, seq: int) -> Fold:
    fold = Fold()
    for event in (await server.do(lambda: server.app.store.read(run.id, limit=seq))).events:
        fold.apply(event.envelope(), event.cursor)
    return fold


async def test_from_latest_tells_where_one_stands(server: Server) -> None:
    """No snapshot, no past; and who is cut off before anything happened misses nothing."""
    run = await server.run(note())
    stream = await _get(server, run, "?from=latest")
    assert _events([await stream.next()]) == ["open"]
    run = await server.append(run, note("next"))
    frame = await stream.next()
    assert frame is not None
    assert (frame.event, frame.id) == ("note", str(run.cursor))
    quiet = await _get(server, run, "?from=latest")
    await quiet.next()
    await server.call(server.hub.begin_drain)
    assert await quiet.rest() == []
    assert quiet.last_id == str(run.cursor)


async def test_named_0(server: Server) -> None:
    """Events of the log have no name, so that `onmessage` gets them; what is none keeps its name."""
    run = await server.run()
    stream = await _get(server, run, "?named=0")
    await stream.until("snapshot")
    await server.append(run, note("a"), SUCCEEDED)
    assert _events(await stream.rest()) == ["message", "message", "end"]


async def test_types(server: Server) -> None:
    """Only the families asked for; `open` says that the rest is missing, and the end still comes."""
    run = await server.run()
    stream = await _get(server, run, "?types=output,run")
    opened, _ = await stream.until("snapshot")
    assert orjson.loads(opened.data)["partial"] is True
    await server.append(run, note("a"), delta("x"))
    await server.append(run, note("b"))
    await server.append(run, delta("y"), SUCCEEDED)
    assert _events(await stream.rest()) == ["output.appended", "output.appended", "run.succeeded", "end"]
    # who comes back from the last frame it saw gets the same selection
    run = await server.run(delta("a"), note("b"), delta("c"))
    second = (await server.do(lambda: server.app.store.read(run.id))).events[2]
    stream = await _get(server, run, "?types=output", cursor=second.cursor)
    assert _events([await stream.next(), await stream.next()]) == ["open", "output.appended"]


async def test_view_progress(server: Server) -> None:
    """Flat summaries: the state at once, then whenever something happened."""
    run = await server.run()
    stream = await _get(server, run, "?view=progress&named=0")
    await stream.until("message")
    from headway.core.events import new_event

    plan = new_event("run.planned", {"phases": [{"id": "read", "weight": 1}, {"id": "write", "weight": 1}]})
    begun = new_event("phase.started", {"id": "read", "total": 4})
    moved = new_event("phase.progressed", {"id": "read", "done": 2, "total": 4, "message": "page 2"})
    run = await server.append(run, plan, begun, moved)
    frame = await stream.next()
    assert frame is not None
    assert (frame.event, frame.id) == ("message", str(run.cursor))
    data = orjson.loads(frame.data)
    assert data.pop("timestamp") == run.updated_at
    assert data == {"status": "running", "phase": "read", "progress": 25.0, "message": "page 2", "eta": None}
    await server.append(run, SUCCEEDED)
    last, end = await stream.rest()
    assert orjson.loads(last.data)["progress"] == 100
    assert end.event == "end"
    named = await _get(server, run, "?view=progress")
    assert _events(await named.rest()) == ["open", "progress", "end"]


async def test_execution_id(server: Server) -> None:
    """A client that believes in another execution is told, no more."""
    run = await server.run()
    for execution_id, superseded in ((run.execution_id, False), ("exe_old", True)):
        stream = await _get(server, run, f"?execution_id={execution_id}")
        opened = await stream.next()
        assert opened is not None
        assert orjson.loads(opened.data)["superseded"] is superseded


@pytest.mark.parametrize("query", ["?from=now", "?deliver=some", "?view=nice", "?types=run,fun", "?types=run.queued"])
async def test_wrong_queries(server: Server, query: str) -> None:
    """They are refused before the response begins."""
    run = await server.run()
    assert (await _get(server, run, query)).status == 400
    assert (await server.statistics())["open"] == 0


async def test_all_families_may_be_asked_for(server: Server) -> None:
    """The list is closed, and each of them works."""
    run = await server.run()
    for family in FAMILIES:
        assert (await _get(server, run, f"?types={family}")).status == 200


async def test_a_deleted_run(server: Server) -> None:
    """Its stream ends with `reset gone`, and nobody finds it after that."""
    run = await server.run(FAILED)
    stream = await Stream.open(server.port, "/v1/stream?run=" + run.id)
    await stream.close()
    running = await server.run()
    stream = await _get(server, running)
    await stream.until("snapshot")
    await server.call(server.app.store._runs.pop, running.id)  # type: ignore[attr-defined]
    await server.call(server.hub._ring, [])
    (frame,) = await stream.rest()
    assert (frame.event, orjson.loads(frame.data)) == ("reset", {"reason": "gone"})
    assert stream.complete
    assert (await _get(server, running)).status == 404


async def test_several_runs_on_one_connection(server: Server) -> None:
    """Ids say which run a frame is of; each ends by itself, and the response with the last."""
    first, second = await server.run(note("1")), await server.run(note("2"))
    stream = await Stream.open(server.port, f"/v1/stream?run={first.id}&run={second.id}@{second.cursor}")
    opened, snapshot = [await stream.next(), await stream.next()]
    assert opened is not None
    assert snapshot is not None
    data = orjson.loads(opened.data)
    assert data["run_id"] is None
    assert [(one["run_id"], one["head"]) for one in data["runs"]] == [(first.id, 3), (second.id, 3)]
    assert (snapshot.event, snapshot.id) == ("snapshot", f"{first.id}:{first.cursor}")
    second = await server.append(second, note("more"))
    frame = await stream.next()
    assert frame is not None
    assert frame.id == f"{second.id}:{second.cursor}"
    second = await server.append(second, SUCCEEDED)
    last, end = await stream.next(), await stream.next()
    assert last is not None
    assert end is not None
    assert orjson.loads(end.data) == {"run_id": second.id, "status": "succeeded", "seq": second.seq, "final": True}
    first = await server.append(first, SUCCEEDED)
    assert _events(await stream.rest()) == ["run.succeeded", "end"]
    assert stream.complete
    again = f"/v1/stream?run={first.id}@{first.cursor}&run={second.id}@{second.cursor}"
    assert (await Stream.open(server.port, again)).status == 204


async def test_several_runs_and_one_that_is_not_there(server: Server) -> None:
    """It is told in-band, and the others go on; if none is there, it is an error."""
    run = await server.run()
    stream = await Stream.open(server.port, f"/v1/stream?run=run_nowhere&run={run.id}")
    frames = await stream.until("snapshot")
    assert _events(frames) == ["open", "reset", "snapshot"]
    assert orjson.loads(frames[1].data) == {"run_id": "run_nowhere", "reason": "gone"}
    assert (await Stream.open(server.port, "/v1/stream?run=run_nowhere&run=run_else")).status == 404


async def test_how_many_runs_one_connection_may_carry(server: Server) -> None:
    """At least one, at most 64."""
    run = await server.run()
    assert (await Stream.open(server.port, "/v1/stream")).status == 400
    many = "&".join(f"run={run.id}" for _ in range(STREAM_RUNS_MAX + 1))
    assert (await Stream.open(server.port, f"/v1/stream?{many}")).status == 400


async def test_the_urls_cursors_rule_for_several_runs(server: Server) -> None:
    """`Last-Event-ID` knows only the run of the last frame, so it is not looked at."""
    run = await server.run(note(), note())
    stream = await Stream.open(server.port, f"/v1/stream?run={run.id}", {"Last-Event-ID": str(run.cursor)})
    assert _events(await stream.until("snapshot")) == ["open", "snapshot"]


async def test_the_list_of_runs(server: Server) -> None:
    """A page, newest first; then whatever changed, with the percent of this moment."""
    old, new = await server.run(), await server.run()
    stream = await Stream.open(server.port, "/v1/runs/stream?limit=2")
    _, page = await stream.until("page")
    assert [entry["id"] for entry in orjson.loads(page.data)["runs"]] == [new.id, old.id]
    from headway.core.events import new_event

    plan = new_event("run.planned", {"phases": [{"id": "read"}]})
    await server.append(old, plan, new_event("phase.progressed", {"id": "read", "done": 1, "total": 4}))
    frame = await stream.next()
    assert frame is not None
    (entry,) = orjson.loads(frame.data)["runs"]
    assert (frame.event, frame.id, entry["id"], entry["percent"]) == ("runs", "", old.id, 25.0)
    newest = await server.run()
    frame = await stream.next()
    assert frame is not None
    data = orjson.loads(frame.data)
    assert [entry["id"] for entry in data["runs"]] == [newest.id]
    assert data["removed"] == [old.id]
    assert (await Stream.open(server.port, "/v1/runs/stream?limit=0")).status == 400
    await stream.close()
    await server.settled(lambda found: found["lists"] == 0 and found["open"] == 0)


async def test_overload() -> None:
    """An EventSource is asked to come back later; a client of ours is told by status."""
    with serving(settings=HubSettings(max_connections=1, viewer_max=1)) as server:
        run = await server.run()
        first = await _get(server, run)
        await first.until("snapshot")
        second = await _get(server, run)
        assert second.status == 200
        assert await second.rest() == []
        assert second.complete
        assert second.retry_ms is not None
        assert second.retry_ms >= 5_000
        assert (await _get(server, run, "?client=1")).status == 503
        assert (await server.statistics())["refused"] == 2
        await first.close()
        await server.settled(lambda found: found["open"] == 0)
        assert (await _get(server, run, "?client=1")).status == 200


async def test_streams_of_one_user_are_limited() -> None:
    """The limit is each user's own."""
    with serving(settings=HubSettings(viewer_max=1)) as server:
        run = await server.run()
        path = _path(run, "?client=1")
        first = await Stream.open(server.port, path, {"X-User": "ada"})
        await first.until("snapshot")
        assert (await Stream.open(server.port, path, {"X-User": "ada"})).status == 429
        assert (await Stream.open(server.port, path, {"X-User": "bob"})).status == 200
        for _ in range(3):
            assert (await Stream.open(server.port, path)).status == 200


async def test_switched_off(server: Server) -> None:
    """Open streams end with `use: poll`, new ones are told the same; on again, all is as it was."""
    run = await server.run()
    stream = await _get(server, run)
    await stream.until("snapshot")
    await server.call(server.hub.off, "sse")
    (end,) = await stream.rest()
    assert orjson.loads(end.data) == {"status": None, "seq": None, "final": False, "use": "poll"}
    assert stream.retry_ms == 60_000
    assert stream.complete
    assert _events(await (await _get(server, run)).rest()) == ["end"]
    await server.call(server.hub.on, "sse")
    assert _events(await (await _get(server, run)).until("snapshot")) == ["open", "snapshot"]


async def test_concurrent_joins_share_one_feed(server: Server) -> None:
    """However many come at once, the run is read once."""
    run = await server.run(note())
    streams = await asyncio.gather(*(_get(server, run) for _ in range(50)))
    await asyncio.gather(*(stream.until("snapshot") for stream in streams))
    found = await server.statistics()
    assert (found["feeds"], found["open"], found["reads"]) == (1, 50, 0)
    await server.append(run, note("for all"))
    frames = await asyncio.gather(*(stream.next() for stream in streams))
    assert len({frame and frame.data for frame in frames}) == 1
