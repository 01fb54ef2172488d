"""Commands to a run: cancel, retry, answer, take over, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from headway.core.limits import NAME_MAX
from headway.core.run import ENDED
from headway.engines.handle import Links
from headway.gateways.answers import json_answer
from headway.gateways.body import accepts, json_body
from headway.gateways.exchange import Asked, ExecutionId
from headway.gateways.models import AnswerBody, Appended, CancelBody, ExecutionBegun, RetryBody, TakeOverBody
from headway.stores.base import Appended as Receipt
from headway.stores.base import RunRow
from headway.types import RunId

router = APIRouter(tags=["commands"])

BeginningKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=NAME_MAX,
        description="Of one beginning: sent again, because the answer was lost, nothing is begun twice.",
    ),
]


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
        row.id,
        by=asked.principal.user or None,
        reason=body.reason,
        attempt=body.attempt,
        execution_id=execution_id,
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


@router.post("/v1/runs/{run_id}/input", responses={200: {"model": Appended}}, openapi_extra=accepts(AnswerBody))
async def answer_run(
    run_id: RunId,
    asked: Asked,
    body: Annotated[AnswerBody, Depends(json_body(AnswerBody))],
    execution_id: ExecutionId = None,
) -> Response:
    """Answer a question of the job, which goes on with it. The same answer again changes nothing."""
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    row = await asked.services.commands.answer(
        row.id, body.ask_id, body.data, by=asked.principal.user or None, execution_id=execution_id
    )
    return _receipt(row, 200)


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
    key: BeginningKey = None,
) -> Response:
    """Begin an execution for somebody who reports from outside; one that is running is fenced.

    With `queued` give it up instead: the run waits for somebody to begin the next one.
    """
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    commands = asked.services.commands
    if body.queued:
        row = await commands.hand_back(row.id, execution_id)
    else:
        row = await commands.take_over(
            row.id, take_over=body.take_over, key=key, execution_id=execution_id, lease_s=body.lease_s
        )
    return _begun(row, 201, {"Location": Links.of(asked.prefix, row.id).self})


def _begun(row: RunRow, status: int, headers: dict[str, str] | None = None) -> Response:
    execution = {"execution_id": row.execution_id, "attempt": row.attempt}
    return json_answer({**Receipt(row, ()).answer(), **execution}, status, headers)


@router.delete("/v1/runs/{run_id}", status_code=204)
async def delete_run(run_id: RunId, asked: Asked, execution_id: ExecutionId = None) -> Response:
    """Remove an ended run with its log. Whoever watches it is told by `reset gone`."""
    row = await asked.run(run_id, "runs:write", execution_id=execution_id)
    await asked.services.commands.delete(row.id)
    return Response(status_code=204)
