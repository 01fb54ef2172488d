"""`headway serve` as the process it is: what it serves, what it refuses, how it ends."""

import asyncio
import contextlib
import json
import logging
import re
import signal
import socket

import httpx
import pytest

from headway.app import Headway
from headway.cli.serving import Plan, bind, check_access, is_mounted, rows, shown_host, without_query
from headway.cli.target import load_target
from headway.client import Client
from headway.config import Settings
from headway.core.events import new_event
from headway.errors import AuthNotConfigured, UsageError
from tests.cli.conftest import APP
from tests.cli.terminals import Command, on_terminal, piped
from tests.integration.servers import free_port

PLAIN = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


async def url_of(command: Command) -> str:
    """Where it serves, once it does."""
    output = await command.until(lambda output: re.search(r"http://[^\s\"]+:\d+", output) is not None)
    match = re.search(r"http://[^\s\"]+?:\d+", output)
    assert match is not None
    return match[0]


async def get(url: str) -> httpx.Response:
    """Ask once."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        return await http.get(url)


# -- what it serves


async def test_headway_alone(folder):
    """Its routes at the root, and at once everything works: open, report, watch."""
    async with piped("serve", "--port", "0", "--store", "alone.db") as command:
        async with Client(await url_of(command)) as client:
            handle = await client.open("a run")
            await client.append(handle["id"], None, [new_event("run.succeeded", {"result": 1})])
            async for state, _ in client.watch(handle["id"]):
                assert state["status"] == "succeeded"
        assert (folder / "alone.db").is_file()
        started = json.loads(next(line for line in command.output.splitlines() if "server started" in line))
    assert started["store"] == "sqlite:///alone.db"
    assert started["jobs"] == "none; runs are reported from outside"
    assert started["streams"] == "handed over (direct path on)"
    assert started["access"] == "this machine only; there is no authenticator"


async def test_an_application_with_its_jobs(folder, module):
    """Routes of its own, Headway's below their prefix, jobs in a worker process."""
    module("app_with_jobs", APP)
    async with piped("serve", "app_with_jobs:app", "--port", "0") as command:
        url = await url_of(command)
        assert (await get(f"{url}/hello")).json() == "hello"
        async with Client(f"{url}/headway") as client:
            handle = await client.start("double", 21)
            results = [state["result"] async for state, _ in client.watch(handle["id"])]
        assert results[-1] == 42
        assert "worker process" in command.output


async def test_any_application(folder, module):
    """One that knows nothing of Headway, nor of lifespans."""
    module("plain_app", PLAIN)
    async with piped("serve", "plain_app", "--port", "0") as command:
        url = await url_of(command)
        assert (await get(url)).text == "hello"
        assert "Traceback" not in command.output
        assert (await get(url)).headers.get("server") is None


async def test_its_block_on_a_terminal(folder, module):
    """What one wants to know, in a few lines."""
    module("app_of_block", APP)
    async with on_terminal("serve", "app_of_block:app", "--port", "0", "--worker", "none") as (command, _):
        await command.until("Ctrl-C stops it.")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", command.output)
    assert re.search(r"Serving +http://127\.0\.0\.1:\d+ +app_of_block:app", plain)
    assert re.search(r"Console +http://127\.0\.0\.1:\d+/headway/console/", plain)
    assert re.search(r"Store +sqlite:///headway\.db", plain)
    assert re.search(r"Jobs +double, elsewhere: headway worker app_of_block:app", plain)
    assert re.search(r"Streams +handed over \(direct path on\)", plain)


@pytest.mark.parametrize("quiet", [True, False])
async def test_quiet(folder, quiet):
    """Nothing is said of a start when nobody wants it; requests are logged when somebody does, without their query."""
    options = ["--quiet"] if quiet else ["--access-log"]
    port = free_port()
    async with piped("serve", "--port", str(port), *options) as command:
        async with asyncio.timeout(90):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    await get(f"http://127.0.0.1:{port}/v1/runs?token=secret&limit=3")
                    break
                await asyncio.sleep(0.05)
        if not quiet:
            await command.until("GET /v1/runs HTTP/1.1")
    assert "secret" not in command.output
    assert ("server started" in command.output) is not quiet
    assert ("GET /v1/runs" in command.output) is not quiet


# -- what it refuses


