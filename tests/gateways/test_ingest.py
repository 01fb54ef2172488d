"""Ingest: what is reported from elsewhere, and what is refused."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.events import CONTROL_TYPES, PAYLOADS, REPORTED_TYPES
from headway.core.limits import BATCH_EVENTS_MAX, EVENT_BYTES_MAX
from headway.errors import HeadwayError
from headway.gateways.body import parse_json
from headway.gateways.ingest import parse_report
from tests.gateways.serving import World, as_user, make_world, note, open_run, problem_of, report, serving, start

EXAMPLES: dict[str, dict[str, Any]] = {
    "run.planned": {"phases": [{"id": "read"}]},
    "run.succeeded": {"result": 1},
    "run.partial": {"result": 1},
    "run.failed": {"error": {"code": "c", "message": "m"}},
    "run.cancelled": {},
    "phase.started": {"id": "main", "total": 3},
    "phase.progressed": {"id": "main", "done": 1},
    "phase.finished": {"id": "main"},
    "phase.failed": {"id": "main"},
    "item.planned": {"key": "day:1"},
    "item.started": {"key": "day:1"},
    "item.progressed": {"key": "day:1", "done": 1},
    "item.updated": {"key": "day:1", "data": {"a": [1]}},
    "item.finished": {"key": "day:1", "data": None},
    "item.failed": {"key": "day:1", "error": {"code": "c", "message": "m"}},
    "output.started": {"key": "text"},
    "output.appended": {"key": "text", "delta": "Grüße 🎈"},
    "output.finished": {"key": "text"},
    "note": {"body": "hello"},
    "log": {"text": "line"},
    "error": {"code": "c", "message": "m"},
    "custom": {"name": "n", "data": {"x": 1}},
}


async def test_a_batch_is_one_transaction(client: httpx.AsyncClient) -> None:
    """The receipt says where the log stands."""
    handle = await open_run(client)
    receipt = await report(client, handle["id"], note("a"), note("b"))
    said = {"status": "running", "cancel_requested": False, "lease_s": None}
    assert receipt == {"seq": 5, "cursor": receipt["cursor"], **said}
    page = (await client.get(f"/v1/runs/{handle['id']}/events?type=note")).json()
    assert page["cursor"] == receipt["cursor"]
    assert len({event["time"] for event in page["events"]}) == 1


def test_there_is_an_example_of_every_type() -> None:
    """So that none is forgotten here."""
    assert EXAMPLES.keys() == REPORTED_TYPES


@pytest.mark.parametrize("type", sorted(EXAMPLES))
async def test_every_type_can_be_reported(client: httpx.AsyncClient, type: str) -> None:
    """With unknown fields, which are ignored."""
    handle = await open_run(client)
    event = {"type": type, "data": EXAMPLES[type] | {"later": 1}, "colour": "red"}
    await report(client, handle["id"], event, agent="me")
    (stored,) = (await client.get(f"/v1/runs/{handle['id']}/events", params={"type": type, "limit": 100})).json()[
        "events"
    ][-1:]
    assert EXAMPLES[type].items() <= stored["data"].items() or type == "run.planned" or "error" in EXAMPLES[type]
    assert "later" not in stored["data"]


async def test_an_empty_batch_is_a_heartbeat(client: httpx.AsyncClient) -> None:
    """It writes nothing, and tells the status."""
    handle = await open_run(client)
    receipt = await report(client, handle["id"], execution_id=handle["execution_id"])
    assert receipt["cursor"] == handle["snapshot"]["cursor"]


async def test_the_receipt_says_that_somebody_wants_it_to_stop(client: httpx.AsyncClient) -> None:
    """That is how a process elsewhere learns of it."""
    run_id = (await open_run(client))["id"]
    await client.post(f"/v1/runs/{run_id}/cancel")
    assert (await report(client, run_id))["cancel_requested"] is True


async def test_the_receipt_says_how_long_the_lease_is(client: httpx.AsyncClient) -> None:
    """That is how a process elsewhere learns how often it has to report."""
    opened = await client.post("/v1/runs", json={"title": "elsewhere", "lease_s": 0.75})
    assert (await report(client, opened.json()["id"]))["lease_s"] == 0.75


async def test_a_key_is_written_once(client: httpx.AsyncClient) -> None:
    """The rest of the batch is, and seqs stay dense."""
    run_id = (await open_run(client))["id"]
    keyed = {**note("a"), "key": "k1"}
    await report(client, run_id, keyed)
    receipt = await report(client, run_id, keyed, note("b"), {**note("c"), "key": "k2"})
    events = (await client.get(f"/v1/runs/{run_id}/events?type=note")).json()["events"]
    assert [event["data"]["body"] for event in events] == ["a", "b", "c"]
    assert [event["seq"] for event in events] == [4, 5, 6]
    assert receipt["seq"] == 6


@pytest.mark.parametrize(
    ("at", "stored"),
    [
        ("2026-11-21T09:36:00Z", "2026-11-21T09:36:00.000Z"),
        ("2026-11-21T10:36:00.1239+01:00", "2026-11-21T09:36:00.123Z"),
    ],
)
async def test_the_time_it_happened_is_kept_in_utc(client: httpx.AsyncClient, at: str, stored: str) -> None:
    """Beside the time it was appended."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, {**note(), "at": at})
    (event,) = (await client.get(f"/v1/runs/{run_id}/events?type=note")).json()["events"]
    assert event["at"] == stored
    assert event["time"] > event["at"]


