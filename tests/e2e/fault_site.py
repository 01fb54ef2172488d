"""A server, a run that goes on for as long as a test wants, and a page that watches it through a network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode

import httpx
from playwright.async_api import Page

from headway.client import Client
from headway.core.events import NewEvent, new_event
from tests.integration.servers import ServerProcess

ROOT: Final = Path(__file__).parents[2]
PATIENCE_MS: Final = 40_000
PING_S: Final = 1.0
"""Seconds between heartbeats where a test waits for them: a stalled stream is noticed within three."""
QUICK: Final = {"backoffMs": [100, 200, 400]}
"""How the pages come back, unless a test says otherwise."""


def build_page(folder: Path) -> None:
    """Build the page from the sources of the packages."""
    vite = ROOT / "node_modules/vite/bin/vite.js"
    command = ["node", str(vite), "build", str(ROOT / "tests/e2e/page"), "--outDir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class FaultSite(ServerProcess):
    """The server. It has no worker: its runs are reported from outside."""

    def __init__(self, folder: Path, page: Path, *, ping_s: float = 15) -> None:
        super().__init__(
            folder,
            "tests.e2e.fault_app:app",
            HEADWAY_DEMO_PAGE=str(page),
            HEADWAY_PING_S=str(ping_s),
            HEADWAY_WORKER="none",
        )

    def client(self) -> Client:
        """Return a client that goes straight to the server."""
        return Client(f"{self.url}/headway")

    async def switch(self, *on: str) -> None:
        """Switch transports; none named: all of them on."""
        async with httpx.AsyncClient(timeout=60) as http:
            is_json = {"Content-Type": "application/json"}
            answer = await http.put(f"{self.url}/transports", content=json.dumps(on or None), headers=is_json)
            assert answer.status_code == 200, answer.text

    async def commands(self) -> dict[str, list[str]]:
        """Return the application's own commands: what arrived, and what was done."""
        async with httpx.AsyncClient(timeout=60) as http:
            commands: dict[str, list[str]] = (await http.get(f"{self.url}/commands")).json()
        return commands


def news(first: int, count: int) -> list[NewEvent]:
    """Return events of many kinds: an item that ends, one that goes on, streamed text, progress, a note, own data."""
    events: list[NewEvent] = []
    for number in range(first, first + count):
        match number % 6:
            case 0:
                events.append(new_event("item.started", {"key": f"item:{number}", "title": f"Item {number}"}))
            case 1:
                events.append(new_event("item.finished", {"key": f"item:{number - 1}", "data": {"n": number}}))
            case 2:
                events.append(new_event("output.appended", {"key": "text", "delta": f"word {number}, 日本 "}))
            case 3:
                events.append(new_event("phase.progressed", {"id": "main", "done": number, "total": 100_000}))
            case 4:
                events.append(new_event("note", {"body": f"Note {number}"}))
            case _:
                events.append(new_event("custom", {"name": "counter", "data": number}))
    return events


@dataclass
class SteeredRun:
    """A run that does what the test says.

    Attributes:
        seq: Of its last event.
    """

    client: Client
    id: str
    execution_id: str
    seq: int
    made: int = 0

    @classmethod
    async def open(cls, client: Client) -> Self:
        """Begin one."""
        opened = await client.open("steered")
        run = cls(client, opened["id"], opened["execution_id"], opened["snapshot"]["seq"])
        await run.append(new_event("output.started", {"key": "text"}))
        return run

    async def append(self, *events: NewEvent) -> None:
        """Report events."""
        self.seq = (await self.client.append(self.id, self.execution_id, events))["seq"]

    async def go_on(self, count: int = 6) -> None:
        """Report so many events of many kinds."""
        await self.append(*news(self.made, count))
        self.made += count

    async def log(self) -> list[dict[str, Any]]:
        """Return its events."""
        events: list[dict[str, Any]] = (await self.client.events(self.id, limit=1000))["events"]
        return events

    async def end(self) -> None:
        """End it well, which is final."""
        await self.append(new_event("run.succeeded", {}))

    async def fail(self) -> None:
        """End it so that it may be tried again."""
        error = {"code": "job_error", "message": "It did not work.", "retryable": True}
        await self.append(new_event("run.failed", {"error": error}))

    async def begin_again(self) -> None:
        """Try it again, as somebody else would, and go on with the new attempt."""
        receipt = await self.client.retry(self.id, seq=self.seq)
        begun = await self.client.take_over(self.id)
        self.execution_id, self.seq = begun["execution_id"], receipt["seq"]
        await self.go_on()


@dataclass
class WatchPage:
    """A page that watches a run.

    Attributes:
        of: Where the page keeps what it was told of it, in words of JavaScript.
        mistakes: What was thrown in it and not caught.
    """

    page: Page
    run: SteeredRun
    of: str = "window.watching"
    mistakes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.mistakes.append(str(error)))

    async def open(self, url: str, options: dict[str, Any], *others: SteeredRun) -> None:
        """Watch the run, and others where the page can, with the options of a client."""
        query = {"run": ",".join(run.id for run in (self.run, *others)), "options": json.dumps(QUICK | options)}
        await self.page.goto(f"{url}?{urlencode(query)}")

    async def until(self, condition: str, value: Any = None) -> None:
        """Wait until something holds of the report (`now`), in words of JavaScript; `value` is what it may name."""
        script = f"(value) => {{ const now = {self.of}?.report(); return now && ({condition}); }}"
        await self.page.wait_for_function(script, arg=value, polling=50)

    async def has(self, seq: int) -> None:
        """Wait until everything up to an event has come."""
        await self.until("now.run?.seq >= value", seq)

    async def is_in(self, *states: str) -> None:
        """Wait for a state of the connection."""
        await self.until("value.includes(now.connection.state)", states)

    async def went_through(self, *states: str) -> None:
        """Wait until the connection has been in one of these states."""
        await self.until("now.history.some((one) => value.includes(one.split(' ')[0]))", states)

    async def uses(self, transport: str) -> None:
        """Wait until the connection is well by this transport."""
        await self.until("now.connection.state === 'live' && now.connection.transport === value", transport)

    @contextlib.asynccontextmanager
    async def hanging(self) -> AsyncIterator[None]:
        """Hold up the page's main thread for as long as the block lasts: it waits for somebody to close a dialog."""
        async with self.page.expect_event("dialog") as shown:
            hanging = asyncio.ensure_future(self.page.evaluate("alert('The page hangs.')"))
        yield
        await (await shown.value).accept()
        await hanging

    async def report(self) -> dict[str, Any]:
        """Return what the page was told so far."""
        # As text: what Playwright makes of objects takes it seconds for a large state.
        report: dict[str, Any] = json.loads(await self.page.evaluate(f"JSON.stringify({self.of}.report())"))
        return report
