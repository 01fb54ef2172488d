"""Commands: cancel, retry, answer, take over, delete."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, Field

from headway.publish.run import Run
from tests.gateways.serving import as_user, ended, make_world, note, open_run, problem_of, report, serving, start

COMMANDS = ("cancel", "retry", "executions")
FAIL = {"type": "run.failed", "data": {"error": {"code": "c", "message": "m"}}}


async def test_a_queued_run_is_cancelled_at_once() -> None:
    """200: there is nobody who would have to stop."""
    world = make_world(worker="none")
    async with serving(world) as client:
        run_id = (await start(client))["id"]
        answer = await client.post(f"/v1/runs/{run_id}/cancel", json={"reason": "changed my mind"})
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        events = (await client.get(f"/v1/runs/{run_id}/events?type=run")).json()["events"]
        assert events[-2]["data"] == {"by": None, "reason": "changed my mind"}


async def test_a_running_run_is_asked_to_stop(client: httpx.AsyncClient) -> None:
    """202: its worker has to; then it is cancelled."""
    run_id = (await start(client, 1, wait=True))["id"]
    async with asyncio.timeout(25):
        while (await client.get(f"/v1/runs/{run_id}")).json()["status"] == "queued":
            await client.get(f"/v1/runs/{run_id}?wait=1")
    answer = await client.post(f"/v1/runs/{run_id}/cancel")
    assert answer.status_code in (200, 202)
    assert (await ended(client, run_id))["status"] == "cancelled"


async def test_a_cancel_that_comes_late_does_not_stop_what_was_tried_again() -> None:
    """By the attempt its giver saw; sent again before that, and with the attempt of now, it does."""
    async with serving(make_world(worker="none")) as client:
        run_id = (await start(client))["id"]
        path = f"/v1/runs/{run_id}/cancel"
        answers = [await client.post(path, json={"attempt": 1}) for _ in range(2)]
        assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "cancelled")] * 2
        seq = answers[1].json()["seq"]
        assert (await client.post(f"/v1/runs/{run_id}/retry", json={"seq": seq})).json()["attempt"] == 2
        late = problem_of(await client.post(path, json={"attempt": 1}), 409, "conflict")
        assert "tried again" in late["detail"]
        assert (await client.get(f"/v1/runs/{run_id}")).json()["status"] == "queued"
        assert (await client.post(path, json={"attempt": 2})).json()["status"] == "cancelled"


async def test_a_cancel_stops_an_attempt_that_only_took_over(client: httpx.AsyncClient) -> None:
    """Nobody wanted the run tried again: who asked for its end still wants that."""
    run_id = (await open_run(client))["id"]
    begun = await client.post(f"/v1/runs/{run_id}/executions", json={"take_over": True})
    assert begun.json()["attempt"] == 2
    answer = await client.post(f"/v1/runs/{run_id}/cancel", json={"attempt": 1})
    assert (answer.status_code, answer.json()["cancel_requested"]) == (202, True)


async def test_cancelling_what_has_ended_changes_nothing(client: httpx.AsyncClient) -> None:
    """200 with the status it ended with, as often as one likes."""
    run_id = (await start(client))["id"]
    state = await ended(client, run_id)
    for _ in range(2):
        answer = await client.post(f"/v1/runs/{run_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
        assert answer.json()["cursor"] == state["cursor"]


async def test_who_cancels_stands_in_the_log(users: httpx.AsyncClient) -> None:
    """By their name."""
    run_id = (await open_run(users, headers=as_user("ada")))["id"]
    await users.post(f"/v1/runs/{run_id}/cancel", headers=as_user("ada"))
    page = await users.get(f"/v1/runs/{run_id}/events?type=run.cancel_requested", headers=as_user("ada"))
    assert page.json()["events"][0]["data"]["by"] == "ada"


async def test_a_failed_run_is_tried_again(client: httpx.AsyncClient) -> None:
    """Under a new execution; the answer names it. The same command again changes nothing."""
    run_id = (await client.post("/v1/jobs/failing/runs")).json()["id"]
    state = await ended(client, run_id)
    assert state["status"] == "failed"
    answer = await client.post(f"/v1/runs/{run_id}/retry", json={"seq": state["seq"]})
    assert answer.status_code == 202
    begun = answer.json()
    assert (begun["attempt"], begun["execution_id"] != state["execution_id"]) == (2, True)
    await ended(client, run_id)


async def test_a_retry_sent_twice_is_one(client: httpx.AsyncClient) -> None:
    """By the seq the caller saw."""
    run_id = (await open_run(client))["id"]
    seq = (await report(client, run_id, FAIL))["seq"]
    first = (await client.post(f"/v1/runs/{run_id}/retry", json={"seq": seq})).json()
    again = (await client.post(f"/v1/runs/{run_id}/retry", json={"seq": seq})).json()
    assert again == first


async def test_success_is_final(client: httpx.AsyncClient) -> None:
    """A retry is refused with the status, and with what to do instead."""
    run_id = (await start(client))["id"]
    await ended(client, run_id)
    problem = problem_of(await client.post(f"/v1/runs/{run_id}/retry"), 409, "conflict")
    assert problem["current"] == "succeeded"
    assert problem["hint"]


async def test_only_failed_items_are_named(client: httpx.AsyncClient) -> None:
    """Another name is refused, and the right ones are told."""
    run_id = (await open_run(client))["id"]
    error = {"code": "c", "message": "m"}
    await report(client, run_id, {"type": "item.failed", "data": {"key": "day:1", "error": error}}, FAIL)
    answer = await client.post(f"/v1/runs/{run_id}/retry", json={"items": ["day:2"]})
    assert problem_of(answer, 409, "conflict")["failed_items"] == ["day:1"]
    assert (await client.post(f"/v1/runs/{run_id}/retry", json={"items": ["day:1"]})).status_code == 202
    state = (await client.get(f"/v1/runs/{run_id}")).json()
    assert state["items"]["day:1"]["status"] == "planned"


class Approval(BaseModel):
    """What the job wants to know."""

    go: bool
    limit: int = Field(default=1, ge=1)


async def become(client: httpx.AsyncClient, run_id: str, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Wait for something to be true of a run's state."""
    async with asyncio.timeout(20):
        while True:
            state: dict[str, Any] = (await client.get(f"/v1/runs/{run_id}")).json()
            if wanted(state):
                return state
            await asyncio.sleep(0.01)


