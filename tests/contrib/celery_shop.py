"""A Celery application as somebody has it, with tasks that wait until a test lets them go on."""

from __future__ import annotations

import os
import time
from typing import Any

import redis
from celery import Celery, Task, signals
from celery.exceptions import Ignore

import headway
from headway.contrib.celery import report_to_headway

BROKER = os.environ["SHOP_BROKER"]
app = Celery("shop", broker=BROKER, backend=BROKER)
app.conf.update(
    task_acks_late=True,
    task_track_started=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_transport_options={
        "visibility_timeout": 1,
        "unacked_restore_interval": 0.5,
        "unacked_restore_throttle": 1,
    },
)
reporting = report_to_headway(app, os.environ["SHOP_HEADWAY"], lease_s=float(os.environ.get("SHOP_LEASE_S", "15")))
here = redis.Redis.from_url(BROKER)


@signals.task_received.connect
def _count(request: object, **_signal: object) -> None:
    here.incr(f"received:{request.id}")  # type: ignore[attr-defined]


def wait_for(name: str) -> None:
    """Wait until a test sets a key."""
    while not here.exists(name):
        time.sleep(0.02)


@app.task(headway={"title": "Build it", "phases": {"read": 50, "write": 50}, "group": "orders"})
def build(name: str) -> dict[str, int]:
    """Report, then wait to be let go on."""
    here.incr(f"ran:{name}")
    run = headway.current()
    with run.phase("read", total=2) as phase:
        phase.advance()
        here.set(f"begun:{name}", run.id)
        wait_for(f"go:{name}")
        phase.advance()
    with run.phase("write"), run.item("page:1") as item:
        item.progress(1, 2)
    run.note("done")
    return {"ran": int(here.get(f"ran:{name}"))}  # type: ignore[arg-type]


@app.task
def compute(name: str) -> str:
    """Compute without a word, holding on to the interpreter."""
    here.set(f"begun:{name}", headway.current().id)
    while not here.exists(f"go:{name}"):
        sum(range(200_000))
    return "computed"


@app.task(bind=True, autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def shaky(self: Task[Any, Any], fail: int) -> int:
    """Fail so many times."""
    headway.current().custom("try", self.request.retries)
    if self.request.retries < fail:
        raise OSError(f"try {self.request.retries}")
    return int(self.request.retries)


@app.task
def endless(name: str) -> None:
    """Report until somebody wants it to stop."""
    run = headway.current()
    here.set(f"begun:{name}", run.id)
    for number in range(1_000_000):
        run.progress(number)
        time.sleep(0.02)


@app.task(bind=True, max_retries=1)
def chatty(self: Task[Any, Any], name: str, again: bool = False) -> int:
    """Say number after number until a test lets it go; perhaps be tried again then."""
    run = headway.current()
    here.set(f"begun:{name}", run.id)
    while not here.exists(f"go:{name}"):
        run.note(str(here.incr(f"said:{name}")))
        time.sleep(0.01)
    if again and self.request.retries == 0:
        raise self.retry(countdown=4)
    return int(here.get(f"said:{name}"))  # type: ignore[arg-type]


@app.task
def late(name: str, ignore: bool) -> None:
    """Hear that it is to stop, and go on until its run has ended."""
    run = headway.current()
    here.set(f"begun:{name}", run.id)
    while not run.cancel_requested:
        time.sleep(0.02)
    here.set(f"heard:{name}", 1)
    wait_for(f"go:{name}")
    if ignore:
        raise Ignore
    run.note("late")


@app.task
def breaks(name: str) -> None:
    """Fail once a test lets it."""
    here.set(f"begun:{name}", headway.current().id)
    wait_for(f"go:{name}")
    raise OSError("broken")


@app.task
def strange() -> object:
    """Return what JSON cannot say."""
    return {1, 2, 3} and "a" * 300_000


@app.task(headway=False)
def hidden() -> bool:
    """Be nobody's run."""
    try:
        headway.current()
    except headway.errors.UsageError:
        return True
    return False
