"""Who watches, and what is said to them: over HTTP, on two servers that share a file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from headway.core.sse import Frame, Parser
from headway.errors import StoreUnavailable
from headway.ops import notices
from headway.stores.sqlite import SqliteStore
from tests.gateways.serving import (
    World,
    as_user,
    by_header,
    data,
    eventually,
    make_world,
    note,
    open_run,
    problem_of,
    report,
    serving,
)


class Viewer:
    """A stream, and the frames that came on it."""

    def __init__(self, answer: httpx.Response) -> None:
        self.frames: list[Frame] = []
        self._pieces = answer.aiter_bytes()
        self._parser = Parser()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for piece in self._pieces:
            self.frames += self._parser.feed(piece)

    def named(self, name: str) -> list[Any]:
        """What came in frames of a name."""
        return [data(frame) for frame in self.frames if frame.event == name]

    @property
    def id(self) -> str:
        """The connection's."""
        return str(self.named("open")[0]["connection_id"])

    @property
    def over(self) -> bool:
        """Whether the stream has ended."""
        return self._reading.done()

    async def close(self) -> None:
        """Read no more."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


class Servers:
    """Two servers on one file, and who watches through them."""

    def __init__(self, worlds: list[World], clients: list[httpx.AsyncClient], stack: AsyncExitStack) -> None:
        self.worlds = worlds
        self.clients = clients
        self._stack = stack

    async def watch(self, number: int, path: str, **headers: str) -> Viewer:
        """Watch through one of them, until the end of the test."""
        answer = await self._stack.enter_async_context(self.clients[number].stream("GET", path, headers=headers))
        assert answer.status_code == 200
        viewer = Viewer(answer)
        self._stack.push_async_callback(viewer.close)
        await eventually(lambda: viewer.named("snapshot") or viewer.named("page"))
        return viewer

    async def listed(self, number: int = 0, **query: Any) -> Any:
        """The connections one of them lists."""
        answer = await self.clients[number].get("/v1/connections", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def serve(folder: Path, **options: Any) -> AsyncIterator[Servers]:
    """Serve two."""
    async with AsyncExitStack() as stack:
        worlds = [make_world(SqliteStore(folder / "runs.db"), **options) for _ in range(2)]
        clients = [await stack.enter_async_context(serving(world)) for world in worlds]
        viewers = await stack.enter_async_context(AsyncExitStack())
        yield Servers(worlds, clients, viewers)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Servers]:
    """Two servers on one file."""
    async with serve(tmp_path) as servers:
        yield servers


async def test_everybody_who_watches_is_listed_by_each_server(two: Servers) -> None:
    """With what is known of them, the newest first."""
    run = await open_run(two.clients[0], group="trips")
    one = await two.watch(0, f"/v1/runs/{run['id']}/stream?client=ts/0.1.0")
    other = await two.watch(1, f"/v1/stream?run={run['id']}")
    everything = await two.watch(1, "/v1/runs/stream")
    for found in [await two.listed(number) for number in range(2)]:
        assert [each["id"] for each in found["connections"]] == [everything.id, other.id, one.id]
        assert (found["total"], found["complete"], found["asked"], found["answered"]) == (3, True, 2, 2)
        assert found["missing"] == []
    last, _, first = found["connections"]
    assert first["process"] != last["process"]
    assert first == {
        **first,
        "transport": "sse",
        "path": "direct",
        "viewer": "",
        "client": "ts/0.1.0",
        "peer": "127.0.0.1",
        "watched": [run["id"]],
        "stalled": False,
        "waiting_bytes": 0,
    }
    assert last["watched"] == ["runs"]
    answer = await two.clients[1].get(f"/v1/connections/{one.id}")
    assert answer.json()["process"] == first["process"]
    before = answer.json()["sent_bytes"]
    await report(two.clients[0], run["id"], note("x" * 1_000))
    await eventually(lambda: one.named("note") and other.named("note"))
    after = (await two.clients[1].get(f"/v1/connections/{one.id}")).json()["sent_bytes"]
    assert after >= before + 1_000, "also what is written to many at once"


async def test_viewers_are_picked(two: Servers) -> None:
    """By run, group, client and transport; all of it must be true."""
    trip, walk = await open_run(two.clients[0], group="trips"), await open_run(two.clients[0])
    one = await two.watch(0, f"/v1/runs/{trip['id']}/stream?client=ts/0.1.0")
    other = await two.watch(1, f"/v1/stream?run={walk['id']}&run={trip['id']}")
    third = await two.watch(1, f"/v1/runs/{walk['id']}/stream?client=python/2.0.0")
    lists = await two.watch(0, "/v1/runs/stream?group=trips")
    expected = {
        ("run", trip["id"]): {one.id, other.id},
        ("run", walk["id"]): {other.id, third.id},
        ("run", "run_nothing"): set(),
        ("group", "trips"): {one.id, other.id, lists.id},
        ("client", "ts"): {one.id},
        ("client", "ts/0.1.0"): {one.id},
        ("client", "ts/0.2.0"): set(),
        ("viewer", ""): {one.id, other.id, third.id, lists.id},
        ("viewer", "ada"): set(),
        ("transport", "sse"): {one.id, other.id, third.id, lists.id},
        ("transport", "poll"): set(),
    }
    for (name, value), ids in expected.items():
        found = await two.listed(**{name: value})
        assert {each["id"] for each in found["connections"]} == ids, (name, value)
        assert found["total"] == len(ids)
    assert [each["id"] for each in (await two.listed(group="trips", client="ts"))["connections"]] == [one.id]
    some = await two.listed(limit=2)
    assert ([each["id"] for each in some["connections"]], some["total"]) == ([lists.id, third.id], 4)


async def test_long_polls_are_listed_and_can_be_closed(two: Servers) -> None:
    """They cannot be written to, and that is told."""
    run = await open_run(two.clients[0], group="trips")
    url = f"/v1/runs/{run['id']}?client=ts/0.1.0"
    etag = (await two.clients[0].get(url)).headers["etag"]
    polling = asyncio.create_task(two.clients[0].get(f"{url}&wait=50", headers={"If-None-Match": etag}))
    await eventually(lambda: two.worlds[0].hw.services.waits.statistics()["waiting"] == 1)
    found = await two.listed(1, transport="poll", group="trips")
    (poll,) = found["connections"]
    assert (poll["transport"], poll["path"], poll["watched"]) == ("poll", None, [run["id"]])
    assert (poll["client"], poll["peer"]) == ("ts/0.1.0", "127.0.0.1")
    said = {"text": "hello"}
    told = (await two.clients[1].post(f"/v1/connections/{poll['id']}/notice", json=said)).json()
    assert (told["reached"], told["unreached"]) == (0, 1)
    told = (await two.clients[1].post("/v1/notices", json={**said, "once": True})).json()
    assert (told["reached"], told["unreached"], told["complete"]) == (0, 1, True)
    assert not polling.done()
    assert (await two.clients[1].delete(f"/v1/connections/{poll['id']}")).status_code == 204
    assert (await polling).status_code == 304


async def test_words_to_one(two: Servers) -> None:
    """Through another server than the one that has them; nobody else hears of it."""
    run = await open_run(two.clients[0])
    one = await two.watch(0, f"/v1/runs/{run['id']}/stream")
    other = await two.watch(0, f"/v1/runs/{run['id']}/stream")
    answer = await two.clients[1].post(
        f"/v1/connections/{one.id}/notice", json={"text": "we see you", "level": "warning"}
    )
    assert (answer.json()["reached"], answer.json()["unreached"]) == (1, 0)
    await eventually(lambda: one.named("notice"))
    (said,) = one.named("notice")
    assert (said["text"], said["level"]) == ("we see you", "warning")
    assert other.named("notice") == []


async def test_words_to_some_who_watch_now(two: Servers) -> None:
    """Who comes later does not hear of it."""
    trip, walk = await open_run(two.clients[0]), await open_run(two.clients[0])
    streams = [await two.watch(number, f"/v1/runs/{trip['id']}/stream") for number in range(2)]
    other = await two.watch(0, f"/v1/runs/{walk['id']}/stream")
    body = {"text": "soon over", "once": True, "to": {"run": trip["id"]}}
    answer = await two.clients[1].post("/v1/notices", json=body)
    assert (answer.status_code, answer.json()["reached"]) == (200, 2)
    await eventually(lambda: all(stream.named("notice") for stream in streams))
    late = await two.watch(0, f"/v1/runs/{trip['id']}/stream")
    assert late.named("notice") == other.named("notice") == []
    assert (await two.clients[0].get("/v1/notices")).json() == {"notices": []}


async def test_a_stream_that_is_closed_comes_back(two: Servers) -> None:
    """It is told when, and ends as a response should."""
    run = await open_run(two.clients[0])
    stream = await two.watch(0, f"/v1/runs/{run['id']}/stream")
    assert (await two.clients[1].delete(f"/v1/connections/{stream.id}")).status_code == 204
    await eventually(lambda: stream.over)
    assert stream.named("end") == []
    problem_of(await two.clients[0].delete(f"/v1/connections/{stream.id}"), 404, "connection_not_found")
    problem_of(await two.clients[0].get(f"/v1/connections/{stream.id}"), 404, "connection_not_found")
    said = await two.clients[0].post(f"/v1/connections/{stream.id}/notice", json={"text": "hello"})
    problem_of(said, 404, "connection_not_found")


async def test_a_notice_stands_before_everybody(two: Servers) -> None:
    """Who watches is told at once, who comes later first of all, on every server; once each."""
    run = await open_run(two.clients[0])
    streams = [await two.watch(number, f"/v1/runs/{run['id']}/stream") for number in range(2)]
    answer = await two.clients[0].post("/v1/notices", json={"text": "maintenance at noon", "level": "critical"})
    assert answer.status_code == 201
    put = answer.json()
    assert (put["text"], put["level"], put["until"], put["to"]) == ("maintenance at noon", "critical", None, {})
    await eventually(lambda: all(stream.named("notice") for stream in streams))
    late = await two.watch(1, f"/v1/runs/{run['id']}/stream")
    lists = await two.watch(0, "/v1/runs/stream")
    said = {name: value for name, value in put.items() if name != "to"}
    for stream in (*streams, late, lists):
        assert stream.named("notice") == [said]
    assert [frame.event for frame in late.frames][:3] == ["open", "notice", "snapshot"]
    assert (await two.clients[1].get("/v1/notices")).json() == {"notices": [put]}
    assert (await two.clients[1].delete(f"/v1/notices/{put['id']}")).status_code == 204
    everybody = (*streams, late, lists)
    await eventually(lambda: all(len(stream.named("notice")) == 2 for stream in everybody))
    assert [stream.named("notice")[1] for stream in everybody] == [{"id": put["id"], "over": True}] * 4
    after = await two.watch(1, f"/v1/runs/{run['id']}/stream")
    assert after.named("notice") == [{"id": put["id"], "over": True}], "it may have been away with the notice before it"
    assert (await two.clients[1].get("/v1/notices")).json() == {"notices": []}
    problem_of(await two.clients[0].delete(f"/v1/notices/{put['id']}"), 404, "notice_not_found")


async def test_a_notice_may_be_for_some(two: Servers) -> None:
    """Those of a run's group, who are there and who come."""
    trip, walk = await open_run(two.clients[0], group="trips"), await open_run(two.clients[0])
    before = [await two.watch(1, f"/v1/runs/{run['id']}/stream") for run in (trip, walk)]
    put = await two.clients[0].post("/v1/notices", json={"text": "to trips", "to": {"group": "trips"}})
    assert put.json()["to"] == {"group": "trips"}
    await eventually(lambda: before[0].named("notice"))
    late = [await two.watch(0, f"/v1/runs/{run['id']}/stream") for run in (trip, walk)]
    assert [len(stream.named("notice")) for stream in (*before, *late)] == [1, 0, 1, 0]