async def test_a_question_is_answered() -> None:
    """What does not fit is told with all places; the first answer counts, and sent twice it is one."""
    world = make_world()

    @world.hw.job
    async def order(run: Run) -> int:
        return (await run.ask(Approval, "May it?", key="approve")).limit

    async with serving(world) as client:
        run_id = (await client.post("/v1/jobs/order/runs", json={})).json()["id"]
        state = await become(client, run_id, lambda state: state["asks"])
        assert state["asks"]["approve"]["prompt"] == "May it?"
        path, good = f"/v1/runs/{run_id}/input", {"ask_id": "approve", "data": {"go": True, "limit": 7}}
        wrong = problem_of(await client.post(path, json={**good, "data": {"limit": 0}}), 422, "invalid_input")
        assert [error["loc"] for error in wrong["errors"]] == [["go"], ["limit"]]
        answer = await client.post(path, json=good)
        assert (answer.status_code, answer.json().keys()) == (
            200,
            {"seq", "cursor", "status", "cancel_requested", "lease_s"},
        )
        assert (await client.post(path, json=good)).status_code == 200
        await become(client, run_id, lambda state: state["status"] == "succeeded" and state["result"] == 7)
        late = problem_of(await client.post(path, json={**good, "data": {"go": False}}), 409, "conflict")
        assert (late["current"], late["asks"]) == ("succeeded", [])


