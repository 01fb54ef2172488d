"""Jobs and runs over HTTP: starting, opening, listing."""

import asyncio
import base64
from datetime import datetime
from typing import Any

import httpx
import pytest

from headway.errors import InvalidQuery
from headway.gateways.rest import page_token, read_page_token
from headway.stores import searching
from tests.gateways.serving import World, as_user, ended, make_world, open_run, problem_of, serving, start


async def test_jobs_are_listed_with_their_schemas(client: httpx.AsyncClient) -> None:
    """A client can build a form from it; a job kept out of HTTP is not in it."""
    jobs = {job["name"]: job for job in (await client.get("/v1/jobs")).json()["jobs"]}
    assert sorted(jobs) == ["failing", "trip"]
    assert jobs["trip"]["input_schema"]["properties"]["days"]["type"] == "integer"
    assert jobs["trip"]["result_schema"] == {"type": "integer"}
    assert jobs["trip"]["description"] == "Plan a trip."
    assert jobs["trip"]["phases"][0]["id"] == "plan"
    assert jobs["failing"]["input_schema"] is None


async def test_a_start_answers_at_once_with_the_handle(client: httpx.AsyncClient) -> None:
    """202, where to look, and the state as it is: planned phases stand in it."""
    answer = await client.post("/v1/jobs/trip/runs", json={"input": {"days": 1}, "title": "Rome", "group": "g"})
    handle = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == handle["links"]["self"] == f"/headway/v1/runs/{handle['id']}"
    assert handle["links"]["stream"] == handle["links"]["self"] + "/stream"
    assert (handle["job"], handle["stream_token"], handle["estimated_completion_at"]) == ("trip", None, None)
    assert handle["execution_id"] == handle["snapshot"]["execution_id"]
    assert [phase["id"] for phase in handle["snapshot"]["phases"]] == ["plan"]
    assert (handle["snapshot"]["title"], handle["snapshot"]["group"]) == ("Rome", "g")
    state = await ended(client, handle["id"])
    assert (state["status"], state["result"]) == ("succeeded", 1)


async def test_every_link_leads_somewhere(client: httpx.AsyncClient) -> None:
    """Of a run that is worked on, at the place where Headway is mounted."""
    handle = await open_run(client)
    origin = f"http://127.0.0.1:{client.base_url.port}"
    for name in ("self", "events"):
        assert (await client.get(origin + handle["links"][name])).status_code == 200
    async with client.stream("GET", origin + handle["links"]["stream"]) as stream:
        assert stream.status_code == 200
    assert (await client.post(origin + handle["links"]["cancel"])).status_code == 202
    assert (await client.post(origin + handle["links"]["retry"])).status_code == 409


async def test_an_estimate_comes_from_the_last_successes(client: httpx.AsyncClient) -> None:
    """Their median, added to the time of creation."""
    first = await start(client)
    assert first["estimated_completion_at"] is None
    await ended(client, first["id"])
    second = await start(client)
    created, due = (datetime.fromisoformat(second[name]) for name in ("created_at", "estimated_completion_at"))
    assert due >= created


async def test_a_job_may_estimate_by_itself() -> None:
    """Its own word counts more than what was."""
    world = make_world()

    @world.hw.job(estimate=lambda days: days * 60.0)
    async def walk(run: object, days: int) -> None: ...

    async with serving(world) as client:
        handle = (await client.post("/v1/jobs/walk/runs", json={"input": 2})).json()
    created, due = (datetime.fromisoformat(handle[name]) for name in ("created_at", "estimated_completion_at"))
    assert (due - created).total_seconds() == 120


async def test_the_same_key_gives_the_same_run(client: httpx.AsyncClient) -> None:
    """A start that was answered into a broken line is simply sent again."""
    headers = {"Idempotency-Key": "order-17"}
    first, again = [await start(client, 3, headers=headers) for _ in range(2)]
    assert first["id"] == again["id"]
    opened = [await open_run(client, headers={"Idempotency-Key": "other"}) for _ in range(2)]
    assert opened[0]["id"] == opened[1]["id"]


async def test_a_key_stands_for_one_input(client: httpx.AsyncClient) -> None:
    """With another input it is refused, and the run it belongs to is named."""
    headers = {"Idempotency-Key": "order-17"}
    first = await start(client, 3, headers=headers)
    answer = await client.post("/v1/jobs/trip/runs", json={"input": {"days": 4}}, headers=headers)
    assert problem_of(answer, 409, "key_reused")["run_id"] == first["id"]


async def test_many_starts_with_one_key_at_once_make_one_run(client: httpx.AsyncClient) -> None:
    """The store decides, not a look before."""
    handles = await asyncio.gather(*(start(client, 3, headers={"Idempotency-Key": "k"}) for _ in range(20)))
    assert len({handle["id"] for handle in handles}) == 1


