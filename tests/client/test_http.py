"""The client's methods against a real server: what they send is what the routes take."""

import pytest

from headway.app import Headway
from headway.client import Client
from headway.core.events import new_event
from headway.errors import (
    Conflict,
    Fenced,
    HeadwayError,
    InvalidInput,
    JobNotFound,
    KeyReused,
    NotFound,
    Owned,
    RunActive,
    RunClosed,
    RunNotFound,
    StoreUnavailable,
    UsageError,
)
from headway.publish.run import Run
from headway.security.principal import Principal
from tests.client.running import running
from tests.client.scripted import RUN, plain, scripted


def note(body: str, key: str | None = None):
    """An event."""
    return new_event("note", {"body": body}, key=key)


async def test_a_run_from_its_opening_to_its_end(client):
    """Open, report, read, list."""
    handle = await client.open("a trip", kind="trip", group="g", phases={"plan": 1}, metadata={"a": 1}, lease_s=60)
    run_id = handle["id"]
    first = await client.append(run_id, handle["execution_id"], [note("one"), note("two")])
    again = await client.append(run_id, None, [note("three", key="k"), note("three", key="k")])
    assert (first["status"], again["seq"]) == ("running", first["seq"] + 1)
    state = await client.get(run_id)
    assert (state["title"], state["job"], state["group"], state["metadata"]["a"]) == ("a trip", "trip", "g", 1)
    assert [entry["body"] for entry in state["notes"]] == ["one", "two", "three"]
    page = await client.events(run_id, after=first["cursor"], limit=1)
    assert [event["data"]["body"] for event in page["events"]] == ["three"]
    await client.append(run_id, None, [new_event("run.succeeded", {"result": 1})])
    found = await client.runs(job="trip", status="succeeded", limit=5, group=None)
    assert [run["id"] for run in found["runs"]] == [run_id]
    with pytest.raises(RunClosed):
        await client.append(run_id, None, [note("too late")])


async def test_a_creation_key_gives_the_same_run(client):
    """Whatever was lost on the way, there is one run."""
    one = await client.open("a", kind="k", key="order-17")
    assert (await client.open("a", kind="k", key="order-17"))["id"] == one["id"]
    with pytest.raises(KeyReused):
        await client.open("a", kind="other", key="order-17")


async def test_steering(client):
    """Cancel, retry, take over: each says what it met."""
    handle = await client.open("a")
    run_id, execution_id = handle["id"], handle["execution_id"]
    with pytest.raises(Owned):
        await client.take_over(run_id)
    taken = await client.take_over(run_id, take_over=True)
    assert taken["attempt"] == 2
    with pytest.raises(Fenced):
        await client.append(run_id, execution_id, [note("late")])
    asked = await client.cancel(run_id, reason="enough")
    assert asked["cancel_requested"] is True
    await client.append(run_id, taken["execution_id"], [new_event("run.cancelled", {"reason": "enough"})])
    ended = await client.get(run_id)
    again = await client.retry(run_id, seq=ended["seq"])
    assert (again["status"], again["attempt"]) == ("queued", 3)
    with pytest.raises(Conflict):
        await client.retry(run_id, seq=again["seq"])


async def test_a_run_is_deleted_when_it_has_ended(client):
    """Not before; then it is gone."""
    handle = await client.open("a")
    with pytest.raises(RunActive):
        await client.delete(handle["id"])
    await client.append(handle["id"], handle["execution_id"], [new_event("run.succeeded", {"result": None})])
    await client.delete(handle["id"])
    with pytest.raises(RunNotFound):
        await client.get(handle["id"])


async def test_a_job_is_started_by_its_name():
    """With its input checked there."""
    hw = Headway("memory://", worker="none")

    @hw.job
    async def double(run: Run, n: int) -> int:
        return 2 * n

    with running(hw, prefix="/some/where") as server:
        async with Client(server.url + "/") as client:
            (job,) = await client.jobs()
            assert (job["name"], job["input_schema"]) == ("double", {"type": "integer"})
            handle = await client.start("double", 21, title="twice", key="k", group="g")
            assert handle["links"]["self"] == f"/some/where/v1/runs/{handle['id']}"
            assert (handle["status"], handle["snapshot"]["title"]) == ("queued", "twice")
            assert (await client.start("double", 21, title="twice", key="k", group="g"))["id"] == handle["id"]
            with pytest.raises(InvalidInput):
                await client.start("double", "twenty-one")
            with pytest.raises(JobNotFound):
                await client.start("no such job")


async def test_what_is_not_there(client, server):
    """Runs, and addresses: the error says which it is."""
    with pytest.raises(RunNotFound):
        await client.get(RUN)
    async with Client(server.url + "/headway") as wrong:
        with pytest.raises(NotFound):
            await wrong.get(RUN)


async def test_credentials_go_with_every_request():
    """As a bearer token or as headers, for streams as well."""

    async def authenticate(connection):
        if connection.headers.get("authorization") == "Bearer sesame" or connection.headers.get("x-user") == "ada":
            return Principal("ada")
        return None

    with running(Headway("memory://", worker="none", authenticate=authenticate)) as server:
        async with Client(server.url, token="sesame") as client:
            run_id = (await client.open("a"))["id"]
        async with Client(server.url, headers={"X-User": "ada"}) as client:
            async for state, _ in client.watch(run_id):
                assert state["owner"] == "ada"
                break
        async with Client(server.url) as client:
            with pytest.raises(HeadwayError) as caught:
                await client.get(run_id)
    assert caught.value.code == "unauthenticated"


async def test_no_server():
    """The address and the remedy, no stack of sockets."""
    async with Client("http://127.0.0.1:9") as client:
        with pytest.raises(StoreUnavailable) as caught:
            await client.runs()
    assert str(caught.value) == "http://127.0.0.1:9: the server cannot be reached (is it running there?)"


@pytest.mark.parametrize("body", [b"<h1>hello</h1>", b"[]", b""])
async def test_something_else_answers(body):
    """A 200 of another application is no answer."""
    async with scripted(lambda request, n: plain("200 OK", body)) as server, Client(server.url) as client:
        with pytest.raises(HeadwayError, match="what no Headway answers"):
            await client.runs()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", "http://[::1", "", "/v1"])
def test_no_address(url):
    """Said where it is written."""
    with pytest.raises(UsageError, match="no address"):
        Client(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_reached_without_a_proxy(client, server, monkeypatch, host):
    """A proxy of the environment has another loopback."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    async with Client(server.url.replace("127.0.0.1", host)) as direct:
        assert "runs" in await direct.runs()
    async with Client("http://headway.invalid") as by_proxy:
        assert by_proxy.http._mounts  # elsewhere the environment rules