async def test_no_question_is_open(client: httpx.AsyncClient) -> None:
    """An answer to one is a conflict, to an unknown run not found."""
    run_id = (await open_run(client))["id"]
    body = {"ask_id": "ask_1", "data": True}
    assert problem_of(await client.post(f"/v1/runs/{run_id}/input", json=body), 409, "conflict")["current"] == "running"
    problem_of(await client.post("/v1/runs/run_x/input", json=body), 404, "run_not_found")
    problem_of(await client.post(f"/v1/runs/{run_id}/input", json={}), 400, "bad_request")


async def test_taking_over_fences_the_one_before(client: httpx.AsyncClient) -> None:
    """Only when asked for; it is told whose it is otherwise."""
    handle = await open_run(client)
    path = f"/v1/runs/{handle['id']}/executions"
    problem = problem_of(await client.post(path), 409, "owned")
    assert (problem["execution_id"], problem["retryable"]) == (handle["execution_id"], True)
    answer = await client.post(path, json={"take_over": True})
    assert (answer.status_code, answer.json()["attempt"], answer.json()["status"]) == (201, 2, "running")
    assert answer.headers["location"] == handle["links"]["self"]
    await report(client, handle["id"], note(), execution_id=answer.json()["execution_id"])


async def test_whoever_takes_over_may_ask_for_a_lease(client: httpx.AsyncClient) -> None:
    """The answer says which one it is."""
    path = f"/v1/runs/{(await open_run(client))['id']}/executions"
    for wrong in (0, -1, "x"):
        problem_of(await client.post(path, json={"take_over": True, "lease_s": wrong}), 400, "bad_request")
    answer = await client.post(path, json={"take_over": True, "lease_s": 20})
    assert (answer.status_code, answer.json()["lease_s"]) == (201, 20)
    assert (await client.post(path, json={"take_over": True})).json()["lease_s"] == 20


