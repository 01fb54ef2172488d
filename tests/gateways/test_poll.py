"""Polling: the state with its entity tag, pages of the log, long-polls."""

import asyncio
import json

import httpx
import pytest

from headway.core.fold import Fold
from headway.stores.retention import Part
from tests.gateways.serving import (
    World,
    client_at,
    ended,
    eventually,
    make_world,
    note,
    open_run,
    problem_of,
    report,
    serving,
    start,
)


async def waiting(world: World, count: int = 1) -> None:
    """Until so many requests wait."""
    await eventually(lambda: world.hw.services.waits.statistics()["waiting"] == count)


# -- the state


async def test_the_state_is_the_snapshot_and_what_is_true_now(client: httpx.AsyncClient) -> None:
    """It folds to the same as the log, and may be kept only by who asked."""
    run_id = (await start(client, 2))["id"]
    await ended(client, run_id)
    answer = await client.get(f"/v1/runs/{run_id}")
    state = answer.json()
    assert answer.headers["cache-control"] == "private, no-cache"
    assert state.pop("live") == {
        "queue_position": None,
        "estimated_start": None,
        "degraded": False,
        "notices": [],
    }
    fold = Fold()
    for event in (await client.get(f"/v1/runs/{run_id}/events")).json()["events"]:
        fold.apply(event, state["cursor"])
    assert fold.snapshot() == state


