"""The page about HTTP is whole, and what it shows is what happens: every example is sent to a real server."""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from headway.gateways import console, operations
from headway.gateways.api import GATEWAYS
from headway.gateways.models import RunStarted
from tests.gateways.serving import ended, make_world, note, open_run, report, serving, start

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
STREAMS = {"GET /v1/runs/{run_id}/stream", "GET /v1/stream", "GET /v1/runs/stream"}


@dataclass(frozen=True)
class Example:
    """A request as it is printed, and what the page says of the answer."""

    command: str
    status: int
    headers: dict[str, str]
    body: str


def examples() -> Iterator[Example]:
    """All examples of the page."""
    for block in re.findall(r"```console\n(.*?)```", PAGE, flags=re.DOTALL):
        command, _, answer = block.removeprefix("$ ").partition("\nHTTP/1.1 ")
        head, _, body = answer.partition("\n\n")
        status, *lines = head.strip().split("\n")
        headers = dict(line.split(": ", 1) for line in lines)
        yield Example(command, int(status.split()[0]), headers, body.strip())


EXAMPLES = list(examples())


async def surroundings(client: httpx.AsyncClient) -> dict[str, str]:
    """The variables the page speaks of."""
    handle = await open_run(client)
    run_id = handle["id"]
    await report(client, run_id, note())
    await report(client, run_id, {"type": "output.appended", "data": {"key": "summary", "delta": "Rome in two days."}})
    state = await client.get(f"/v1/runs/{run_id}")
    ended_id = (await start(client, 2))["id"]
    await ended(client, ended_id)
    failed_id = (await client.post("/v1/jobs/failing/runs")).json()["id"]
    await ended(client, failed_id)
    watch = client.build_request("GET", f"/v1/runs/{run_id}/stream?client=ts/0.1.0")
    await client.send(watch, stream=True)
    async with asyncio.timeout(20):
        while not (watching := (await client.get(f"/v1/connections?run={run_id}")).json()["connections"]):
            await asyncio.sleep(0.01)
    put = await client.post("/v1/notices", json={"text": "for others", "to": {"client": "other"}})
    return {
        "CONNECTION": watching[0]["id"],
        "NOTICE": put.json()["id"],
        "HEADWAY": str(client.base_url).rstrip("/"),
        "RUN": run_id,
        "EXECUTION": handle["execution_id"],
        "CURSOR": state.json()["cursor"],
        "ETAG": state.headers["etag"],
        "ENDED": ended_id,
        "FAILED": failed_id,
    }


async def sent(command: str, variables: dict[str, str]) -> tuple[int, httpx.Headers, str]:
    """Send a request as it is printed; return status, headers and body."""
    quiet = command.replace("curl ", "curl --silent --show-error ", 1)
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", quiet, env={**os.environ, **variables, "no_proxy": "*"}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    head, _, body = out.decode().replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    pairs = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    return int(first.split()[1]), httpx.Headers(pairs), body


def same_shape(shown: Any, real: Any, place: str) -> None:
    """What is printed has the fields of the answer, and its values where they are always the same."""
    if isinstance(shown, dict) and shown:
        assert isinstance(real, dict), place
        assert shown.keys() == real.keys(), f"{place}: {shown.keys() ^ real.keys()}"
        for name, value in shown.items():
            same_shape(value, real[name], f"{place}.{name}")
    elif isinstance(shown, list) and shown:
        assert real, place
        same_shape(shown[0], real[0], f"{place}[0]")
    elif isinstance(shown, str) and "…" not in shown and place.endswith((".code", ".status", ".type", ".reason")):
        assert shown == real, place


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{n} {e.command[:60]}" for n, e in enumerate(EXAMPLES)])
async def test_the_example_is_true(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status, headers and fields are as printed."""
    built = tmp_path / "client.js"
    built.write_text("export {};\n")
    monkeypatch.setattr(operations, "CLIENT", built)
    (tmp_path / console.PAGE).write_text('<base href="./" />\n')
    monkeypatch.setattr(console, "FILES", tmp_path)
    async with serving(make_world()) as client:
        status, headers, body = await sent(example.command, await surroundings(client))
    assert status == example.status, body
    for name, value in example.headers.items():
        if name in ("Content-Type", "Cache-Control", "Headway-From-Offset"):
            assert headers[name] == value
        else:
            assert name in headers
    if example.body.startswith("{"):
        same_shape(json.loads(example.body), json.loads(body), "")
    elif example.body.startswith("retry:"):
        shown = re.findall(r"^event: (\w+)$", example.body, flags=re.MULTILINE)
        assert re.findall(r"^event: (\w+)$", body, flags=re.MULTILINE) == shown
    elif example.body:
        assert body == example.body


def test_every_route_has_its_section() -> None:
    """And no section is about a route that is not there."""
    routes = {
        f"{method} {route.path.replace(':path}', '}')}"
        for gateway in GATEWAYS
        for route in gateway.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert set(re.findall(r"^### `(.+)`$", PAGE, flags=re.MULTILINE)) == routes | STREAMS


def test_every_section_has_an_example() -> None:
    """That asks for what the section is about."""
    for section in re.split(r"^### `", PAGE, flags=re.MULTILINE)[1:]:
        title = section.partition("`")[0]
        path = title.partition(" ")[2].partition("{")[0].rstrip("/")
        assert any(path in command for command in re.findall(r"^\$ curl .*$", section, flags=re.MULTILINE)), title


def test_links_of_a_handle_are_those_printed() -> None:
    """The page prints all of them once."""
    shown = re.search(r'"links": (\{"self".*?\})', PAGE)
    assert shown is not None
    links = RunStarted.model_fields["links"].annotation
    assert links is not None
    assert json.loads(shown[1]).keys() == links.model_fields.keys()