async def test_two_who_take_over_at_once(client: httpx.AsyncClient) -> None:
    """One wins, the other is told."""
    run_id = (await open_run(client))["id"]
    answers = await asyncio.gather(
        *(client.post(f"/v1/runs/{run_id}/executions", json={"take_over": True}) for _ in range(2))
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([201, 201], [201, 409])
    winner = (await client.get(f"/v1/runs/{run_id}")).json()["execution_id"]
    assert winner in {answer.json().get("execution_id") for answer in answers}


async def test_a_run_that_waits_for_a_worker_elsewhere(client: httpx.AsyncClient) -> None:
    """Whoever comes first begins it, once; the answer that got lost can be asked for again."""
    handle = await open_run(client, queued=True, lease_s=0.05)
    assert handle["status"] == "queued"
    await asyncio.sleep(0.1)  # nobody works on it, so nobody can be lost
    path = f"/v1/runs/{handle['id']}/executions"
    mine, again, others = [
        await client.post(path, json={"lease_s": 60}, headers={"Idempotency-Key": key})
        for key in ("mine", "mine", "others")
    ]
    assert (mine.status_code, mine.json()["attempt"], mine.json()["status"]) == (201, 1, "running")
    assert again.json() == mine.json()
    assert problem_of(others, 409, "owned")["execution_id"] == handle["execution_id"]


async def test_ten_who_begin_a_run_at_once(client: httpx.AsyncClient) -> None:
    """One of them does."""
    path = f"/v1/runs/{(await open_run(client, queued=True))['id']}/executions"
    answers = await asyncio.gather(*(client.post(path, headers={"Idempotency-Key": str(n)}) for n in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_a_taking_over_sent_twice_is_one(client: httpx.AsyncClient) -> None:
    """Until somebody else has taken it over: then the key is worth nothing."""
    path = f"/v1/runs/{(await open_run(client))['id']}/executions"

    async def take(key: str, *, take_over: bool = True) -> httpx.Response:
        return await client.post(path, json={"take_over": take_over}, headers={"Idempotency-Key": key})

    first = (await take("a")).json()
    assert (await take("a")).json() == first
    assert (await take("b")).json()["attempt"] == first["attempt"] + 1
    problem_of(await take("a", take_over=False), 409, "owned")


async def test_a_run_is_handed_back(client: httpx.AsyncClient) -> None:
    """Its next execution waits; what the one before still says is refused, handing back twice too."""
    handle = await open_run(client)
    path = f"/v1/runs/{handle['id']}/executions"
    answer = await client.post(path, json={"queued": True}, params={"execution_id": handle["execution_id"]})
    assert (answer.status_code, answer.json()["status"], answer.json()["attempt"]) == (201, "queued", 2)
    again = await client.post(path, json={"queued": True}, params={"execution_id": handle["execution_id"]})
    problem_of(again, 409, "execution_superseded")
    assert (await client.post(path)).json()["attempt"] == 2
    state = (await client.get(f"/v1/runs/{handle['id']}")).json()
    assert [(one["attempt"], one["reason"]) for one in state["executions"]] == [(1, "created"), (2, "retry")]


async def test_an_ended_run_is_not_taken_over(client: httpx.AsyncClient) -> None:
    """It is reopened by a retry."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, FAIL)
    answer = await client.post(f"/v1/runs/{run_id}/executions", json={"take_over": True})
    problem_of(answer, 409, "run_closed")


async def test_a_run_is_deleted_when_it_has_ended(client: httpx.AsyncClient) -> None:
    """409 before, 404 after."""
    run_id = (await open_run(client))["id"]
    problem_of(await client.delete(f"/v1/runs/{run_id}"), 409, "run_active")
    await report(client, run_id, FAIL)
    answer = await client.delete(f"/v1/runs/{run_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(await client.delete(f"/v1/runs/{run_id}"), 404, "run_not_found")
    problem_of(await client.get(f"/v1/runs/{run_id}"), 404, "run_not_found")


@pytest.mark.parametrize("command", COMMANDS)
async def test_unknown_runs_are_not_found(client: httpx.AsyncClient, command: str) -> None:
    """By any command."""
    problem_of(await client.post(f"/v1/runs/run_nothing/{command}"), 404, "run_not_found")


@pytest.mark.parametrize("command", COMMANDS)
async def test_an_execution_that_is_not_current_is_refused(client: httpx.AsyncClient, command: str) -> None:
    """The caller has not seen what happened since; the current one is accepted."""
    handle = await open_run(client)
    path = f"/v1/runs/{handle['id']}/{command}"
    problem = problem_of(await client.post(f"{path}?execution_id=exe_old"), 409, "execution_superseded")
    assert problem["execution_id"] == handle["execution_id"]
    answer = await client.post(f"{path}?execution_id={handle['execution_id']}")
    assert answer.json().get("code") != "execution_superseded"
    problem_of(await client.delete(f"/v1/runs/{handle['id']}?execution_id=exe_old"), 409, "execution_superseded")


@pytest.mark.parametrize("command", COMMANDS)
async def test_others_cannot_command(users: httpx.AsyncClient, command: str) -> None:
    """The run does not exist for them; an administrator may; a reader may not."""
    handle = await open_run(users, headers=as_user("ada"))
    path = f"/v1/runs/{handle['id']}/{command}"
    problem_of(await users.post(path, headers=as_user("bob")), 404, "run_not_found")
    problem_of(await users.post(path, headers=as_user("ada", **{"x-scopes": "runs:read"})), 403, "forbidden")
    assert (await users.post(path, headers=as_user("admin"))).status_code in (202, 409)


async def test_others_cannot_delete(users: httpx.AsyncClient) -> None:
    """Nor learn that there was something."""
    run_id = (await open_run(users, headers=as_user("ada")))["id"]
    problem_of(await users.delete(f"/v1/runs/{run_id}", headers=as_user("bob")), 404, "run_not_found")
