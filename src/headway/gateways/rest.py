"""Jobs and runs: what can be started, starting it, and the list of what was."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from headway.core.clock import format_ms, parse_ms
from headway.core.limits import NAME_MAX
from headway.engines.commands import About
from headway.engines.handle import Links
from headway.engines.job import Job, no_job
from headway.errors import InvalidQuery, RequestError
from headway.gateways.answers import json_answer
from headway.gateways.body import accepts, json_body
from headway.gateways.exchange import Asked, Exchange
from headway.gateways.models import JobList, OpenBody, RunPage, RunStarted, StartBody
from headway.gateways.queries import ListQuery
from headway.stores.base import RunFilter, RunRow, Store
from headway.stores.projection import with_ends
from headway.stores.searching import Found, search
from headway.stores.summary import summary_of
from headway.types import RunId

METADATA_BYTES_MAX: Final = 16_384
"""Bytes of a run's metadata as JSON: it stands in every list."""

_RUN_ID = re.compile(r"run_[0-9a-f]{32}", re.ASCII)

router = APIRouter(tags=["runs"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=NAME_MAX,
        description="The same key of the same owner gives the same run.",
    ),
]


@router.get("/v1/jobs", responses={200: {"model": JobList}})
async def list_jobs(asked: Asked) -> Response:
    """List the jobs that may be started over HTTP, with the JSON Schema of their input and result."""
    asked.principal.require("runs:read")
    jobs = sorted(asked.services.jobs.values(), key=lambda job: job.name)
    return json_answer({"jobs": [_job_info(job) for job in jobs if job.http]})


def _job_info(job: Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "description": job.description,
        "phases": [phase.model_dump(mode="json") for phase in job.phases],
        "input_schema": None if job.input is None else job.input.json_schema(),
        "result_schema": job.result.json_schema(mode="serialization"),
    }


@router.post(
    "/v1/jobs/{job}/runs", status_code=202, responses={202: {"model": RunStarted}}, openapi_extra=accepts(StartBody)
)
async def start_run(
    job: str, asked: Asked, body: Annotated[StartBody, Depends(json_body(StartBody))], key: IdempotencyKey = None
) -> Response:
    """Start a run of a job. Answers at once; the work happens elsewhere."""
    asked.principal.require("runs:start")
    known = asked.services.jobs.get(job)
    if known is None or not known.http:
        listed = [name for name, one in asked.services.jobs.items() if one.http]  # others are nobody's to know of
        raise no_job(job, listed, "GET /v1/jobs lists them")
    value = known.parse_json(orjson.dumps(body.input))
    row, _ = await asked.services.commands.start(known, value, _about(asked, body, key), delay_s=body.delay_s)
    expected_s = known.estimate(value) if known.estimate is not None else await asked.services.live.duration_s(job)
    return await _started(asked, row, 202, expected_s)


@router.post("/v1/runs", status_code=201, responses={201: {"model": RunStarted}}, openapi_extra=accepts(OpenBody))
async def open_run(
    asked: Asked, body: Annotated[OpenBody, Depends(json_body(OpenBody))], key: IdempotencyKey = None
) -> Response:
    """Create a run whose work happens elsewhere and is reported to `/events`. It is running at once.

    With `queued` it waits until somebody begins its execution.
    """
    asked.principal.require("runs:start")
    row, _ = await asked.services.commands.open(
        body.kind, _about(asked, body, key), phases=body.phases, lease_s=body.lease_s, queued=body.queued
    )
    return await _started(asked, row, 201, None)


def _about(asked: Exchange, body: StartBody | OpenBody, key: str | None) -> About:
    size = len(orjson.dumps(body.metadata))
    if size > METADATA_BYTES_MAX:
        raise RequestError(
            f"metadata: {size} bytes are more than {METADATA_BYTES_MAX}", hint="put what is large into the input"
        )
    return About(
        title=body.title,
        owner=asked.principal.user,
        key=key,
        group=body.group,
        metadata={**asked.origin(), **body.metadata},
        correlation_id=asked.request_id,
    )


async def _started(asked: Exchange, row: RunRow, status: int, expected_s: float | None) -> Response:
    created_ms = parse_ms(row.created_at)
    due_ms = None if expected_s is None or created_ms is None else created_ms + round(expected_s * 1000)
    fold = await asked.services.projections.current(row.id)
    links = Links.of(asked.prefix, row.id)
    handle = {
        "id": row.id,
        "job": row.job,
        "status": str(row.status),
        "execution_id": row.execution_id,
        "created_at": row.created_at,
        "estimated_completion_at": None if due_ms is None else format_ms(due_ms),
        "snapshot": orjson.Fragment(fold.snapshot_json()),
        "stream_token": None,
        "links": links.model_dump(),
    }
    return json_answer(handle, status, {"Location": links.self})


@router.get("/v1/runs", responses={200: {"model": RunPage}})
async def list_runs(asked: Asked, query: Annotated[ListQuery, Query()]) -> Response:
    """List runs, newest first: one's own; with the scope `admin` those of all owners."""
    asked.principal.require("runs:read")
    which = RunFilter(
        owner=asked.owner,
        status=query.status or None,
        job=query.job,
        group=query.group,
        before=None if query.page is None else read_page_token(query.page),
    )
    found = await _found(asked.services.store, which, (query.q or "").strip(), query.limit)
    rows = await with_ends(asked.services.projections, found.runs)
    following = None if found.before is None else page_token(found.before)
    return json_answer({"runs": [summary_of(row) for row in rows], "next": following})


async def _found(store: Store, which: RunFilter, text: str, limit: int) -> Found:
    if text:
        return await search(store, which, text, limit=limit)
    # one more than asked for tells whether there is a page after this one
    rows = await store.list_runs(which, limit=limit + 1)
    return Found(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def page_token(last: RunId) -> str:
    """Return what a client sends back to get the page after this run. Opaque: only we read it."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def read_page_token(token: str) -> RunId:
    """Return the run a page begins after.

    Raises:
        InvalidQuery: the token is not one of ours.
    """
    try:
        last = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        last = ""
    if not _RUN_ID.fullmatch(last):
        raise InvalidQuery("page: this is not a page token of this server", hint="send back `next` as it came")
    return last
