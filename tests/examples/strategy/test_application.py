"""The application over HTTP: orders, uploads, status, stream; polled and streamed alike; killed and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.strategy.messages import Message
from examples.strategy.models import Document
from examples.strategy.reading.documents import DOCUMENT_BYTES
from headway import Client
from tests.examples.serving import ENDED
from tests.examples.strategy.serving import Application, running_application
from tests.examples.strategy.siting import TOPICS, Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("strategy application")]

TEXT = "\n\n".join([TOPICS["bread"]] * 8)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """One for all tests of this module that do not break it."""
    with running_application(tmp_path_factory.mktemp("strategy")) as application:
        yield application


def small(**more: Any) -> dict[str, Any]:
    """An order with two pasted texts."""
    pasted = [{"name": name, "text": "\n\n".join([TOPICS[name]] * 8)} for name in ("bread", "cheese")]
    return {"own": {"texts": pasted}, "start": "2026-12-07", **more}


def test_an_order_is_answered_at_once(application: Application) -> None:
    """With a place for everything that will come, and where to look."""
    answer = application.http.post("/api/strategies", json=small(), headers={"Idempotency-Key": "once"})
    assert answer.status_code == 202
    created = answer.json()
    assert created["snapshot"]["items"]["section:standing"]["status"] == "planned"
    assert answer.headers["location"] == created["links"]["status"]
    assert (
        application.http.post("/api/strategies", json=small(), headers={"Idempotency-Key": "once"}).json()["id"]
        == (created["id"])
    )
    assert application.http.get(created["links"]["markdown"]).status_code in (200, 409)
    application.end(created["id"])
    markdown = application.http.get(created["links"]["markdown"])
    assert markdown.headers["content-disposition"].endswith('.md"')
    assert markdown.text.startswith("# Strategy for bread\n")


def test_an_upload_becomes_a_source(application: Application) -> None:
    """The same text has the same id; a strategy is ordered with what the upload answered."""
    answers = [application.http.post("/api/documents", params={"name": "bread.md"}, content=TEXT) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    document = Document.model_validate(answers[0].json())
    assert answers[1].json() == answers[0].json()
    assert document.words > 200
    snapshot = application.end(application.order(own={"documents": [document.model_dump()]}))
    assert snapshot["status"] == "succeeded", snapshot["error"]
    assert snapshot["title"] == "Strategy for bread.md"


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("virus.exe", b"MZ", 415, "document_refused"),
        ("short.txt", b"hi", 422, "text_too_short"),
        ("large.txt", b"x" * (DOCUMENT_BYTES + 1), 413, "document_refused"),
        ("broken.pdf", b"%PDF-1.7 oh no", 422, "document_refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-",
)
def test_a_bad_upload_is_a_problem_that_names_the_file(
    application: Application, name: str, content: bytes, status: int, code: str
) -> None:
    """As problem+json with a stable code."""
    answer = application.http.post("/api/documents", params={"name": name}, content=content)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["code"], answer.json()["detail"].startswith(f"{name}: ")) == (code, True)


@pytest.mark.parametrize(
    ("order", "code", "says"),
    [
        ({}, "order_invalid", "own"),
        ({"own": {}}, "brief_invalid", "there is no text to begin with"),
        ({**small(), "start": "2026-12-08"}, "brief_invalid", "is a Tuesday"),
        ({**small(), "per_week": 9}, "order_invalid", "per_week"),
        ({"own": {"texts": [{"name": "mine", "text": "too short"}]}}, "text_too_short", "mine: only 2 words"),
        ({"own": {"sites": ["http://127.0.0.1/"]}}, "address_refused", "not on the public Internet"),
        ({"own": {"sites": ["gopher://example.com"]}}, "address_refused", "not an address of the web"),
        ({**small(), "competitors": {"sites": ["http://169.254.169.254/"]}}, "address_refused", "169.254.169.254"),
        ([], "order_invalid", ""),
    ],
    ids=str,
)
def test_a_bad_order_is_a_problem_that_says_what_is_wrong(
    application: Application, order: Any, code: str, says: str
) -> None:
    """Nothing is begun."""
    answer = application.http.post("/api/strategies", json=order)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["code"] == code
    assert says in answer.json()["detail"]


def test_status_and_stream_speak_one_language(application: Application) -> None:
    """Every message of both is valid; the stream ends with what the status says."""
    run_id = application.order(**small())
    messages = []
    with application.http.stream("GET", f"/api/strategies/{run_id}/stream", timeout=60) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        named = False
        for line in stream.iter_lines():
            named = line.startswith("event:") or (named and line != "")
            if line.startswith("data:") and not named:
                messages.append(Message.model_validate(json.loads(line[5:])))
    assert messages[-1].event == "complete"
    status = application.http.get(f"/api/strategies/{run_id}/status")
    assert status.headers["cache-control"] == "no-store"
    polled = Message.model_validate(status.json())
    beside: Any = {"data": {"timestamp"}}
    assert polled.model_dump(exclude=beside) == messages[-1].model_dump(exclude=beside)


@pytest.mark.parametrize("path", ["status", "markdown", "stream"])
def test_what_is_not_there_is_not_found(application: Application, path: str) -> None:
    """With a code."""
    answer = application.http.get(f"/api/strategies/run_nothing/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")


async def test_polled_and_streamed_end_alike(application: Application) -> None:
    """The same order twice, one watched by polling its state, the other by its stream: the same snapshot in the end."""
    streamed, polled = application.order(**small()), application.order(**small())
    async with Client(f"{application.server.url}/headway") as client:
        state: dict[str, Any] = {}
        async for watched, _ in client.watch(streamed):
            state = watched.snapshot()
    async with httpx.AsyncClient(base_url=application.server.url, trust_env=False) as http:
        snapshot: dict[str, Any] = {"status": "queued"}
        while snapshot["status"] not in ENDED:
            snapshot = (await http.get(f"/headway/v1/runs/{polled}")).json()
    snapshot.pop("live", None)
    assert state["status"] == "succeeded"
    assert timeless(state) == timeless(snapshot)


CHANCE = {"run_id", "cursor", "execution_id", "executions", "seq", "time"}
"""What is another in another run: ids, and how many of the events that may be joined were."""


def timeless(value: Any) -> Any:
    """The same without times and ids."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in CHANCE and not k.endswith("_at")}
    return [timeless(one) for one in value] if isinstance(value, list) else value


def test_a_killed_process_is_taken_over(tmp_path: Path, site: Site) -> None:
    """Killed while it reads a page: the pages that came are not asked for again, and the strategy is whole."""
    site.held.add("/coffee")
    variables = {"HEADWAY_DEMO_STRATEGY_ALLOWED": site.host}
    with running_application(tmp_path, **variables) as application:
        run_id = application.order(own={"sites": [site.url]})
        application.until(lambda: site.asked["/coffee"] == 1)
        application.server.kill()
        site.held.clear()
        application.start()
        snapshot = application.end(run_id)
    assert snapshot["status"] == "succeeded", snapshot["error"]
    assert [execution["outcome"] for execution in snapshot["executions"]] == ["lost", "succeeded"]
    assert site.asked["/"] == 1
    assert site.asked["/coffee"] == 2
    assert len(snapshot["result"]["calendar"]) == 24