async def test_keys_are_per_owner(users: httpx.AsyncClient) -> None:
    """Two users who choose the same key do not meet."""
    ada = await start(users, headers=as_user("ada", **{"Idempotency-Key": "k"}))
    bob = await start(users, headers=as_user("bob", **{"Idempotency-Key": "k"}))
    assert ada["id"] != bob["id"]


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_a_key_has_a_length(client: httpx.AsyncClient, key: str) -> None:
    """Between one and two hundred characters."""
    answer = await client.post("/v1/runs", json={"title": "t"}, headers={"Idempotency-Key": key})
    problem_of(answer, 400, "bad_request")


async def test_input_is_checked_against_the_model(client: httpx.AsyncClient) -> None:
    """All places are named, nothing is created."""
    answer = await client.post("/v1/jobs/trip/runs", json={"input": {"days": "many", "wait": 3}})
    problem = problem_of(answer, 422, "invalid_input")
    assert [error["loc"] for error in problem["errors"]] == [["days"], ["wait"]]
    assert (await client.get("/v1/runs")).json()["runs"] == []


async def test_input_for_a_job_that_takes_none_is_refused(client: httpx.AsyncClient) -> None:
    """It would be lost silently."""
    problem_of(await client.post("/v1/jobs/failing/runs", json={"input": 1}), 422, "invalid_input")
    assert (await client.post("/v1/jobs/failing/runs")).status_code == 202


@pytest.mark.parametrize("job", ["nothing", "hidden"])
async def test_a_job_that_is_not_there(client: httpx.AsyncClient, job: str) -> None:
    """Unknown, or kept out of HTTP: there is no telling the two apart."""
    problem_of(await client.post(f"/v1/jobs/{job}/runs", json={}), 404, "job_not_found")


async def test_a_job_misspelt(client: httpx.AsyncClient) -> None:
    """What was probably meant is named; a job kept out of HTTP never is."""
    problem = problem_of(await client.post("/v1/jobs/tripp/runs", json={}), 404, "job_not_found")
    assert problem["detail"] == "there is no job 'tripp'; did you mean 'trip'?"
    hidden = problem_of(await client.post("/v1/jobs/hiden/runs", json={}), 404, "job_not_found")
    assert hidden["detail"] == "there is no job 'hiden'"


async def test_a_run_for_work_elsewhere_is_running_at_once(client: httpx.AsyncClient) -> None:
    """With phases in any of the three forms."""
    for phases in ({"read": 80, "write": 20}, ["read", "write"], [{"id": "read"}, {"id": "write", "weight": 3}]):
        handle = await open_run(client, kind="report", phases=phases, lease_s=30, metadata={"order": 17})
        assert (handle["status"], handle["job"]) == ("running", "report")
        assert [phase["id"] for phase in handle["snapshot"]["phases"]] == ["read", "write"]
        assert handle["snapshot"]["metadata"]["order"] == 17


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "title"),
        ({"title": "t" * 201}, "title"),
        ({"title": "t", "kind": ""}, "kind"),
        ({"title": "t", "lease_s": 0}, "lease_s"),
        ({"title": "t", "phases": {"a": -1}}, "phases"),
        ({"title": "t", "metadata": [1]}, "metadata"),
        ({"title": "t", "metadata": {"a": "x" * 20_000}}, "metadata"),
        ([], "the body"),
        ({"job": "trip", "input": {}}, "the body: a registered job is started by POST /v1/jobs/"),
    ],
)
async def test_a_wrong_body_names_its_place(client: httpx.AsyncClient, body: object, place: str) -> None:
    """And what is wrong with it."""
    problem = problem_of(await client.post("/v1/runs", json=body), 400, "bad_request")
    assert problem["detail"].startswith(place), problem["detail"]


async def test_the_list_is_newest_first_and_pages_meet(client: httpx.AsyncClient) -> None:
    """Walking it by tokens shows every run once, also when runs are created meanwhile."""
    made = [(await open_run(client, title=f"run {number}"))["id"] for number in range(7)]
    seen: list[str] = []
    page: str | None = None
    for _ in range(4):
        answer = (await client.get("/v1/runs", params={"limit": 2} | ({"page": page} if page else {}))).json()
        seen += [run["id"] for run in answer["runs"]]
        page = answer["next"]
        await open_run(client)
    assert seen == sorted(made, reverse=True)  # ids sort by the time they were made
    assert page is None


async def test_a_full_last_page_promises_no_other(client: httpx.AsyncClient) -> None:
    """As many runs as the page holds: there is no next one."""
    await open_run(client)
    await open_run(client)
    assert (await client.get("/v1/runs?limit=2")).json()["next"] is None


