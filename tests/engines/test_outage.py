"""What fails again and again is told of twice: when it begins, and when it is over."""

import asyncio
import logging
from pathlib import Path

import pytest

from headway import Headway, Run
from headway.config import Settings
from headway.engines.outage import Outage, reason
from headway.errors import StoreUnavailable
from tests.stores.postgres_server import PostgresServer


def test_an_outage_is_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    """However often it fails between them; the next one is told again."""
    outage = Outage(logging.getLogger("headway.test"), "it is away", "it is back")
    outage.end()
    with caplog.at_level(logging.INFO, "headway.test"):
        for _ in range(2):
            for number in range(3):
                outage.note(OSError(f"refused {number}"))
            outage.end()
            outage.end()
    assert [record.getMessage() for record in caplog.records] == ["it is away: refused 0", "it is back"] * 2


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
    hw.job(_nothing)
    caplog.set_level(logging.INFO, "headway")
    began = ("cannot look for queued runs", "cannot sweep", "the transports setting cannot be read")
    over = ("looking for queued runs again", "sweeping again", "the transports setting is read again")

    def told(word: str) -> int:
        return sum(word in record.getMessage() for record in caplog.records)

    async with hw:
        for words, change in ((began, server.stop), (over, server.start)):
            change()
            async with asyncio.timeout(60):
                while not all(map(told, words)):
                    await asyncio.sleep(0.05)
    server.kill()
    assert [told(word) for word in (*began, *over)] == [1] * 6


async def _nothing(run: Run) -> None: ...
