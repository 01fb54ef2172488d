"""An application whose page sends commands through the outbox, and what reached its server of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from headway import Headway, Run

AFTER_S: Final = 6
"""When it wants to be asked again while it is busy."""
DIST: Final = Path(__file__).parents[2] / "packages" / "client" / "dist"
PAGE: Final = """<!doctype html><title>Commands</title><ol></ol><script type="module">
import { Headway } from "/client/index.js";
import { createOutbox } from "/client/outbox.js";
const outbox = createOutbox(new Headway({ baseUrl: "/headway", backoffMs: [200, 400] }));
const told = [];
const show = () => {
  const lines = outbox.getSnapshot().entries.map((entry) => {
    const line = document.createElement("li");
    line.textContent = `${entry.label}: ${entry.state}, ${entry.tries > 0 ? "tried" : "new"}`;
    return line;
  });
  document.querySelector("ol").replaceChildren(...lines);
};
outbox.subscribe(show);
outbox.onSettled(({ id, answer, error }) => told.push({ id, answer, error: error && error.message }));
addEventListener("pageshow", ({ persisted }) => Object.assign(window, { persisted }));
Object.assign(window, { outbox, told });
</script>"""


class Yes(BaseModel):
    """An answer."""

    yes: bool


class OutboxSite:
    """The application.

    Attributes:
        requests: Path and idempotency key of every command that came, in order.
        booked: What was done of the application's own commands, in order; each key once.
        busy: It says 503 to them, and when to come again.
    """

    def __init__(self, folder: Path) -> None:
        self.requests: list[tuple[str, str]] = []
        self.booked: list[Any] = []
        self.busy = False
        self.url = ""
        self._answers: dict[str, Any] = {}
        # A store of its own: the workers of other tests would take its runs.
        self.headway = Headway(f"sqlite:///{folder}/headway.db", worker="inline")
        self.app = self._application()

    def _application(self) -> ASGIApp:
        headway, app = self.headway, FastAPI(lifespan=self.headway.lifespan)
        headway.mount(app, "/headway")
        attempts = iter(range(1, 100))

        @headway.job
        async def fragile(run: Run) -> None:
            if next(attempts) == 1:
                raise ValueError("not at the first time")

        @headway.job
        async def asking(run: Run) -> bool:
            return (await run.ask(Yes, "Go on?", key="go")).yes

        @headway.job
        async def endless(run: Run) -> None:
            await asyncio.Event().wait()

        @app.post("/api/book")
        async def book(request: Request, idempotency_key: str = Header()) -> Any:
            if self.busy:
                raise HTTPException(503, headers={"Retry-After": str(AFTER_S)})
            # what an application has to do: the same key is the same command, and has the same answer
            if idempotency_key not in self._answers:
                self.booked.append((await request.json())["seat"])
                self._answers[idempotency_key] = {"place": len(self.booked)}
            return self._answers[idempotency_key]

        app.get("/", response_class=HTMLResponse)(lambda: PAGE)
        app.mount("/client", StaticFiles(directory=DIST))
        return self._noting(app)

    def _noting(self, app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["method"] == "POST":
                key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
                self.requests.append((scope["path"], key))
            await app(scope, receive, send)

        return noted


@contextmanager
def running_site(folder: Path) -> Iterator[OutboxSite]:
    """Serve it in a thread until the block ends."""
    site = OutboxSite(folder)
    server = uvicorn.Server(uvicorn.Config(site.app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, name="outbox site", daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(0.01)
    site.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield site
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive(), "the server does not exit"