@pytest.mark.parametrize(
    ("batch", "code", "place"),
    [
        ([], "invalid_event", "the body"),
        (None, "invalid_event", "the body"),
        ({}, "invalid_event", "events"),
        ({"events": {}}, "invalid_event", "events"),
        ({"events": [], "execution_id": 3}, "invalid_event", "execution_id"),
        ({"events": [1]}, "invalid_event", "events[0]"),
        ({"events": [note(), {}]}, "invalid_event", "events[1].type"),
        ({"events": [note(), {"type": None}]}, "invalid_event", "events[1].type"),
        ({"events": [note(), {"type": "note"}]}, "invalid_event", "events[1].data"),
        ({"events": [{"type": "note", "data": {}}]}, "invalid_event", "events[0].data.body"),
        ({"events": [{"type": "note", "data": {"body": "x" * 10_001}}]}, "invalid_event", "events[0].data.body"),
        (
            {"events": [{"type": "phase.progressed", "data": {"id": "a", "done": -1}}]},
            "invalid_event",
            "events[0].data.done",
        ),
        ({"events": [{"type": "item.started", "data": {"key": "k" * 201}}]}, "invalid_event", "events[0].data.key"),
        ({"events": [{"type": "custom", "data": {"name": "n", "data": 2**53}}]}, "invalid_event", "events[0].data"),
        ({"events": [note() | {"key": ""}]}, "invalid_event", "events[0].key"),
        ({"events": [note() | {"key": "k" * 201}]}, "invalid_event", "events[0].key"),
        ({"events": [note() | {"key": 1}]}, "invalid_event", "events[0].key"),
        ({"events": [note() | {"at": "yesterday"}]}, "invalid_event", "events[0].at"),
        ({"events": [note() | {"at": "2026-11-21T09:36:00"}]}, "invalid_event", "events[0].at"),
        ({"events": [note() | {"at": "0001-01-01T00:00:00+23:59"}]}, "invalid_event", "events[0].at"),
        ({"events": [note() | {"at": "9999-12-31T23:59:59-23:59"}]}, "invalid_event", "events[0].at"),
        ({"events": [note() | {"at": 5}]}, "invalid_event", "events[0].at"),
        ({"events": [{"type": "item.exploded", "data": {}}]}, "unknown_event_type", "events[0].type"),
        ({"events": [{"type": "", "data": {}}]}, "unknown_event_type", "events[0].type"),
    ],
)
async def test_a_wrong_event_is_named(client: httpx.AsyncClient, batch: Any, code: str, place: str) -> None:
    """By its index and field; nothing of the batch is written."""
    handle = await open_run(client)
    answer = await client.post(f"/v1/runs/{handle['id']}/events", content=orjson.dumps(batch))
    problem = problem_of(answer, 422, code)
    assert problem["detail"].startswith(f"{place}: "), problem["detail"]
    assert (await client.get(f"/v1/runs/{handle['id']}")).json()["cursor"] == handle["snapshot"]["cursor"]


async def test_an_unknown_type_is_led_to_custom(client: httpx.AsyncClient) -> None:
    """The application's own events have a place."""
    run_id = (await open_run(client))["id"]
    answer = await client.post(f"/v1/runs/{run_id}/events", json={"events": [{"type": "mine", "data": {}}]})
    assert "custom" in problem_of(answer, 422, "unknown_event_type")["hint"]


