"""The dial of the place provider: how slow and how unreliable it plays.

A demo needs a remote service that takes its time and sometimes fails, without leaving the machine. All delays and
faults of this example live here, in the provider's process; the planner knows nothing of them.

What happens to a call depends on the seed, the call's address and how often that address was called, and on nothing
else: concurrent calls in another order meet the same fate.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from random import Random
from typing import Annotated, Literal, get_args
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.types import ASGIApp, Receive, Scope, Send

from .models import CityId

Fault = Literal["unavailable", "hang", "garbage"]
Seconds = Annotated[float, Field(ge=0, le=300)]

UNDIALLED = ("/dial", "/calls", "/healthz", "/docs", "/openapi.json")
"""Addresses that always answer at once."""


class Dial(BaseModel):
    """How the provider behaves.

    Attributes:
        latency_min_s: Least time a call takes.
        latency_max_s: Most time a call takes; evenly spread between the two.
        fault_rate: Share of the calls that go wrong, 0 to 1.
        fault_kinds: How they go wrong: answer 503 with Retry-After, hang, or answer a body cut in the middle.
        down: Every call is answered 503.
        down_city: Every call about this city is answered 503.
        slow_city: Calls about this city take ``slow_extra_s`` longer.
        slow_extra_s: How much longer.
        hang_s: How long a hanging call is kept before it is answered 504.
        retry_after_s: What a 503 says in Retry-After (rounded up to whole seconds).
        seed: Another seed, another fate.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_min_s: Seconds = 0.3
    latency_max_s: Seconds = 0.9
    fault_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    fault_kinds: Annotated[list[Fault], Field(min_length=1)] = list(get_args(Fault))
    down: bool = False
    down_city: CityId | None = None
    slow_city: CityId | None = None
    slow_extra_s: Seconds = 3.0
    hang_s: Seconds = 30.0
    retry_after_s: Seconds = 1.0
    seed: int = 0

    @model_validator(mode="after")
    def _order(self) -> Dial:
        if self.latency_min_s > self.latency_max_s:
            raise ValueError(f"latency_min_s ({self.latency_min_s}) is above latency_max_s ({self.latency_max_s})")
        return self


class PlayedRemote:
    """ASGI application that puts the dial between the network and another application.

    Attributes:
        dial: The current setting; assign to change it. Calls under way keep the one they began with.
    """

    def __init__(self, app: ASGIApp, dial: Dial) -> None:
        self._app = app
        self._calls: Counter[str] = Counter()
        self._dial = dial

    @property
    def dial(self) -> Dial:
        """The current setting."""
        return self._dial

    @dial.setter
    def dial(self, dial: Dial) -> None:
        self._dial = dial
        self._calls.clear()  # the same dial set again plays the same

    @property
    def calls(self) -> dict[str, int]:
        """How often each address was called since the dial was set."""
        return dict(self._calls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Delay the call, let it fail if it is its turn, else hand it on."""
        if scope["type"] != "http" or scope["path"] in UNDIALLED:
            await self._app(scope, receive, send)
            return
        dial, address = self._dial, f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        self._calls[address] += 1
        fate = Random(f"{dial.seed}|{address}|{self._calls[address]}")  # noqa: S311 - a game, not a secret
        city = _city_of(scope)
        latency = fate.uniform(dial.latency_min_s, dial.latency_max_s)
        await asyncio.sleep(latency + (dial.slow_extra_s if city is not None and city == dial.slow_city else 0))
        if dial.down or (city is not None and city == dial.down_city):
            await _answer_fault("unavailable", dial, receive, send)
        elif fate.random() < dial.fault_rate:
            await _answer_fault(fate.choice(dial.fault_kinds), dial, receive, send)
        else:
            await self._app(scope, receive, send)


def _city_of(scope: Scope) -> str | None:
    """Return the city a call is about: in the path, or of the first place named in the query."""
    segments = scope["path"].split("/")
    if len(segments) > 2 and segments[1] in {"cities", "places"}:
        return str(segments[2]).partition(".")[0]
    query = parse_qs(scope["query_string"].decode("latin-1"))
    named = [*query.get("from", []), *query.get("points", [])]
    return named[0].partition(".")[0] if named else None


async def _answer_fault(fault: Fault, dial: Dial, receive: Receive, send: Send) -> None:
    if fault == "garbage":
        await _answer(send, 200, b'[{"id": "paris.louv', [])
    elif fault == "hang":
        await _hang(receive, dial.hang_s)
        await _answer(send, 504, _problem("timeout", "the provider gave up on its own database"), [])
    else:
        retry_after = str(math.ceil(dial.retry_after_s)).encode()
        await _answer(send, 503, _problem("unavailable", "the provider is overloaded"), [(b"retry-after", retry_after)])


async def _hang(receive: Receive, seconds: float) -> None:
    """Keep the caller waiting, but not beyond its leaving."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


def _problem(code: str, detail: str) -> bytes:
    return json.dumps({"code": code, "detail": detail}).encode()


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = str(len(body)).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