async def test_a_tag_that_still_holds_is_answered_304(client: httpx.AsyncClient) -> None:
    """Without a body, with the tag; one among several and weak ones count, too."""
    run_id = (await open_run(client))["id"]
    etag = (await client.get(f"/v1/runs/{run_id}")).headers["etag"]
    for value in (etag, f'"other", W/{etag}', "*"):
        answer = await client.get(f"/v1/runs/{run_id}", headers={"If-None-Match": value})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert (await client.get(f"/v1/runs/{run_id}", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_every_event_changes_the_tag(client: httpx.AsyncClient) -> None:
    """Also one that does not change the snapshot: its cursor stands in it."""
    run_id = (await open_run(client))["id"]
    tags = set()
    for _ in range(3):
        await report(client, run_id, {"type": "log", "data": {"text": "line"}})
        tags.add((await client.get(f"/v1/runs/{run_id}")).headers["etag"])
    assert len(tags) == 3


async def test_a_wait_ends_with_the_news(world: World, client: httpx.AsyncClient) -> None:
    """The answer holds them."""
    run_id = (await open_run(client))["id"]
    etag = (await client.get(f"/v1/runs/{run_id}")).headers["etag"]
    asked = asyncio.create_task(client.get(f"/v1/runs/{run_id}?wait=30", headers={"If-None-Match": etag}))
    await waiting(world)
    await report(client, run_id, note("news"))
    answer = await asked
    assert answer.status_code == 200
    assert answer.json()["notes"][0]["body"] == "news"
    assert answer.headers["etag"] != etag


async def test_a_wait_without_news_ends_with_304(client: httpx.AsyncClient) -> None:
    """After the time asked for."""
    run_id = (await open_run(client))["id"]
    etag = (await client.get(f"/v1/runs/{run_id}")).headers["etag"]
    answer = await client.get(f"/v1/runs/{run_id}?wait=0.05", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.headers["etag"]) == (304, etag)


async def test_a_wait_without_a_tag_has_nothing_to_wait_for(client: httpx.AsyncClient) -> None:
    """The client has no state at all: it gets it at once."""
    run_id = (await open_run(client))["id"]
    assert (await client.get(f"/v1/runs/{run_id}?wait=50")).status_code == 200


async def test_a_run_deleted_while_somebody_waits(world: World, client: httpx.AsyncClient) -> None:
    """They are told that it is gone."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, {"type": "run.succeeded", "data": {}})
    etag = (await client.get(f"/v1/runs/{run_id}")).headers["etag"]
    asked = asyncio.create_task(client.get(f"/v1/runs/{run_id}?wait=30", headers={"If-None-Match": etag}))
    await waiting(world)
    assert (await client.delete(f"/v1/runs/{run_id}")).status_code == 204
    problem_of(await asked, 404, "run_not_found")


async def test_a_place_in_the_queue_is_told() -> None:
    """Who is behind others sees how many; who is next sees 1."""
    world = make_world(worker="none")
    async with serving(world) as client:
        ids = [(await start(client))["id"] for _ in range(3)]
        lives = [(await client.get(f"/v1/runs/{run_id}")).json()["live"] for run_id in ids]
    assert [live["queue_position"] for live in lives] == [1, 2, 3]
    assert not any(live["degraded"] for live in lives)


@pytest.mark.parametrize("query", ["wait=-1", "wait=56", "wait=nan", "wait=inf", "wait=soon"])
async def test_a_wait_has_its_bounds(client: httpx.AsyncClient, query: str) -> None:
    """Up to a little less than what proxies allow."""
    run_id = (await open_run(client))["id"]
    problem_of(await client.get(f"/v1/runs/{run_id}?{query}"), 400, "invalid_query")


async def test_unknown_runs_are_not_found(client: httpx.AsyncClient) -> None:
    """By every reading route."""
    for path in ("", "/events", "/outputs/text", "/stream"):
        problem_of(await client.get(f"/v1/runs/run_nothing{path}"), 404, "run_not_found")


# -- the log


async def test_pages_make_up_the_log(client: httpx.AsyncClient) -> None:
    """Walking by cursor gives every seq once, in order."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, *[note(str(number)) for number in range(25)])
    seqs: list[int] = []
    query: dict[str, str | int] = {"limit": 4}
    while True:
        page = (await client.get(f"/v1/runs/{run_id}/events", params=query)).json()
        seqs += [event["seq"] for event in page["events"]]
        query["after"] = page["cursor"]
        if not page["more"]:
            break
    assert seqs == list(range(1, page["head"] + 1))
    assert (page["run_id"], page["status"], page["partial"]) == (run_id, "running", False)


async def test_a_page_behind_the_head_is_empty(client: httpx.AsyncClient) -> None:
    """And its cursor is the one that was sent."""
    handle = await open_run(client)
    cursor = handle["snapshot"]["cursor"]
    page = (await client.get(f"/v1/runs/{handle['id']}/events?after={cursor}")).json()
    assert (page["events"], page["cursor"], page["more"]) == ([], cursor, False)


async def test_events_come_as_lines_when_asked_for(client: httpx.AsyncClient) -> None:
    """One event a line; the position stands in a header."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, note())
    as_json = (await client.get(f"/v1/runs/{run_id}/events")).json()
    answer = await client.get(f"/v1/runs/{run_id}/events", headers={"Accept": "application/x-ndjson"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["headway-cursor"] == as_json["cursor"]
    assert "accept" in answer.headers["vary"].lower()
    assert [json.loads(line) for line in answer.text.splitlines()] == as_json["events"]


async def test_types_are_picked(client: httpx.AsyncClient) -> None:
    """By name or family, several at once; the cursor moves on over what was left out."""
    run_id = (await open_run(client))["id"]
    await report(
        client,
        run_id,
        note(),
        {"type": "log", "data": {"text": "x"}},
        note(),
        {"type": "custom", "data": {"name": "n"}},
    )

    async def types(query: str) -> list[str]:
        page = (await client.get(f"/v1/runs/{run_id}/events?{query}")).json()
        assert not page["more"]
        assert page["cursor"].startswith(f"{page['head']}.")
        return [event["type"] for event in page["events"]]

    assert await types("type=note") == ["note", "note"]
    assert await types("type=run") == ["run.queued", "run.planned", "run.started"]
    assert await types("type=run.started&type=log") == ["run.started", "log"]
    assert await types("type=item.finished") == []
    page = (await client.get(f"/v1/runs/{run_id}/events?type=note&limit=1")).json()
    rest = (await client.get(f"/v1/runs/{run_id}/events?type=note&limit=1&after={page['cursor']}")).json()
    assert [event["seq"] for event in page["events"] + rest["events"]] == [4, 6]


async def test_what_is_picked_is_found_behind_much_else(client: httpx.AsyncClient) -> None:
    """A few requests lead there, each of them looks through a bounded part of the log."""
    run_id = (await open_run(client))["id"]
    for _ in range(3):
        await report(client, run_id, *[note()] * 1000)
    await report(client, run_id, {"type": "log", "data": {"text": "here"}})
    page = (await client.get(f"/v1/runs/{run_id}/events?type=log")).json()
    assert [event["data"]["text"] for event in page["events"]] == ["here"]


async def test_a_long_poll_of_the_log(world: World, client: httpx.AsyncClient) -> None:
    """It ends with the next event; what comes meanwhile is in the page after it."""
    handle = await open_run(client)
    run_id, cursor = handle["id"], handle["snapshot"]["cursor"]
    asked = asyncio.create_task(client.get(f"/v1/runs/{run_id}/events?after={cursor}&wait=30"))
    await waiting(world)
    await report(client, run_id, note("news"))
    page = (await asked).json()
    assert [event["data"]["body"] for event in page["events"]] == ["news"]


async def test_a_long_poll_waits_for_what_was_picked(world: World, client: httpx.AsyncClient) -> None:
    """Other events do not end it."""
    handle = await open_run(client)
    run_id, cursor = handle["id"], handle["snapshot"]["cursor"]
    asked = asyncio.create_task(client.get(f"/v1/runs/{run_id}/events?after={cursor}&wait=30&type=log"))
    await waiting(world)
    await report(client, run_id, note())
    await report(client, run_id, {"type": "log", "data": {"text": "here"}})
    assert [event["type"] for event in (await asked).json()["events"]] == ["log"]


async def test_a_long_poll_without_news_is_an_empty_page(client: httpx.AsyncClient) -> None:
    """With a cursor to go on from."""
    handle = await open_run(client)
    cursor = handle["snapshot"]["cursor"]
    page = (await client.get(f"/v1/runs/{handle['id']}/events?after={cursor}&wait=0.05")).json()
    assert (page["events"], page["cursor"]) == ([], cursor)


async def test_nobody_waits_for_a_run_that_succeeded(client: httpx.AsyncClient) -> None:
    """Nothing can follow; of other ends a retry may."""
    run_id = (await start(client))["id"]
    state = await ended(client, run_id)
    async with asyncio.timeout(25):
        page = (await client.get(f"/v1/runs/{run_id}/events?after={state['cursor']}&wait=50")).json()
    assert (page["events"], page["status"]) == ([], "succeeded")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "type=nothing", "type=item.exploded", "wait=60"])
async def test_a_wrong_query_is_told(client: httpx.AsyncClient, query: str) -> None:
    """The parameter is named."""
    run_id = (await open_run(client))["id"]
    problem = problem_of(await client.get(f"/v1/runs/{run_id}/events?{query}"), 400, "invalid_query")
    assert problem["detail"].startswith(query.partition("=")[0])


@pytest.mark.parametrize("cursor", ["x", "1", "-1.a", "1.A", "1.a b", "99999999999999999999.a"])
async def test_what_is_no_cursor_is_told(client: httpx.AsyncClient, cursor: str) -> None:
    """It was not made here."""
    run_id = (await open_run(client))["id"]
    problem_of(await client.get(f"/v1/runs/{run_id}/events", params={"after": cursor}), 400, "invalid_cursor")


async def test_a_cursor_the_log_does_not_hold(client: httpx.AsyncClient) -> None:
    """From before it lost its tail, or of another log: the snapshot helps, the reason is told."""
    run_id = (await open_run(client))["id"]
    for cursor in ("999.abc", "1.wrong"):
        problem = problem_of(await client.get(f"/v1/runs/{run_id}/events?after={cursor}"), 410, "trimmed")
        assert problem["reason"] == "ahead"


async def test_a_cursor_the_log_no_longer_reaches_back_to(world: World, client: httpx.AsyncClient) -> None:
    """The same answer with the other reason; what is still there can be read."""
    run_id = (await open_run(client))["id"]
    first = (await client.get(f"/v1/runs/{run_id}/events?limit=1")).json()["cursor"]
    await report(client, run_id, note(), note())
    await world.hw.projections.save(run_id, force=True)
    await world.hw.store.trim(run_id, floor=4)
    problem = problem_of(await client.get(f"/v1/runs/{run_id}/events?after={first}"), 410, "trimmed")
    assert (problem["reason"], problem["floor"], problem["retryable"]) == ("trimmed", 4, False)
    problem_of(await client.get(f"/v1/runs/{run_id}/events"), 410, "trimmed")
    left = (await client.get(f"/v1/runs/{run_id}/events", params={"after": problem["oldest"]})).json()
    assert [event["seq"] for event in left["events"]] == list(range(5, left["head"] + 1))
    assert (await client.get(f"/v1/runs/{run_id}")).json()["notes"][1]["body"] == "hello"


async def test_a_page_without_its_deltas_says_so(world: World, client: httpx.AsyncClient) -> None:
    """Text deltas are kept for less long than the rest; seqs may be missing then."""
    run_id = (await open_run(client))["id"]
    delta = {"type": "output.appended", "data": {"key": "text", "delta": "x"}}
    await report(client, run_id, delta, note(), delta, {"type": "run.succeeded", "data": {}})
    await world.hw.projections.save(run_id, force=True)
    await world.hw.store.trim(run_id, floor=6, part=Part.TEXT)
    page = (await client.get(f"/v1/runs/{run_id}/events")).json()
    assert page["partial"]
    assert [event["seq"] for event in page["events"]] == [1, 2, 3, 5, 7]
    assert await world.hw.store.prune({}) == 0


async def test_many_waiting_wake_together(world: World, client: httpx.AsyncClient) -> None:
    """Fifty viewers, one event: all have it."""
    handle = await open_run(client)
    path = f"/v1/runs/{handle['id']}/events?after={handle['snapshot']['cursor']}&wait=30"
    async with client_at(str(client.base_url), limits=httpx.Limits()) as crowd:
        asked = [asyncio.create_task(crowd.get(path)) for _ in range(50)]
        await waiting(world, 50)
        await report(client, handle["id"], note("news"))
        answers = await asyncio.gather(*asked)
    assert {answer.json()["events"][0]["data"]["body"] for answer in answers} == {"news"}