async def test_other_machines_without_an_authenticator(folder):
    """Says what to do, in a container, too; nothing is listened to."""
    async with piped("serve", "--host", "0.0.0.0", "--port", "0") as command:
        assert await command.ended() == 1
    assert "(auth_not_configured)" in command.output
    for remedy in ("authenticate=", "--insecure", "container", "docker run -p 127.0.0.1:"):
        assert remedy in command.output
    assert "Traceback" not in command.output


async def test_other_machines_insecurely(folder):
    """When somebody takes it upon themselves; it is said at the start."""
    async with piped("serve", "--host", "0.0.0.0", "--port", "0", "--insecure") as command:
        url = await url_of(command)
        assert (await get(f"{url}/v1/runs")).status_code == 200
        assert "everybody who reaches the port (--insecure)" in command.output


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (("no_such_module:app",), "there is no module 'no_such_module'", "run it where `import no_such_module` works"),
        (("--host", "no.such.host.invalid"), "no.such.host.invalid:8000 is no address", "name one with --host"),
        (("--store", "mysql://x"), "HEADWAY_STORE: ", "correct the variable or the option"),
    ],
)
async def test_what_cannot_be_served(folder, arguments, said, hint):
    """One line each, and the code of wrong usage."""
    async with piped("serve", *arguments) as command:
        assert await command.ended() == 2
    assert said in command.output
    assert hint in command.output
    assert "Traceback" not in command.output


async def test_a_port_that_is_taken(folder):
    """Says so before anything is imported."""
    with bind("127.0.0.1", 0) as place:
        port = place.getsockname()[1]
        async with piped("serve", "--port", str(port)) as command:
            assert await command.ended() == 2
    assert f"127.0.0.1:{port} cannot be used: Address already in use" in command.output
    assert "--port; 0 takes any free one" in command.output


async def test_a_store_that_is_none(folder):
    """One line, whatever frameworks say of a start that failed."""
    (folder / "picture.db").write_bytes(b"not a database" * 100)
    async with piped("serve", "--port", "0", "--store", "picture.db") as command:
        assert await command.ended() == 1
    assert "(store_invalid)" in command.output
    assert "Traceback" not in command.output
    assert "Application startup failed" not in command.output


async def test_an_application_that_does_not_start(folder, module):
    """Its own mistake comes with its traceback."""
    text = "from contextlib import asynccontextmanager\nfrom fastapi import FastAPI\n"
    text += "@asynccontextmanager\nasync def lifespan(app):\n  1 / 0\n  yield\napp = FastAPI(lifespan=lifespan)"
    module("broken_app", text)
    async with piped("serve", "broken_app", "--port", "0") as command:
        assert await command.ended() != 0
    assert "the application did not start" in command.output
    assert "ZeroDivisionError" in command.output
    assert command.output.count("Traceback") == 1


# -- how it ends


@pytest.mark.parametrize(("direct", "number"), [("1", signal.SIGTERM), ("0", signal.SIGINT)])
async def test_open_streams_do_not_keep_it(folder, direct, number):
    """They end as they should, at once, with a time to come back; it ends well."""
    async with piped("serve", "--port", "0", HEADWAY_DIRECT=direct) as command:
        url = await url_of(command)
        async with Client(url) as client, httpx.AsyncClient(trust_env=False, timeout=20) as http:
            run_id = (await client.open("a run"))["id"]
            open_streams = asyncio.Barrier(6)

            async def read() -> str:
                text = ""
                async with http.stream("GET", f"{url}/v1/runs/{run_id}/stream") as response:
                    async for piece in response.aiter_text():
                        if not text:
                            await open_streams.wait()
                        text += piece
                return text

            reading = [asyncio.create_task(read()) for _ in range(5)]
            await open_streams.wait()
            command.process.send_signal(number)
            texts = await asyncio.gather(*reading)  # raises for a stream without its last chunk
        assert await command.ended() == 0
    assert all(re.search(r"retry: \d+\n\n$", text) for text in texts)
    assert "Traceback" not in command.output


async def test_its_port_is_free_after_kill_9(folder, module):
    """The worker process it leaves behind for a moment does not hold it."""
    module("killed_app", APP)
    port = free_port()
    async with piped("serve", "killed_app:app", "--port", str(port)) as command:
        await command.until("worker process")
        command.process.kill()
        await command.process.wait()
        bind("127.0.0.1", port).close()


# -- parts


