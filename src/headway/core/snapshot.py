"""The shape of a snapshot, as it is published. The fold makes it; nothing validates it on the way."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from headway.core.run import RunStatus
from headway.core.shapes import Error, Item, Output, Payload, Phase


class Progress(Payload):
    """How far the run is.

    Attributes:
        percent: 0 to 100, or null while anything in it is unknown.
        reached: The highest percent of this attempt, which percent does not fall below; what a bar may go on showing
            while percent is null. Only a take-over that withdraws what a dead worker left sets it anew.
        eta: When it may end, or null while it is too early to tell.
        message: The last thing a phase said.
    """

    percent: float | None
    reached: float | None
    eta: str | None
    message: str | None


class Execution(Payload):
    """One attempt at the run.

    Attributes:
        outcome: The status in which the run ended in it; ``failed`` also when the body is tried again, ``waiting`` when
            it made room until an answer came, ``lost`` when its worker died. Null while it lasts.
        from_percent: Percent it began with.
    """

    execution_id: str
    attempt: int
    reason: str
    worker: str | None
    queued_at: str
    started_at: str | None
    finished_at: str | None
    outcome: str | None
    from_percent: float | None
    expected_s: float | None


class Ask(Payload):
    """A question the job waits for."""

    prompt: str
    schema_: dict[str, Any] | None = Field(alias="schema")
    asked_at: str

    model_config = ConfigDict(serialize_by_alias=True)


class NoteEntry(Payload):
    """One of the last notes."""

    seq: int
    time: str
    kind: str
    title: str | None
    body: str


class ErrorEntry(Payload):
    """One of the last errors that did not end the run."""

    seq: int
    time: str
    severity: Literal["info", "warning", "error", "critical"]
    category: str
    code: str
    message: str
    retryable: bool
    item: str | None


class Snapshot(Payload):
    """State of a run folded through ``seq``. ``cursor`` is where the tail begins."""

    run_id: str
    job: str | None
    title: str | None
    status: RunStatus | None
    seq: int
    cursor: str
    execution_id: str | None
    attempt: int
    executions: list[Execution]
    created_at: str | None
    started_at: str | None
    finished_at: str | None
    cancel_requested_at: str | None
    progress: Progress
    phases: list[Phase]
    items: dict[str, Item]
    outputs: dict[str, Output]
    asks: dict[str, Ask]
    notes: list[NoteEntry]
    errors: list[ErrorEntry]
    custom: dict[str, dict[str, Any]]
    result: Any
    error: Error | None
    owner: str
    group: str | None
    metadata: dict[str, Any]
