"""The demo on a database that dies, and on none at all."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest

from tests.examples.report.running import RIVALS, running_demo
from tests.stores.postgres_server import PostgresServer

pytestmark = pytest.mark.slow


def test_the_database_dies_and_comes_back(tmp_path: Path) -> None:
    """`kill` as a power cut would, in the middle of a capture; and in the end, nothing of the demo is left running."""
    folder = tmp_path / "postgres"
    folder.mkdir()
    server = PostgresServer(folder)
    server.start()
    with running_demo(tmp_path, 0.5, HEADWAY_STORE=server.url()) as demo:
        project = demo.create(*RIVALS)
        demo.until(lambda: demo.status(project["id"])["phase"] == "snapshot_capture")
        server.kill()
        demo.until(lambda: demo.status(project["id"])["degraded"])
        server.start()
        assert demo.ended(project["id"])["dataCompletenessScore"] == 100
        processes = psutil.Process(demo.process.pid).children(recursive=True)
        assert len(processes) >= 4
        assert demo.stop() == 0
        assert [process for process in processes if process.is_running()] == []
    server.kill()


def test_the_database_is_frozen_and_woken_by_the_commands_it_prints(tmp_path: Path) -> None:
    """As somebody types them who wants to see it; frozen again, the demo ends all the same, and says so at once."""
    with running_demo(tmp_path) as demo:
        demo.until(lambda: "Ctrl-C stops everything" in demo.log.read_text())
        freeze, wake = re.findall(r"^ +(kill -\w+ \d+; pkill .+)$", demo.log.read_text(), re.MULTILINE)
        project = demo.create("uptide")
        demo.ended(project["id"])
        subprocess.run(freeze, shell=True, check=True)
        demo.until(lambda: demo.status(project["id"])["degraded"])
        subprocess.run(wake, shell=True, check=True)
        demo.until(lambda: not demo.status(project["id"])["degraded"])
        subprocess.run(freeze, shell=True, check=True)
        assert demo.stop() == 0
        assert demo.log.read_text().rstrip().count("Stopping ...") == 1


def test_it_runs_in_a_file_where_there_is_no_postgres(tmp_path: Path) -> None:
    """The same application, the same workers, one machine."""
    with running_demo(tmp_path, 0.05, HEADWAY_STORE=f"sqlite:///{tmp_path / 'runs.db'}") as demo:
        assert demo.ended(demo.create()["id"])["dataCompletenessScore"] == 100
        assert httpx.get(f"{demo.url}/api/demo/statistics", trust_env=False).json()["store"] == "sqlite"