async def test_a_misspelt_type_is_led_to_the_one_that_was_meant(client: httpx.AsyncClient) -> None:
    """A letter that is missing."""
    run_id = (await open_run(client))["id"]
    answer = await client.post(f"/v1/runs/{run_id}/events", json={"events": [{"type": "phase.progressd", "data": {}}]})
    assert "'phase.progressed'" in problem_of(answer, 422, "unknown_event_type")["hint"]


@pytest.mark.parametrize("type", sorted(set(PAYLOADS) - REPORTED_TYPES))
async def test_what_headway_writes_itself_is_refused(client: httpx.AsyncClient, type: str) -> None:
    """Control events and withdrawals."""
    assert set(PAYLOADS) - REPORTED_TYPES >= CONTROL_TYPES
    run_id = (await open_run(client))["id"]
    answer = await client.post(f"/v1/runs/{run_id}/events", json={"events": [{"type": type, "data": {}}]})
    problem_of(answer, 422, "event_not_allowed")


async def test_batches_are_bounded(client: httpx.AsyncClient) -> None:
    """In events, and each event in bytes."""
    run_id = (await open_run(client))["id"]
    path = f"/v1/runs/{run_id}/events"
    await report(client, run_id, *[note()] * BATCH_EVENTS_MAX)
    too_many = await client.post(path, json={"events": [note()] * (BATCH_EVENTS_MAX + 1)})
    assert problem_of(too_many, 413, "body_too_large")["limit"] == BATCH_EVENTS_MAX
    delta = {"type": "output.appended", "data": {"key": "t", "delta": "x" * EVENT_BYTES_MAX}}
    large = await client.post(path, json={"events": [note(), delta]})
    assert problem_of(large, 413, "event_too_large")["detail"].startswith("events[1]: ")


async def test_bodies_are_bounded() -> None:
    """By what they declare, and by what comes."""
    world = make_world(max_body_bytes=1_000)
    async with serving(world) as client:
        run_id = (await open_run(client))["id"]
        path = f"/v1/runs/{run_id}/events"

        async def pieces() -> Any:
            for _ in range(20):
                yield b" " * 100

        problem_of(await client.post(path, content=b" " * 1_001), 413, "body_too_large")
        problem_of(await client.post(path, content=pieces()), 413, "body_too_large")
        assert (await client.post(path, content=b'{"events": []}' + b" " * 900)).status_code == 202


async def test_depth_is_bounded(client: httpx.AsyncClient) -> None:
    """However deep: it is an answer, not a stack overflow."""
    run_id = (await open_run(client))["id"]
    for depth in (30, 1_000, 100_000):
        nested = b"[" * depth + b"]" * depth
        body = b'{"events": [{"type": "custom", "data": {"name": "n", "data": ' + nested + b"}}]}"
        problem_of(await client.post(f"/v1/runs/{run_id}/events", content=body), 422, "too_deep")


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b'{"a": NaN}', b'{"a": "\\ud800"}', b"\xff", b'{"a": 1e999}', b"[1,]"]
)
async def test_what_is_not_json_is_told(client: httpx.AsyncClient, body: bytes) -> None:
    """Strictly: what could not be stored or sent on is refused here."""
    run_id = (await open_run(client))["id"]
    problem_of(await client.post(f"/v1/runs/{run_id}/events", content=body), 400, "bad_json")


async def test_the_media_type_does_not_matter(client: httpx.AsyncClient) -> None:
    """Plain ``curl -d`` claims to send a form."""
    run_id = (await open_run(client))["id"]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post(f"/v1/runs/{run_id}/events", content=b'{"events": []}', headers=headers)
    assert answer.status_code == 202