async def test_the_list_is_filtered(client: httpx.AsyncClient) -> None:
    """By status (several), job and group."""
    done = (await start(client, group="a"))["id"]
    await ended(client, done)
    running = (await open_run(client, kind="report", group="b"))["id"]

    async def ids(query: str) -> list[str]:
        return [run["id"] for run in (await client.get(f"/v1/runs?{query}")).json()["runs"]]

    assert await ids("status=succeeded") == [done]
    assert await ids("status=succeeded&status=running") == [running, done]
    assert await ids("status=succeeded,running") == [running, done]
    assert await ids("status=") == await ids("")
    assert await ids("job=report") == [running]
    assert await ids("group=a") == [done]
    assert await ids("group=none") == []


async def test_runs_are_looked_for(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """By words or by how an id begins; `next` goes on where the search stopped, also when it found nothing."""
    rome, zurich = [(await open_run(client, title=f"Trip to {place}"))["id"] for place in ("Rome", "Zürich")]

    async def page(**query: Any) -> tuple[list[str], str | None]:
        answer = (await client.get("/v1/runs", params=query)).json()
        return [run["id"] for run in answer["runs"]], answer["next"]

    assert await page(q="rome TRIP") == ([rome], None)
    assert await page(q="zürich", status="running") == ([zurich], None)
    assert await page(q="zürich", status="failed") == ([], None)
    assert await page(q=rome) == ([rome], None)
    assert await page(q=" ") == await page() == ([zurich, rome], None)
    assert (await page(q="trip", limit=1))[0] == [zurich]
    monkeypatch.setattr(searching, "LOOKED_AT_MAX", 1)
    monkeypatch.setattr(searching, "_PAGE", 1)
    nothing, following = await page(q="rome")
    assert (nothing, following is None) == ([], False)
    assert (await page(q="rome", page=following))[0] == [rome]


async def test_others_runs_are_not_found(users: httpx.AsyncClient) -> None:
    """Neither by their titles nor by their ids."""
    run_id = (await open_run(users, headers=as_user("ada"), title="secret plan"))["id"]
    for q in ("secret", run_id, run_id[:20]):
        for user, found in (("ada", [run_id]), ("bob", [])):
            answer = await users.get("/v1/runs", params={"q": q}, headers=as_user(user))
            assert [run["id"] for run in answer.json()["runs"]] == found


async def test_a_summary_has_what_a_list_shows(client: httpx.AsyncClient) -> None:
    """Status, times and percent without reading any log."""
    run_id = (await start(client, 2, metadata={"order": 1}))["id"]
    await ended(client, run_id)
    (run,) = (await client.get("/v1/runs")).json()["runs"]
    assert (run["id"], run["status"], run["percent"], run["job"]) == (run_id, "succeeded", 100, "trip")
    assert run["metadata"]["order"] == 1
    assert run["finished_at"] is not None
    assert run["cursor"].startswith(f"{run['seq']}.")


@pytest.mark.parametrize(
    "query", ["status=busy", "limit=0", "limit=1001", "limit=x", "page=nonsense", "page=%00", f"q={'x' * 201}"]
)
async def test_a_wrong_query_is_told(client: httpx.AsyncClient, query: str) -> None:
    """The parameter is named."""
    problem = problem_of(await client.get(f"/v1/runs?{query}"), 400, "invalid_query")
    assert problem["detail"].startswith(query.partition("=")[0])


def test_page_tokens_come_back_as_they_went() -> None:
    """And nothing else is taken for one."""
    run_id = "run_" + "0" * 32
    assert read_page_token(page_token(run_id)) == run_id
    for wrong in ("", "a", "=", base64.urlsafe_b64encode(b"run_1").decode(), page_token(run_id) + "A"):
        with pytest.raises(InvalidQuery, match="page token"):
            read_page_token(wrong)


async def test_lists_show_ones_own_runs(shared: World, users: httpx.AsyncClient) -> None:
    """And an administrator everybody's."""
    ada = (await start(users, headers=as_user("ada")))["id"]
    bob = (await start(users, headers=as_user("bob")))["id"]

    async def ids(user: str) -> list[str]:
        return [run["id"] for run in (await users.get("/v1/runs", headers=as_user(user))).json()["runs"]]

    assert await ids("ada") == [ada]
    assert await ids("bob") == [bob]
    assert await ids("eve") == []
    assert await ids("admin") == sorted([ada, bob], reverse=True)


async def test_the_request_id_is_kept_with_the_run(client: httpx.AsyncClient) -> None:
    """As correlation id on every event, and in the metadata with the trace context."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    handle = await start(client, headers={"X-Request-ID": "order-17", "traceparent": trace})
    await ended(client, handle["id"])
    assert handle["snapshot"]["metadata"] == {"request_id": "order-17", "traceparent": trace}
    events = (await client.get(f"/v1/runs/{handle['id']}/events")).json()["events"]
    assert {event["correlation_id"] for event in events} == {"order-17"}
