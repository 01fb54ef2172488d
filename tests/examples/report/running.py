"""The whole demo as its own program starts it: Postgres, the sites, the API, two workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.examples.report.siting import ROOT
from tests.integration.servers import free_port

PATIENCE_S = 90
RIVALS = ("heronping", "uptide", "brightbeat")
ENDED = ("completed", "failed")


class Demo:
    """A running demo.

    Args:
        folder: For what it prints.
        latency_s: Seconds its sites take for a page.
        variables: Of its environment.
    """

    def __init__(self, folder: Path, latency_s: float = 0.1, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "demo.log"
        command = [sys.executable, "-m", "examples.report.demo", "--no-browser", "--port", str(self.port)]
        environment = {**os.environ, "HEADWAY_LOG_FORMAT": "json", "HEADWAY_LOG_LEVEL": "info", **variables}
        if "HEADWAY_STORE" not in variables:
            environment.pop("HEADWAY_STORE", None)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--latency", str(latency_s)], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self.http = httpx.Client(base_url=self.url, timeout=20, trust_env=False, headers={"Origin": self.url})
        self.until(self._answers)
        self.sites: dict[str, str] = self.http.get("/api/demo").json()["sites"]

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            return len(self.http.get("/api/demo").json()["workers"]) == 2
        return False

    def stop(self) -> int:
        """Ctrl-C; return the exit code."""
        self.http.close()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def until(self, true: Callable[[], Any], within_s: float = PATIENCE_S) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + within_s
        while not true():
            assert time.monotonic() < deadline, self.log.read_text()[-5000:]
            time.sleep(0.05)

    # -- asking

    def create(self, *rivals: str, start: bool = True, request_id: str | None = None) -> dict[str, Any]:
        """Make a project of the demo's companies."""
        named = [{"name": name.title(), "url": self.sites[name]} for name in rivals or RIVALS]
        body = {"name": "Lanternwatch", "productUrl": self.sites["lanternwatch"], "competitors": named, "start": start}
        headers = {} if request_id is None else {"X-Request-ID": request_id}
        answer = self.http.post("/api/projects", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        project: dict[str, Any] = answer.json()
        return project

    def status(self, project_id: str) -> dict[str, Any]:
        """What the status endpoint answers."""
        answer = self.http.get(f"/api/projects/{project_id}/initial-report-status")
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def ended(self, project_id: str) -> dict[str, Any]:
        """Wait until a report has ended."""
        self.until(lambda: self.status(project_id)["status"] in ENDED)
        return self.status(project_id)

    def snapshot(self, run_id: str) -> dict[str, Any]:
        """A run's state."""
        snapshot: dict[str, Any] = self.http.get(f"/headway/v1/runs/{run_id}").json()
        return snapshot

    def turn(self, **change: object) -> None:
        """Turn the sites' dial."""
        assert httpx.put(f"{self.sites['uptide']}/_dial", json=change, trust_env=False).status_code == 200

    def postgres(self) -> psutil.Process:
        """The first process of the database."""
        return next(it for it in psutil.Process(self.process.pid).children() if it.name() == "postgres")

    @contextlib.contextmanager
    def frozen_database(self) -> Iterator[None]:
        """Let the database stand still: it takes connections and answers nothing."""
        server = self.postgres()
        everyone = [server, *server.children(recursive=True)]
        for process in everyone:
            process.suspend()
        try:
            yield
        finally:
            for process in everyone:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    def lines(self) -> list[dict[str, Any]]:
        """What all processes have logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@contextlib.contextmanager
def running_demo(folder: Path, latency_s: float = 0.1, **variables: str) -> Iterator[Demo]:
    """Run one."""
    demo = Demo(folder, latency_s, **variables)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.stop()