async def test_an_ended_run_takes_nothing(client: httpx.AsyncClient) -> None:
    """Not even a heartbeat."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, {"type": "run.succeeded", "data": {"result": 42}})
    for events in ([note()], []):
        problem_of(await client.post(f"/v1/runs/{run_id}/events", json={"events": events}), 409, "run_closed")


async def test_an_illegal_event_is_a_conflict(client: httpx.AsyncClient) -> None:
    """A queued run cannot succeed; it must be started first."""
    world = make_world(worker="none")
    async with serving(world) as idle:
        run_id = (await start(idle))["id"]
        body = {"events": [{"type": "run.succeeded", "data": {}}]}
        problem = problem_of(await idle.post(f"/v1/runs/{run_id}/events", json=body), 409, "conflict")
        assert problem["current"] == "queued"


async def test_an_execution_that_was_taken_over_is_refused(client: httpx.AsyncClient) -> None:
    """In the body or in the query; the current one is named nowhere but where it is asked for."""
    handle = await open_run(client)
    old, path = handle["execution_id"], f"/v1/runs/{handle['id']}/events"
    new = (await client.post(f"/v1/runs/{handle['id']}/executions", json={"take_over": True})).json()["execution_id"]
    body = {"events": [note()]}
    problem_of(await client.post(path, json={**body, "execution_id": old}), 409, "execution_superseded")
    problem_of(await client.post(f"{path}?execution_id={old}", json=body), 409, "execution_superseded")
    for accepted in ({**body, "execution_id": new}, body):
        assert (await client.post(path, json=accepted)).status_code == 202


async def test_others_cannot_write(users: httpx.AsyncClient) -> None:
    """Nor learn whether the run exists."""
    run_id = (await open_run(users, headers=as_user("ada")))["id"]
    path, body = f"/v1/runs/{run_id}/events", {"events": [note()]}
    problem_of(await users.post(path, json=body, headers=as_user("bob")), 404, "run_not_found")
    reader = as_user("ada", **{"x-scopes": "runs:read"})
    assert problem_of(await users.post(path, json=body, headers=reader), 403, "forbidden")["scope"] == "runs:write"
    assert (await users.post(path, json=body, headers=as_user("ada"))).status_code == 202


async def test_reporters_side_by_side(client: httpx.AsyncClient) -> None:
    """Ten of them, twenty batches each: dense seqs, nothing lost."""
    run_id = (await open_run(client))["id"]

    async def reporter(name: int) -> None:
        for number in range(20):
            await report(client, run_id, {**note(f"{name}/{number}"), "key": f"{name}/{number}"}, note())

    await asyncio.gather(*(reporter(name) for name in range(10)))
    page = (await client.get(f"/v1/runs/{run_id}/events?limit=1000")).json()
    assert [event["seq"] for event in page["events"]] == list(range(1, 404))


def outcome(call: Callable[[], Any]) -> tuple[Any, HeadwayError | None]:
    """What a call returns, or the error of ours it raises; any other error is a failure of the test."""
    try:
        return call(), None
    except HeadwayError as error:
        return None, error


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    [
        "id",
        "key",
        "done",
        "total",
        "phases",
        "data",
        "error",
        "delta",
        "body",
        "text",
        "level",
        "code",
        "message",
        "name",
    ]
)
events = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(sorted(PAYLOADS)) | json_values,
        "data": st.dictionaries(fields, json_values, max_size=5) | json_values,
        "key": json_values,
        "at": st.datetimes().map(str)
        | st.datetimes(timezones=st.timezones()).map(lambda t: t.isoformat())
        | json_values,
    },
)
batches = st.fixed_dictionaries(
    {"events": st.lists(events | json_values, max_size=4) | json_values}, optional={"execution_id": json_values}
)


@given(batch=batches | json_values)
def test_no_json_breaks_the_parser(batch: Any) -> None:
    """It is taken, or refused with an error of ours that says where; what is taken can be stored."""
    taken, refusal = outcome(lambda: parse_report(batch))
    if refusal is not None:
        assert refusal.status in (413, 422)
        orjson.dumps(refusal.extra)
        return
    for event in taken[1]:
        assert event.type in REPORTED_TYPES
        orjson.loads(event.data)


@given(
    body=st.binary(max_size=200)
    | st.text(alphabet='{}[]",:0123456789.eE+-nulltruefalse\\u ', max_size=80).map(str.encode)
)
def test_no_bytes_break_the_parser(body: bytes) -> None:
    """They are JSON, or that is said."""
    value, refusal = outcome(lambda: parse_json(body))
    assert refusal is None or refusal.status in (400, 422)
    orjson.dumps(value)


async def test_a_reporter_that_leaves_in_mid_body_is_no_error(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is written, nothing is logged."""
    async with serving(world) as client:
        handle = await open_run(client)
        _reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        head = (
            f"POST /headway/v1/runs/{handle['id']}/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
        )
        writer.write(head.encode() + b'{"events": [')
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(25):
            while 'route="/v1/runs/{run_id}/events",status="499"' not in (await client.get("/metrics")).text:
                await client.get("/healthz")
        assert (await client.get(f"/v1/runs/{handle['id']}")).json()["cursor"] == handle["snapshot"]["cursor"]
    assert [line for line in caplog.records if line.levelname == "ERROR"] == []