def test_addresses():
    """As they are bound, and as they are shown."""
    with bind("127.0.0.1", 0) as place:
        assert place.family == socket.AF_INET
        assert not place.get_inheritable()
    assert [shown_host(host) for host in ("127.0.0.1", "0.0.0.0", "::", "::1", "example.org")] == [
        "127.0.0.1", "127.0.0.1", "127.0.0.1", "[::1]", "example.org",
    ]  # fmt: skip
    with pytest.raises(UsageError):
        bind("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("127.0.0.1:5", "GET", "/a?token=secret", "1.1", 200), '127.0.0.1:5 - "GET /a HTTP/1.1" 200'),
        (("127.0.0.1:5", "GET", "/a", "1.1", 200), '127.0.0.1:5 - "GET /a HTTP/1.1" 200'),
    ],
)
def test_access_lines_have_no_query(args, said):
    """It may hold a token."""
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', args, None)
    assert without_query(record)
    assert record.getMessage() == said


async def recognise(connection):
    """An authenticator."""


def test_who_may_be_reached_by_whom(module, monkeypatch):
    """Routes that are mounted count; those an application wrote itself are its own affair."""
    module("access_app", APP)
    everywhere = Plan("access_app:app", "0.0.0.0")
    target = load_target("access_app:app")
    assert is_mounted(target.headways[0], target.app)
    check_access(Plan("access_app:app", "localhost"), target)
    with pytest.raises(AuthNotConfigured):
        check_access(everywhere, target)
    module("own_routes", APP.replace('hw.mount(app, "/headway")', ""))
    check_access(everywhere, load_target("own_routes:app"))
    settings = Settings(insecure=True, worker="none", store="memory://")
    insecure = type(target)(target.app, [Headway(settings=settings)], own=True)
    check_access(everywhere, insecure)
    recognised = type(target)(target.app, [Headway("memory://", authenticate=recognise)], own=True)
    check_access(everywhere, recognised)
    said = {row.name: row.text for row in rows(everywhere, recognised, "http://x")}
    assert said["Access"] == "as the application's authenticator says"
    assert {row.name: row.style for row in rows(everywhere, insecure, "http://x")}["Access"] == "bold yellow"


def test_where_jobs_run(module):
    """In words."""
    module("words_app", APP)
    for mode, said in (
        ("process", "double, in a worker process of this machine"),
        ("inline", "double, in the server's own process"),
        ("none", "double, elsewhere: headway worker words_app:app"),
    ):
        target = load_target("words_app:app")
        hw = target.headways[0]
        hw.settings = hw.settings.model_copy(update={"worker": mode})
        assert {row.name: row.text for row in rows(Plan("words_app:app"), target, "http://x")}["Jobs"] == said


# -- reloading


@pytest.mark.slow
async def test_reloading_with_an_open_page(folder, module):
    """A changed file is served at once; the page's stream ends, comes back, and nothing is refused meanwhile."""
    module("reloaded", APP)
    async with piped("serve", "reloaded:app", "--port", "0", "--reload") as command:
        url = await url_of(command)
        async with Client(f"{url}/headway") as client:
            run_id = (await client.open("an open page"))["id"]
            connections: list[str] = []
            seen: list[str] = []

            async def watch() -> None:
                async for state, _ in client.watch(run_id, on_connection=lambda c: connections.append(c.state)):
                    seen.append(state["status"])

            watching = asyncio.create_task(watch())
            while "live" not in connections:
                await asyncio.sleep(0.02)
            (folder / "reloaded.py").write_text(APP.replace('"hello"', '"changed"'))
            said = "hello"
            while said == "hello":
                await asyncio.sleep(0.02)
                with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
                    # the old one closes what has not asked yet, or has just asked
                    said = (await get(f"{url}/hello")).json()
            assert said == "changed"
            await command.until("serving again")
            await client.append(run_id, None, [new_event("run.succeeded", {})])
            await watching
        assert seen[-1] == "succeeded"
        assert connections.count("live") == 2
        assert '"changed":"reloaded.py"' in command.output
        command.process.send_signal(signal.SIGTERM)
        assert await command.ended() == 0
    assert "Traceback" not in command.output


@pytest.mark.slow
async def test_reloading_after_a_mistake(folder, module):
    """A file that cannot be imported is told; the next change is tried."""
    module("mistaken", "import no_such_thing")
    async with piped("serve", "mistaken:app", "--port", "0", "--reload") as command:
        await command.until("no_such_thing")
        (folder / "mistaken.py").write_text(PLAIN)
        await command.until("serving again")
        command.process.send_signal(signal.SIGINT)
        assert await command.ended() == 0
