"""The demo's database from inside: how often each business event is written, and who cannot note that it wrote one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import psutil

from examples.report.business import business_event_of
from tests.examples.report.running import Demo

COUNT = """
CREATE TABLE report.told (n bigserial, run_id text, seq bigint);
CREATE FUNCTION report.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report.told (run_id, seq) VALUES (NEW.run_id, NEW.seq);
    RETURN NEW;
END $$;
CREATE TRIGGER told BEFORE INSERT ON report.business_event FOR EACH ROW EXECUTE FUNCTION report.tell();
"""
"""Counts each time one is written, also when it is there already: such a trigger comes before the conflict."""

COUNT_NO_MORE = "DROP FUNCTION report.tell() CASCADE; DROP TABLE report.told"
STUCK = """
SELECT pid, client_port FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%positions%' AND pid <> pg_backend_pid()
"""


class Tellings:
    """What is written of business events while it is counted.

    Args:
        url: Of the database.
        connection: To it.
    """

    def __init__(self, url: str, connection: asyncpg.Connection[Any]) -> None:
        self._url = url
        self._connection = connection

    @asynccontextmanager
    async def unnoted(self) -> AsyncIterator[None]:
        """Let no listener note that it was told something; whoever wants to waits."""
        holder = await asyncpg.connect(self._url)
        try:
            async with holder.transaction():
                await holder.execute("LOCK TABLE headway.positions IN EXCLUSIVE MODE")
                yield
        finally:
            await holder.close()

    async def stuck(self) -> tuple[int, int]:
        """Wait until a listener cannot note it; return its process, and the backend that works for it."""
        async with asyncio.timeout(60):
            while (found := await self._connection.fetchrow(STUCK)) is None:
                await asyncio.sleep(0.02)
        return _owner_of(found["client_port"]), found["pid"]

    async def end_backend(self, backend: int) -> None:
        """Let a statement end with whoever gave it."""
        await self._connection.execute("SELECT pg_terminate_backend($1)", backend)

    async def rows(self, run_id: str) -> list[int]:
        """The seqs in the table."""
        found = await self._connection.fetch("SELECT seq FROM report.business_event WHERE run_id = $1", run_id)
        return [row["seq"] for row in found]

    async def written(self, run_id: str) -> list[int]:
        """The seqs in the order they were written, each as often as it was."""
        found = await self._connection.fetch("SELECT seq FROM report.told WHERE run_id = $1 ORDER BY n", run_id)
        return [row["seq"] for row in found]


@asynccontextmanager
async def counted_tellings(demo: Demo) -> AsyncIterator[Tellings]:
    """Count what is written of business events in a demo."""
    worker = demo.http.get("/api/demo").json()["workers"][0]
    url = psutil.Process(worker).environ()["HEADWAY_STORE"]
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(COUNT)
        yield Tellings(url, connection)
        await connection.execute(COUNT_NO_MORE)
    finally:
        await connection.close()


def _owner_of(port: int) -> int:
    return next(it.pid for it in psutil.net_connections("tcp4") if it.pid is not None and it.laddr[1:] == (port,))


def happened(demo: Demo, project_id: str) -> list[dict[str, Any]]:
    """What the endpoint tells."""
    events: list[dict[str, Any]] = demo.http.get(f"/api/projects/{project_id}/business-events").json()["events"]
    return events


def in_the_log(demo: Demo, run_id: str) -> list[tuple[int, str, dict[str, Any]]]:
    """What the log of a run has of business events."""
    events = demo.http.get(f"/headway/v1/runs/{run_id}/events", params={"limit": 1000}).json()["events"]
    return [(event["seq"], *told) for event in events if (told := business_event_of(event)) is not None]
