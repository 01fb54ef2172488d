"""``headway worker``."""

from __future__ import annotations

import os

from rich.console import Console

from headway.cli.startup import Row, print_block
from headway.cli.target import load_headway
from headway.config import Settings
from headway.errors import UsageError
from headway.ops.logging import configure
from headway.worker import run


def work(target: str, *, store: str | None, concurrency: int | None, log_level: str | None, console: Console) -> None:
    """Execute jobs in this process until it is told to stop.

    Raises:
        UsageError: there is no Headway, it has no job, or nobody but its own process can see its store.
    """
    given = {"HEADWAY_STORE": store, "HEADWAY_LOG_LEVEL": log_level}
    given["HEADWAY_CONCURRENCY"] = None if concurrency is None else str(concurrency)
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
        Row("Store", settings.store),
        Row("At once", f"{settings.concurrency} runs"),
        Row("Process", str(os.getpid())),
    ]
    print_block("worker", rows, "Ctrl-C hands the runs back and stops.", console, settings.log_format)
    run(headway)