async def test_of_many_that_were_taken_away_the_last_are_told(two: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes is not told of a whole day's."""
    monkeypatch.setattr(notices, "OVER_MAX", 2)
    run = await open_run(two.clients[0])
    ended = []
    for number in range(4):
        put = (await two.clients[0].post("/v1/notices", json={"text": f"notice {number}"})).json()
        assert (await two.clients[0].delete(f"/v1/notices/{put['id']}")).status_code == 204
        ended.append({"id": put["id"], "over": True})
        await asyncio.sleep(0.002)  # their times differ by a millisecond at least

    async def told() -> list[Any]:
        stream = await two.watch(1, f"/v1/runs/{run['id']}/stream")
        return stream.named("notice")

    for _ in range(200):
        if await told() == ended[-2:]:
            break
        await asyncio.sleep(0.02)
    assert await told() == ended[-2:]


async def test_a_notice_goes_when_its_time_is_over(two: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself, and who has it before them is told; it says until when it stands."""
    monkeypatch.setattr(notices, "LOOK_EVERY_S", 0.05)
    run = await open_run(two.clients[0])
    stream = await two.watch(1, f"/v1/runs/{run['id']}/stream")
    put = (await two.clients[0].post("/v1/notices", json={"text": "for a moment", "for_s": 3})).json()
    assert put["until"] > put["at"]
    await eventually(lambda: len(stream.named("notice")) == 2)
    assert stream.named("notice")[1] == {"id": put["id"], "over": True}
    assert (await two.clients[0].get("/v1/notices")).json() == {"notices": []}


async def test_who_polls_finds_the_notices_in_what_is_polled(two: Servers) -> None:
    """The state and its tag, pages of the log; one that waits is answered when they change."""
    run = await open_run(two.clients[0])
    url, etag = f"/v1/runs/{run['id']}", ""

    async def answered() -> Any:
        nonlocal etag
        answer = await two.clients[1].get(f"{url}?wait=50", headers={"If-None-Match": etag})
        assert answer.status_code == 200
        etag = answer.headers["etag"]
        return answer.json()["live"]["notices"]

    assert await answered() == []
    cursor = (await two.clients[1].get(f"{url}/events")).json()["cursor"]
    waiting = asyncio.create_task(answered())
    paging = asyncio.create_task(two.clients[1].get(f"{url}/events?after={cursor}&wait=50"))
    await eventually(lambda: two.worlds[1].hw.services.waits.statistics()["waiting"] == 2)
    put = (await two.clients[0].post("/v1/notices", json={"text": "hello"})).json()
    said = {name: value for name, value in put.items() if name != "to"}
    assert await waiting == [said]
    page = (await paging).json()
    assert (page["events"], page["notices"]) == ([], [said])
    waiting = asyncio.create_task(answered())
    await eventually(lambda: two.worlds[1].hw.services.waits.statistics()["waiting"] == 1)
    await two.clients[0].delete(f"/v1/notices/{put['id']}")
    assert await waiting == []


async def test_who_says_which_notices_it_has_is_told_of_others_at_once(two: Servers) -> None:
    """Also of those that came or went between two polls; while it has those that stand, it waits."""
    run = await open_run(two.clients[0])
    url = f"/v1/runs/{run['id']}/events"
    cursor = (await two.clients[1].get(url)).json()["cursor"]
    waits = two.worlds[1].hw.services.waits

    async def told(*ids: str) -> Any:
        query = {"after": cursor, "wait": "50", "notices": ",".join(ids)}
        answer = await two.clients[1].get(url, params=query)
        assert (answer.status_code, answer.json()["events"]) == (200, [])
        return answer.json()["notices"]

    waiting = asyncio.create_task(told())
    await eventually(lambda: waits.statistics()["waiting"] == 1)
    put = (await two.clients[0].post("/v1/notices", json={"text": "hello"})).json()
    said = {name: value for name, value in put.items() if name != "to"}
    assert await waiting == [said]
    assert await told() == await told("") == [said], "it has not been told"
    waiting = asyncio.create_task(told(said["id"]))
    await eventually(lambda: waits.statistics()["waiting"] == 1)
    await two.clients[0].delete(f"/v1/notices/{said['id']}")
    assert await waiting == [{"id": said["id"], "over": True}]
    assert await told(said["id"]) == [{"id": said["id"], "over": True}], "it was not told"
    assert (await two.clients[1].get(url, params={"notices": "ntc_1,ntc_2"})).json()["notices"] == [
        {"id": "ntc_1", "over": True},
        {"id": "ntc_2", "over": True},
    ]


async def test_a_server_that_starts_knows_what_stands(tmp_path: Path) -> None:
    """Before anybody can watch through it."""
    world = make_world(SqliteStore(tmp_path / "runs.db"))
    async with serving(world) as client:
        run = await open_run(client)
        await client.post("/v1/notices", json={"text": "still here"})
    async with serve(tmp_path) as two:
        stream = await two.watch(1, f"/v1/runs/{run['id']}/stream")
        assert [said["text"] for said in stream.named("notice")] == ["still here"]


async def test_no_more_than_some_stand(two: Servers) -> None:
    """Each is sent to everybody who comes."""
    for number in range(notices.STANDING_MAX):
        assert (await two.clients[0].post("/v1/notices", json={"text": f"{number}"})).status_code == 201
    problem_of(await two.clients[1].post("/v1/notices", json={"text": "one more"}), 409, "conflict")
    shown = (await two.clients[1].get("/v1/notices")).json()["notices"]
    assert [one["text"] for one in shown] == [f"{number}" for number in range(notices.STANDING_MAX)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n "},
        {"text": "x" * 2_001},
        {"text": "x", "level": "loud"},
        {"text": "x", "for_s": 0},
        {"text": "x", "for_s": 1e12},
        {"text": "x", "to": {"run": ""}},
        {"text": "only for bob", "to": {"user": "bob"}},
        {"text": "only for bob", "viewer": "bob"},
    ],
)
async def test_words_that_cannot_be_said(two: Servers, body: Any) -> None:
    """They are refused, and nothing stands."""
    problem_of(await two.clients[0].post("/v1/notices", json=body), 400, "bad_request")
    assert (await two.clients[0].get("/v1/notices")).json() == {"notices": []}


ROUTES = [
    ("GET", "/v1/connections"),
    ("GET", "/v1/connections/con_1"),
    ("POST", "/v1/connections/con_1/notice"),
    ("DELETE", "/v1/connections/con_1"),
    ("GET", "/v1/notices"),
    ("POST", "/v1/notices"),
    ("DELETE", "/v1/notices/ntc_1"),
    ("GET", "/v1/system"),
    ("GET", "/v1/transports"),
    ("POST", "/v1/transports"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_only_operators_may(users: httpx.AsyncClient, method: str, path: str) -> None:
    """A user may not, whatever they own."""
    said = {"on": ["sse"]} if path.endswith("transports") else {"text": "x"}
    body = said if method == "POST" else None
    answer = await users.request(method, path, json=body, headers=as_user("ada"))
    assert problem_of(answer, 403, "forbidden")["scope"] == "admin"


async def test_viewers_are_told_apart(tmp_path: Path) -> None:
    """Where the application knows its users: listed, picked, and told for themselves."""
    async with serve(tmp_path, authenticate=by_header) as two:
        run = await open_run(two.clients[0], headers=as_user("ada"))
        other = await open_run(two.clients[0], headers=as_user("bob"))
        ada = await two.watch(0, f"/v1/runs/{run['id']}/stream", **as_user("ada"))
        bob = await two.watch(1, f"/v1/runs/{other['id']}/stream", **as_user("bob"))
        answer = await two.clients[1].get("/v1/connections?viewer=ada", headers=as_user("admin"))
        assert [(each["id"], each["viewer"]) for each in answer.json()["connections"]] == [(ada.id, "ada")]
        body = {"text": "only you", "to": {"viewer": "bob"}}
        await two.clients[0].post("/v1/notices", json=body, headers=as_user("admin"))
        await eventually(lambda: bob.named("notice"))
        again = await two.watch(1, f"/v1/runs/{run['id']}/stream", **as_user("ada"))
        assert ada.named("notice") == again.named("notice") == []
        live = (await two.clients[0].get(f"/v1/runs/{other['id']}", headers=as_user("bob"))).json()["live"]
        assert [said["text"] for said in live["notices"]] == ["only you"]
        live = (await two.clients[0].get(f"/v1/runs/{run['id']}", headers=as_user("ada"))).json()["live"]
        assert live["notices"] == []


async def test_a_store_that_is_away_is_told(two: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is listed as if they were all; streams go on with the notices they have."""
    await two.clients[0].post("/v1/notices", json={"text": "stays"})
    run = await open_run(two.clients[0])

    async def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("away")

    store = two.worlds[0].hw.store
    with monkeypatch.context() as patch:
        for name in ("workers", "post", "posted"):
            patch.setattr(store, name, away)
        problem_of(await two.clients[0].get("/v1/connections"), 503, "store_unavailable")
        problem_of(await two.clients[0].get("/v1/notices"), 503, "store_unavailable")
        problem_of(await two.clients[0].post("/v1/notices", json={"text": "x"}), 503, "store_unavailable")
        stream = await two.watch(0, f"/v1/runs/{run['id']}/stream")
        assert [said["text"] for said in stream.named("notice")] == ["stays"]
