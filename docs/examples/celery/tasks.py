"""A Celery application whose tasks are shown as runs: `celery -A tasks worker`."""

import os
from typing import Any

from celery import Celery

import headway
from headway.contrib.celery import report_to_headway

app = Celery("shop", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
reporting = report_to_headway(app, os.environ.get("HEADWAY_URL", "http://127.0.0.1:8000/headway"))


@app.task
def add(a: int, b: int) -> int:
    """Nothing about it changes: it is a run all the same, with its result."""
    return a + b


@app.task(
    bind=True,
    autoretry_for=(OSError,),
    retry_backoff=True,
    headway={"title": "Thumbnails", "phases": {"read": 20, "write": 80}},
)
def thumbnails(self: Any, files: list[str]) -> int:
    """Say how far it is, as any run does. Its retries are executions of the same run."""
    run = headway.current()
    with run.phase("read"):
        if "unreadable" in files and self.request.retries < 1:
            raise OSError("unreadable, at first")
    with run.phase("write", total=len(files)) as phase:
        for file in files:
            with run.item(file, title=file):
                phase.advance(message=file)
    return len(files)


@app.task(headway=False)
def clean() -> None:
    """Nobody wants to see this one."""
