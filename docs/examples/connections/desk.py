"""An application whose operators see who watches, and say something to everybody."""

from typing import Any

from fastapi import FastAPI

from headway import Headway

hw = Headway()
app = FastAPI(lifespan=hw.lifespan)
hw.mount(app)


@app.get("/desk/viewers")
async def viewers(run: str | None = None) -> dict[str, Any]:
    """Tell who watches, on all servers."""
    page = await hw.connections.list(run=run, limit=20)
    return {
        "watching": page.total,
        "everybody_asked": page.reach.complete,  # False: a server did not answer in time; its viewers are not in it
        "who": [f"{one.viewer or 'somebody'} by {one.client or 'a browser'}" for one in page.connections],
    }


@app.post("/desk/maintenance")
async def maintenance(minutes: int) -> dict[str, str]:
    """Announce it to everybody who watches, and to who comes until then."""
    notice = await hw.notices.put(
        f"Maintenance in {minutes} minutes. What runs goes on; this page may be away for a moment.",
        level="warning",
        for_s=minutes * 60,
    )
    return {"id": notice.id}


@app.delete("/desk/maintenance/{notice_id}", status_code=204)
async def over(notice_id: str) -> None:
    """Take the announcement away."""
    await hw.notices.end(notice_id)


@app.post("/desk/hello/{run_id}")
async def hello(run_id: str) -> dict[str, int]:
    """Say something, once, to who watches a run now."""
    told = await hw.connections.broadcast("We have seen that this takes long.", run=run_id)
    return {"reached": told.reached, "unreached": told.unreached}
