"""The process that writes business events is killed just after it has: each stands in the table once all the same."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from examples.report.business import business_event_of
from tests.examples.report.running import Demo, running_demo
from tests.stores.postgres_server import PostgresServer

pytestmark = pytest.mark.slow

COUNT_TELLINGS = """
CREATE TABLE report.told (n bigserial, run_id text, seq bigint);
CREATE FUNCTION report.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report.told (run_id, seq) VALUES (NEW.run_id, NEW.seq);
    RETURN NEW;
END $$;
CREATE TRIGGER told BEFORE INSERT ON report.business_event FOR EACH ROW EXECUTE FUNCTION report.tell();
"""
"""Counts each time one is written, also when it is there already: such a trigger comes before the conflict."""

STUCK = """
SELECT pid, client_port FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%positions%' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A Postgres into which the test may look."""
    folder = tmp_path / "postgres"
    folder.mkdir()
    made = PostgresServer(folder)
    made.start()
    yield made
    made.kill()


async def test_a_listener_killed_before_it_kept_its_position_tells_again_and_nothing_is_doubled(
    server: PostgresServer, tmp_path: Path
) -> None:
    """`kill -9` between the row and the position, while the report goes on; then another process goes on."""
    with running_demo(tmp_path, 0.1, HEADWAY_STORE=server.url()) as demo:
        owner = await asyncpg.connect(server.url())
        try:
            await owner.execute(COUNT_TELLINGS)
            async with owner.transaction():
                await owner.execute("LOCK TABLE headway.positions IN EXCLUSIVE MODE")
                project = await asyncio.to_thread(demo.create)
                run_id = project["report"]["runId"]
                backend, port = await stuck(demo, server)
                assert [row["n"] for row in await server.run("SELECT count(*) AS n FROM report.business_event")] == [1]
                await until(demo, lambda: demo.status(project["id"])["progress"] >= 50)  # nobody waits for a listener
                killed = holder_of(port)
                assert killed in demo.http.get("/api/demo").json()["workers"]
                os.kill(killed, signal.SIGKILL)
                await server.run(f"SELECT pg_terminate_backend({backend})")  # its statement dies with it
        finally:
            await owner.close()
        status = await asyncio.to_thread(demo.ended, project["id"])
        assert status["dataCompletenessScore"] == 100
        await until(demo, lambda: happened(demo, project)[-1]["kind"] == "report_completed")
        seen = [(event["seq"], event["kind"], event["details"]) for event in happened(demo, project)]
        assert seen == expected(demo, run_id)
        rows = await server.run("SELECT seq FROM report.told ORDER BY n")
    told = [row["seq"] for row in rows]
    assert told[:2] == [1, 1], "the first one was told again: the key let it in once"
    assert list(dict.fromkeys(told)) == [seq for seq, *_ in seen]
    assert told == sorted(told), "in order, also behind the death"


async def stuck(demo: Demo, server: PostgresServer) -> tuple[int, int]:
    """Wait until a listener has written a row and cannot keep that it did; its backend, and the port it asks from."""
    found: list[asyncpg.Record] = []
    async with asyncio.timeout(60):
        while not found:
            assert demo.process.poll() is None, demo.log.read_text()
            found = await server.run(STUCK)
            await asyncio.sleep(0.05)
    return found[0]["pid"], found[0]["client_port"]


def holder_of(port: int) -> int:
    """The process that has a port of this machine."""
    return next(it.pid for it in psutil.net_connections("tcp4") if it.pid is not None and it.laddr[1:] == (port,))


async def until(demo: Demo, true: Any) -> None:
    """Wait for something to become true, without holding this loop."""
    await asyncio.to_thread(demo.until, true)


def happened(demo: Demo, project: dict[str, Any]) -> list[dict[str, Any]]:
    """What the endpoint tells."""
    events: list[dict[str, Any]] = demo.http.get(f"/api/projects/{project['id']}/business-events").json()["events"]
    return events


def expected(demo: Demo, run_id: str) -> list[tuple[int, str, dict[str, Any]]]:
    """What the log of a run has of business events."""
    events = demo.http.get(f"/headway/v1/runs/{run_id}/events", params={"limit": 1000}).json()["events"]
    return [(event["seq"], *told) for event in events if (told := business_event_of(event)) is not None]
