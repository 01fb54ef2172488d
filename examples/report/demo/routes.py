"""``/api/demo``: what may be broken here, how the demo's sites stand, and the connections of this process."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Annotated, Any, Final

import httpx
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from examples.itinerary.demo.guard import not_here, same_page
from examples.itinerary.problems import Problem
from examples.report.reporting import Reporting
from examples.report.settings import ReportSettings
from headway import Headway

_SHOWN: Final = ("open", "feeds", "direct", "deliveries", "dropped", "buffered_bytes")


class Kill(BaseModel):
    """Of which run the worker is to be killed."""

    run_id: Annotated[str, Field(alias="runId", max_length=100)]


def demo(hw: Headway, reporting: Reporting, settings: ReportSettings) -> APIRouter:
    """Return the routes.

    Args:
        hw: Whose runs and connections.
        reporting: Has patience with it.
        settings: What may be killed, and where the demo's sites are.
    """
    router = APIRouter(prefix="/api/demo", tags=["try to break it"])

    @router.get("")
    async def available(request: Request) -> dict[str, Any]:
        """What can be done here, and by whom."""
        killing = settings.workers is not None and not_here(request) is None
        return {"sites": settings.sites, "kill": killing, "workers": _pids(settings), "dial": await _dial(settings)}

    @router.get("/statistics")
    async def statistics() -> dict[str, Any]:
        """What this process knows of its connections; all of it is at ``/headway/metrics``."""
        hub = hw.hub.statistics()
        return {
            **{name: hub[name] for name in _SHOWN if name in hub},
            "max_connections": hw.settings.max_connections,
            "ping_s": hw.settings.ping_s,
            "store": hw.settings.store.partition("://")[0],
            "late_calls": reporting.patience.late,
        }

    @router.post("/kill", status_code=202, dependencies=[Depends(same_page)])
    async def kill(order: Kill) -> dict[str, Any]:
        """``kill -9`` the worker that holds a run. Whoever started it starts another."""
        handle = await reporting.patience(lambda: hw.get(order.run_id))
        snapshot = await reporting.patience(handle.snapshot)
        pid = snapshot["custom"].get("worker", {}).get("", {}).get("pid")
        if snapshot["status"] != "running" or pid is None:
            raise Problem(409, "not_running", "no worker holds this run now")
        if pid not in _pids(settings):
            raise Problem(403, "not_brought_back", "nobody would bring it back", "run it under `make demo-report`")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return {"killed": pid}

    @router.put("/dial", dependencies=[Depends(same_page)])
    async def turn(change: dict[str, Any]) -> dict[str, Any]:
        """Make the demo's sites slow, or pages of them fail."""
        answer = await _dial(settings, change)
        if answer is None:
            raise Problem(502, "sites_down", "the demo's sites do not answer")
        return answer

    return router


def _pids(settings: ReportSettings) -> list[int]:
    """Return the workers that somebody keeps running."""
    if settings.workers is None or not settings.workers.is_dir():
        return []
    return sorted(int(file.name) for file in settings.workers.iterdir() if file.name.isdecimal())


async def _dial(settings: ReportSettings, change: dict[str, Any] | None = None) -> dict[str, Any] | None:
    if not settings.sites:
        return None
    url = f"{next(iter(settings.sites.values()))}/_dial"
    async with httpx.AsyncClient(timeout=2, trust_env=False) as http:
        try:
            answer = await (http.put(url, json=change) if change else http.get(url))
        except httpx.HTTPError:
            return None
    turned: dict[str, Any] = answer.json()
    return turned
