"""The listeners of the how-to, in a process of their own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from headway import Client
from tests.docs.programs import running, served
from tests.integration.servers import ServerProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """The application, with a book in its folder."""
    yield from running(served(tmp_path, "listen", "billing:hw"))


async def test_a_success_is_billed_and_a_failure_is_told(server: ServerProcess, tmp_path: Path) -> None:
    """Each once, as nothing went wrong."""
    async with Client(server.url) as client:
        good = await client.start("report", 3)
        bad = await client.start("report", -1)
    async with asyncio.timeout(30):
        while not (tmp_path / "book.txt").exists() or len((tmp_path / "book.txt").read_text().splitlines()) < 2:
            await asyncio.sleep(0.05)
    failed, succeeded = sorted((tmp_path / "book.txt").read_text().splitlines())
    assert failed.startswith(f"report failed: ValueError: a report has at least no pages ({bad['id']}/")
    assert succeeded.startswith(f"somebody owes 3 ({good['id']}/")
