"""Commands to a run: cancel, retry, answer, take over, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from headway.core.run import ENDED
from headway.engines.handle import Links
from headway.errors import Conflict
from headway.gateways.answers import json_answer
from headway.gateways.body import accepts, json_body
from headway.gateways.exchange import Asked, ExecutionId
from headway.gateways.models import AnswerBody, Appended, CancelBody, ExecutionBegun, RetryBody, TakeOverBody
from headway.stores.base import Appended as Receipt
from headway.stores.base import RunRow
from headway.types import RunId

router = APIRouter(tags=["commands"])


def _receipt(row: RunRow, status: int) -> Response:
    answer = Receipt(row, ()).answer()
    return json_answer(answer, status)


@router.post(
    "/v1/runs/{run_id}/cancel",
    status_code=202,
    responses={202: {"model": Appended}, 200: {"model": Appended, "description": "It has ended."}},
    openapi_extra=accepts(CancelBody),
)
async def cancel_run(
    run_id: RunId,
    asked: Asked,
    body: Annotated[CancelBody, Depends(json_body(CancelBody))],
    execution_id: ExecutionId = None,
) -> Response:
    """Ask a run to stop. 202 while its worker is still to stop it, 200 when it has ended, however it did."""
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    row = await asked.services.commands.cancel(
        row.id, by=asked.principal.user or None, reason=body.reason, execution_id=execution_id
    )
    return _receipt(row, 200 if row.status in ENDED else 202)


@router.post(
    "/v1/runs/{run_id}/retry",
    status_code=202,
    responses={202: {"model": ExecutionBegun}},
    openapi_extra=accepts(RetryBody),
)
async def retry_run(
    run_id: RunId,
    asked: Asked,
    body: Annotated[RetryBody, Depends(json_body(RetryBody))],
    execution_id: ExecutionId = None,
) -> Response:
    """Reopen a run that failed, was cancelled or ended partially; what is finished stays."""
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    row = await asked.services.commands.retry(
        row.id, seq=body.seq, items=body.items, by=asked.principal.user or None, execution_id=execution_id
    )
    return _begun(row, 202)


@router.post("/v1/runs/{run_id}/input", openapi_extra=accepts(AnswerBody))
async def answer_run(
    run_id: RunId,
    asked: Asked,
    body: Annotated[AnswerBody, Depends(json_body(AnswerBody))],
    execution_id: ExecutionId = None,
) -> Response:
    """Answer a question of the job. Jobs ask none in this version, so a run that exists answers 409."""
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    raise Conflict(f"the run does not wait for an answer to {body.ask_id!r}", current=str(row.status))


@router.post(
    "/v1/runs/{run_id}/executions",
    status_code=201,
    responses={201: {"model": ExecutionBegun}},
    openapi_extra=accepts(TakeOverBody),
)
async def begin_execution(
    run_id: RunId,
    asked: Asked,
    body: Annotated[TakeOverBody, Depends(json_body(TakeOverBody))],
    execution_id: ExecutionId = None,
) -> Response:
    """Begin a new execution for somebody who reports from outside; the one before is fenced."""
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    row = await asked.services.commands.take_over(row.id, take_over=body.take_over, execution_id=execution_id)
    return _begun(row, 201, {"Location": Links.of(asked.prefix, row.id).self})


def _begun(row: RunRow, status: int, headers: dict[str, str] | None = None) -> Response:
    answer = {**Receipt(row, ()).answer(), "execution_id": row.execution_id, "attempt": row.attempt}
    return json_answer(answer, status, headers)


@router.delete("/v1/runs/{run_id}", status_code=204)
async def delete_run(run_id: RunId, asked: Asked, execution_id: ExecutionId = None) -> Response:
    """Remove an ended run with its log. Whoever watches it is told by `reset gone`."""
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    await asked.services.commands.delete(row.id)
    return Response(status_code=204)
