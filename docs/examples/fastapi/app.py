"""Headway inside an application that has users, routes and a worker of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from headway import Headway, Principal, Run

# --8<-- [start:setup]
TOKENS = {"token-of-ada": "ada", "token-of-bob": "bob"}  # your session, your database


def user_of(connection: HTTPConnection) -> str | None:
    """Return who asks, in whatever way the application knows it."""
    return TOKENS.get(connection.headers.get("authorization", "").removeprefix("Bearer "))


async def authenticate(connection: HTTPConnection) -> Principal | None:
    """Tell Headway's own routes who asks."""
    user = user_of(connection)
    return None if user is None else Principal(user)


@asynccontextmanager
async def mine(_app: FastAPI) -> AsyncIterator[None]:
    """Open what the application has beside Headway."""
    yield


hw = Headway(authenticate=authenticate)
app = FastAPI(lifespan=hw.lifespan(mine))
hw.mount(app, "/headway")
# --8<-- [end:setup]


# --8<-- [start:users]
def current_user(request: Request) -> str:
    """Return who asks; the application's own way to refuse."""
    user = user_of(request)
    if user is None:
        raise HTTPException(401)
    return user


# by the scope, what a dependency opened is closed before the stream begins
User = Annotated[str, Depends(current_user, scope="function")]


class ReportIn(BaseModel):
    """What a report is made of."""

    title: str
    pages: int


# --8<-- [end:users]


# --8<-- [start:routes]
@app.post("/reports", status_code=202)
async def create(body: ReportIn, tasks: BackgroundTasks, user: User) -> dict[str, Any]:
    """Answer at once; the work goes on."""
    phases = {"read": 80, "write": 20}
    run = await hw.open("report", title=body.title, owner=user, phases=phases)
    tasks.add_task(build, run, body)
    return {"id": run.id, "events": f"/reports/{run.id}/events"}


@app.get("/reports/{run_id}/events")
async def events(run_id: str, request: Request, user: User) -> Response:
    """Stream the run; 404 for everybody but its owner."""
    return await hw.stream(request, run_id, viewer=user)


async def build(run: Run, body: ReportIn) -> None:
    """Do the work. Left by an exception, the run has failed."""
    async with run:
        async with run.phase("read", total=body.pages) as phase:
            for number in range(body.pages):
                await asyncio.sleep(0.01)
                await phase.advance(message=f"page {number + 1}")
        async with run.phase("write"), run.output("summary") as out:
            await out.write(f"{body.title}: {body.pages} pages.")
        # --8<-- [end:routes]


# --8<-- [start:job]
@hw.job(retries=2, timeout=600)
async def digest(run: Run, body: ReportIn) -> int:
    """Count what is in a report."""
    words: int = await run.step(count, body.pages, key="count")
    return words


async def count(pages: int) -> int:
    """Count words; its result is kept, so it is not run again after a crash."""
    return 250 * pages


@app.post("/reports/digest", status_code=202)
async def start(body: ReportIn, user: User) -> dict[str, Any]:
    """Start the job; the same report twice is one run."""
    handle = await hw.start(digest, body, owner=user, key=body.title)
    return handle.model_dump()


# --8<-- [end:job]
