"""``headway worker``."""

from __future__ import annotations

import os
from dataclasses import dataclass

from rich.console import Console

from headway.app import Headway
from headway.cli.startup import Row, print_block
from headway.cli.target import load_headway
from headway.config import Settings
from headway.errors import UsageError
from headway.ops.logging import configure
from headway.stores.location import shown
from headway.worker import run


@dataclass(frozen=True, slots=True)
class Plan:
    """How to work.

    Attributes:
        target: ``module:attribute`` of a Headway, or of anything in a module that holds one.
        queues: As `headway.config.Settings.queues`.
        metrics: ``host:port`` where metrics are answered; None: nowhere.
    """

    target: str
    store: str | None = None
    queues: str | None = None
    concurrency: int | None = None
    log_level: str | None = None
    metrics: str | None = None


def work(plan: Plan, console: Console) -> None:
    """Execute jobs in this process until it is told to stop.

    Raises:
        UsageError: there is no Headway, it has no job, nobody but its own process can see its store, a queue is none
            of its jobs', or the address for metrics is none.
    """
    target = plan.target
    metrics_at = None if plan.metrics is None else address(plan.metrics)
    given = {"HEADWAY_STORE": plan.store, "HEADWAY_QUEUES": plan.queues, "HEADWAY_LOG_LEVEL": plan.log_level}
    given["HEADWAY_CONCURRENCY"] = None if plan.concurrency is None else str(plan.concurrency)
    os.environ.update({name: value for name, value in given.items() if value is not None})
    Settings()  # a wrong variable is told before the application is imported
    headway = load_headway(target)
    if not headway.jobs:
        raise UsageError(f"{target} has no job", hint="decorate one with @hw.job where the module is imported")
    if not headway.store.caps.processes:
        raise UsageError(
            f"the runs of {target} are in the memory of its server", hint="use --store with a file, as the server does"
        )
    settings = headway.settings
    configure(level=settings.log_level, format=settings.log_format)
    rows = [
        Row("Jobs", ", ".join(sorted(headway.jobs))),
        Row("Store", shown(settings.store)),
        Row("Engine", headway.engine.name),
        *_schedules(headway),
        Row("Queues", "; ".join(map(str, headway.lanes()))),
        Row("Process", str(os.getpid())),
        *([Row("Metrics", f"http://{plan.metrics}/metrics")] if plan.metrics else []),
    ]
    print_block("worker", rows, "Ctrl-C hands the runs back and stops.", console, settings.log_format)
    run(headway, metrics_at=metrics_at)


def _schedules(headway: Headway) -> list[Row]:
    due = [f"{job.name} ({job.schedule})" for job in headway.jobs.values() if job.schedule is not None]
    return [Row("Schedules", ", ".join(sorted(due)))] if due else []


def address(text: str) -> tuple[str, int]:
    """Read ``host:port``, or ``:port`` for this machine only.

    Raises:
        UsageError: it is none.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise UsageError(f"--metrics {text}: that is no address", hint="write host:port, as 127.0.0.1:9100")
    return host.strip("[]") or "127.0.0.1", int(port)
