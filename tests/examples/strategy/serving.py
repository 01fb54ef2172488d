"""The whole application as processes: server and worker on a store and a library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.examples.serving import Served


class Application(Served):
    """A running application."""

    def __init__(self, folder: Path, target: str = "examples.strategy.app:app", **environment: str) -> None:
        variables = {"HEADWAY_LEASE_S": "2", "HEADWAY_WORKER": "inline"} | environment
        super().__init__(folder, target, **variables)

    def order(self, **order: Any) -> str:
        """Ask for a strategy; return the run's id."""
        answer = self.http.post("/api/strategies", json=order)
        assert answer.status_code == 202, answer.text
        run_id: str = answer.json()["id"]
        return run_id


@contextmanager
def running_application(
    folder: Path, target: str = "examples.strategy.app:app", **environment: str
) -> Iterator[Application]:
    """Run one."""
    application = Application(folder, target, **environment)
    application.start()
    try:
        yield application
    finally:
        application.stop()
