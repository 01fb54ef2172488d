"""``/demo``: what may be broken here, and how it stands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from headway import Headway

from ..errors import ProviderError
from ..problems import Problem
from ..provider_client import ProviderClient
from ..settings import DemoSettings
from .guard import not_here, same_page
from .kill import kill_server, kill_worker
from .viewers import VIEWERS_MAX, Viewers

KILL_JOB = "kill_worker"


class Kill(BaseModel):
    """What to kill."""

    what: Literal["worker", "server"]


class Audience(BaseModel):
    """How many viewers to send to a run."""

    run_id: Annotated[str, Field(max_length=100)]
    count: Annotated[int, Field(ge=1, le=VIEWERS_MAX)]


def demo(hw: Headway, prefix: str, settings: DemoSettings, viewers: Viewers) -> APIRouter:
    """Return the routes.

    Args:
        hw: Whose runs are watched, and whose worker is killed.
        prefix: Where its routes are mounted.
        settings: What is allowed.
        viewers: Those that were sent to runs.
    """
    router = APIRouter(prefix="/demo", tags=["try to break it"])
    if settings.kill:
        hw.job(name=KILL_JOB, title="Kill the worker", http=False)(kill_worker)

    @router.get("")
    async def available(request: Request) -> dict[str, Any]:
        """Say what can be done, and how the two dials stand: the provider's, and the planner's budget of time."""
        return {
            "kill": settings.kill and not_here(request) is None,
            "viewers_max": VIEWERS_MAX,
            "search_s": settings.search_s,
            "ping_s": hw.settings.ping_s,
            "provider": await _dial(settings.provider),
        }

    @router.post("/kill", status_code=202, dependencies=[Depends(same_page)])
    async def kill(order: Kill) -> Kill:
        """Kill the worker or the server, soon after this was answered."""
        if not settings.kill:
            raise Problem(403, "not_brought_back", "nobody would bring it back", "run it under `headway demo`")
        if order.what == "server":
            kill_server()
        elif hw.settings.worker == "inline":
            raise Problem(409, "no_worker", "jobs run inside the server here", "kill the server instead")
        else:
            await hw.start(KILL_JOB)
        return order

    @router.get("/viewers")
    async def seen(run_id: str) -> dict[str, Any]:
        """Return the viewers of a run."""
        return viewers.seen(run_id)

    @router.post("/viewers", status_code=201, dependencies=[Depends(same_page)])
    async def open_viewers(audience: Audience, request: Request) -> dict[str, Any]:
        """Send viewers to a run; they connect to the address this request came to."""
        await hw.get(audience.run_id)
        host, port = request.scope["server"]
        shown = f"[{host}]" if ":" in host else host
        viewers.open(f"{request.url.scheme}://{shown}:{port}{prefix}", audience.run_id, audience.count)
        return viewers.seen(audience.run_id)

    @router.delete("/viewers", dependencies=[Depends(same_page)])
    async def close_viewers(run_id: str) -> dict[str, Any]:
        """Send the viewers of a run away."""
        await viewers.close(run_id)
        return viewers.seen(run_id)

    return router


async def _dial(provider: str) -> dict[str, Any] | None:
    try:
        async with ProviderClient(provider, timeout_s=2) as client:
            return (await client.dial()).model_dump(mode="json")
    except ProviderError:
        return None
