"""The sites of four made-up companies, each on a port of its own, served by one process.

``python -m examples.report.competitors`` prints one line of JSON with their addresses once they are reached. Pages are
files; dates in them (``{{iso -12}}``, ``{{long -12}}``) are so many days from today, or the demo would age.

On every port: ``GET /_dial`` and ``PUT /_dial`` (``{"latency_s": 0.5, "broken": ["heronping/plans"]}``): how slow the
sites are, and which pages answer 503.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import re
import socket
from pathlib import Path
from typing import Annotated, Final

import uvicorn
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

SITES: Final = Path(__file__).parent / "sites"
_DATE: Final = re.compile(r"\{\{(iso|long) (-?\d+)\}\}")


class Dial(BaseModel):
    """How the sites behave.

    Attributes:
        latency_s: Seconds before a page is answered.
        broken: Pages that answer 503, as ``site/page``.
    """

    latency_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    broken: list[str] = []


class Sites:
    """The sites, as an ASGI application.

    Args:
        by_port: Name of the site each port belongs to.
        dial: How they behave at first.
    """

    def __init__(self, by_port: dict[int, str], dial: Dial) -> None:
        self._by_port = by_port
        self._dial = dial

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = await (self._turned(request) if request.url.path == "/_dial" else self._page(request))
        await answer(scope, receive, send)

    async def _turned(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._dial = Dial.model_validate(self._dial.model_dump() | await request.json())
            except (ValidationError, ValueError, TypeError) as error:
                return JSONResponse({"code": "dial_invalid", "detail": str(error)}, 422)
        return JSONResponse(self._dial.model_dump())

    async def _page(self, request: Request) -> Response:
        site = self._by_port[request.scope["server"][1]]
        name = request.url.path.rstrip("/").rpartition("/")[2].removesuffix(".html") or "index"
        await asyncio.sleep(self._dial.latency_s)
        file = SITES / site / f"{name}.html"
        if f"{site}/{name}" in self._dial.broken:
            return HTMLResponse("<h1>Service unavailable</h1>", 503)
        if not re.fullmatch(r"[\w-]+", name) or not file.is_file():
            return HTMLResponse("<h1>Not found</h1>", 404)
        return HTMLResponse(dated(file.read_text(encoding="utf-8"), dt.datetime.now(dt.UTC).date()))


def dated(text: str, today: dt.date) -> str:
    """Return a page with its dates filled in."""

    def date(match: re.Match[str]) -> str:
        day = today + dt.timedelta(days=int(match[2]))
        return day.isoformat() if match[1] == "iso" else f"{day.day} {day:%B %Y}"

    return _DATE.sub(date, text)


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="competitors", description="The sites of four made-up companies.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each page is answered")
    options = parser.parse_args(arguments)
    names = sorted(path.name for path in SITES.iterdir() if path.is_dir())
    listeners = {name: socket.create_server(("127.0.0.1", 0)) for name in names}
    ports = {name: int(listener.getsockname()[1]) for name, listener in listeners.items()}
    print(json.dumps({name: f"http://127.0.0.1:{port}" for name, port in ports.items()}), flush=True)  # noqa: T201 - whoever started it waits for this
    sites = Sites({port: name for name, port in ports.items()}, Dial(latency_s=options.latency))
    config = uvicorn.Config(sites, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=list(listeners.values()))


if __name__ == "__main__":
    main()
