"""Watching a run over HTTP: one loop that connects, reads frames, folds, and comes back after whatever happened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import orjson

from headway.core.fold import Applied, Fold
from headway.core.run import ENDED
from headway.core.sse import Frame, Parser
from headway.errors import HeadwayError, RunNotFound

QUIET_PINGS = 2.5
"""A stream that says nothing for so many ping intervals is dead."""

BACKOFF_S = (0.05, 15.0)


@dataclass(frozen=True, slots=True)
class Connection:
    """How the connection stands.

    Attributes:
        state: ``connecting``, ``live``, ``waiting`` (to try again), ``closed`` (the run has ended).
        wait_s: How long until the next try, when waiting.
        reason: Why the last connection ended, in words; None while all is well.
    """

    state: Literal["connecting", "live", "waiting", "closed"]
    wait_s: float = 0.0
    reason: str | None = None


class Watched(Mapping[str, Any]):
    """A run's snapshot as it is being folded; moves on with the iteration. `snapshot()` keeps one."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._value: dict[str, Any] | None = None

    def snapshot(self) -> dict[str, Any]:
        """Return the snapshot as a value of its own."""
        if self._value is None:
            self._value = self._fold.snapshot()
        return self._value

    def __getitem__(self, field: str) -> Any:
        return self.snapshot()[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self.snapshot())

    def __len__(self) -> int:
        return len(self.snapshot())


Seen = tuple[Watched, dict[str, Any] | None]


class _Again(Exception):
    """Connect again.

    Args:
        reason: For people.
        wait_s: Not earlier than this.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


async def watch(
    http: httpx.AsyncClient, address: str, on_connection: Callable[[Connection], None]
) -> AsyncIterator[Seen]:
    """See `Client.watch`."""
    viewer = _Viewer(http, address, on_connection)
    while not viewer.ended:
        try:
            async for seen in viewer.connect():
                yield seen
        except _Again as again:
            await viewer.wait(str(again), again.wait_s)
        except (httpx.HTTPError, httpx.StreamError) as error:
            await viewer.wait(_words(error), 0.0)
    on_connection(Connection("closed"))


class _Viewer:
    def __init__(self, http: httpx.AsyncClient, address: str, on_connection: Callable[[Connection], None]) -> None:
        self.ended = False
        self._http = http
        self._address = address
        self._tell = on_connection
        self._fold: Fold | None = None
        self._failures = 0
        self._ping_s = 15.0
        self._retry_s = 0.0
        self._poll = False

    async def wait(self, reason: str, at_least_s: float) -> None:
        """Wait before the next connection: full jitter, never less than the server asked for."""
        low, high = BACKOFF_S
        whole = min(high, 0.25 * 2 ** min(self._failures, 10))
        self._failures += 1
        seconds = max(low, at_least_s, random.uniform(low, whole))  # noqa: S311 - jitter
        self._tell(Connection("waiting", seconds, reason))
        await asyncio.sleep(seconds)

    async def connect(self) -> AsyncIterator[Seen]:
        """Read one connection to its end."""
        self._tell(Connection("connecting"))
        headers = {"Accept": "text/event-stream"}
        if self._fold is not None:
            headers["Last-Event-ID"] = self._fold.cursor
        timeout = httpx.Timeout(10.0, read=self._ping_s * QUIET_PINGS)
        params = {"client": "1"}
        async with self._http.stream("GET", self._address, params=params, headers=headers, timeout=timeout) as response:
            await self._check(response)
            if response.status_code == 204:
                self.ended = True
                return
            self._tell(Connection("live"))
            parser = Parser()
            async for data in response.aiter_raw():
                for frame in parser.feed(data):
                    seen = self._frame(frame)
                    if seen is not None:
                        yield seen
                    if self.ended:
                        return
                self._retry_s = (parser.retry_ms or 0) / 1000
        raise _Again("the connection ended", min(self._retry_s, 5.0) * random.random())  # noqa: S311 - jitter

    async def _check(self, response: httpx.Response) -> None:
        from headway.client.http import problem

        if response.status_code < 300:
            return
        await response.aread()
        error = problem(response)
        if response.status_code in (401, 403, 404, 410) or (response.status_code < 500 and not error.retryable):
            raise error
        after = response.headers.get("Retry-After", "")
        raise _Again(f"the server answered {response.status_code}", float(after) if after.isdigit() else 0.0)

    def _frame(self, frame: Frame) -> Seen | None:
        data = orjson.loads(frame.data)
        if frame.event == "open":
            self._ping_s = float(data.get("ping_s") or self._ping_s)
        elif frame.event == "snapshot":
            self._failures = 0
            self._fold = Fold(data)
            return Watched(self._fold), None
        elif frame.event == "end":
            self._end(data)
        elif frame.event == "reset":
            if data.get("reason") == "gone":
                raise RunNotFound("the run was deleted while it was watched")
        elif "seq" in data and "type" in data:
            return self._event(frame, data)
        return None

    def _end(self, data: Mapping[str, Any]) -> None:
        if data.get("use") == "poll":
            raise _Again("streams are switched off", 2.0)
        self.ended = data.get("status") in ENDED

    def _event(self, frame: Frame, event: dict[str, Any]) -> Seen | None:
        if self._fold is None:
            raise HeadwayError("the stream began without a snapshot")
        applied = self._fold.apply(event, frame.id)
        if applied is Applied.GAP:
            raise _Again("an event is missing")
        if applied is Applied.DUPLICATE:
            return None
        self._failures = 0
        return Watched(self._fold), event


def _words(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return "the server cannot be reached"
    if isinstance(error, httpx.ReadTimeout):
        return "the stream has gone quiet"
    return "the connection was cut"
