"""What fails again and again is told of when it begins, seldom while it lasts, and when it is over."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from headway import Headway, Run
from headway.config import Settings
from headway.engines.outage import Outage, reason
from headway.errors import StoreUnavailable
from tests.stores.postgres_server import PostgresServer


class Ticking:
    """A clock that is set."""

    now = 1_000.0

    def __call__(self) -> float:
        """Return its seconds."""
        return self.now


def test_an_outage_is_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    """However often it fails between them; the next one is told again."""
    time = Ticking()
    outage = Outage(logging.getLogger("headway.test"), "it is away", "it is back", monotonic=time)
    outage.end()
    with caplog.at_level(logging.INFO, "headway.test"):
        for _ in range(2):
            for number in range(3):
                outage.note(OSError(f"refused {number}"))
                time.now += 1
            outage.end()
            outage.end()
    assert caplog.messages == ["it is away: refused 0", "it is back, after 3.0 s"] * 2


def test_an_outage_that_lasts_is_told_of_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """With how long it lasts by now, and what is wrong by now."""
    time = Ticking()
    outage = Outage(logging.getLogger("headway.test"), "it is away", "it is back", monotonic=time)
    with caplog.at_level(logging.INFO, "headway.test"):
        for second in range(3 * 60 + 1):
            outage.note(OSError(f"refused {second}"))
            time.now += 1
        time.now += 7_500
        outage.end()
    assert caplog.messages == [
        "it is away: refused 0",
        "it is away, for 60 s by now: refused 60",
        "it is away, for 2 min by now: refused 120",
        "it is away, for 3 min by now: refused 180",
        "it is back, after 2.1 h",
    ]


def test_the_reason_is_the_causes_in_one_line() -> None:
    """Not what a library says of it; what we say ourselves stays as it is."""
    wrapped = RuntimeError("\n    Database error.\n    ")
    wrapped.__cause__ = OSError("connection refused\n\tIs the server running?")
    assert reason(wrapped) == "connection refused Is the server running?"
    assert reason(TimeoutError()) == "TimeoutError"
    ours = StoreUnavailable("the store is away", hint="wait")
    ours.__cause__ = OSError("111")
    assert reason(ours) == "the store is away (wait)"


async def test_a_store_that_is_away_is_told_once_by_each(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """By those who look every second, and by those who look every five."""
    server = PostgresServer(tmp_path)
    server.start()
    hw = Headway(settings=Settings(store=server.url(), worker="inline", drain_s=0.1))
    hw.job(schedule="0 7 * * *")(_nothing)
    hw.on("run.*", name="mail")(_heard)
    caplog.set_level(logging.INFO, "headway")
    began = (
        "cannot look for queued runs",
        "cannot sweep",
        "cannot start what is scheduled",
        "looking for events for listener mail failed",
        "the transports setting cannot be read",
    )
    over = (
        "looking for queued runs again",
        "sweeping again",
        "what is scheduled is started again",
        "looking for events for listener mail again",
        "the transports setting is read again",
    )

    def told(word: str) -> int:
        return sum(word in record.getMessage() for record in caplog.records)

    async with hw:
        for words, change in ((began, server.stop), (over, server.start)):
            change()
            async with asyncio.timeout(60):
                while not all(map(told, words)):
                    await asyncio.sleep(0.05)
    server.kill()
    assert {word: told(word) for word in (*began, *over)} == dict.fromkeys((*began, *over), 1)


async def _nothing(run: Run) -> None: ...


async def _heard(event: Any, run: Any) -> None: ...
