"""Shapes of requests and answers, as OpenAPI publishes them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from headway.core.events import PhasePlan
from headway.core.limits import BATCH_EVENTS_MAX, PHASES_MAX
from headway.core.run import RunStatus
from headway.core.shapes import Name, Sentence, Title, Weight
from headway.core.snapshot import Snapshot
from headway.engines.handle import Links
from headway.engines.live import LiveState
from headway.ops.notices import NoticeContent, NoticeOver

# -- requests

Lease = Annotated[
    float | None,
    Field(gt=0, le=86_400 * 365, allow_inf_nan=False, description="Without an append for so long the run fails."),
]


class StartBody(BaseModel):
    """A run of a registered job."""

    input: Annotated[Any, Field(description="As the job's input schema says.")] = None
    title: Annotated[Title | None, Field(description="Null: the job's own.")] = None
    group: Annotated[Name | None, Field(description="Project, conversation ...")] = None
    metadata: dict[str, Any] = {}
    delay_s: Annotated[
        float, Field(ge=0, le=86_400 * 365, allow_inf_nan=False, description="Not begun before so many seconds.")
    ] = 0


class OpenBody(BaseModel):
    """A run whose work happens elsewhere."""

    title: Title
    kind: Annotated[Name, Field(description="What it is; stands where a job's name would.")] = "external"
    group: Name | None = None
    phases: Annotated[
        dict[Name, Weight] | list[Name | PhasePlan] | None,
        Field(max_length=PHASES_MAX, description="Weights by id, ids, or phases in full."),
    ] = None
    lease_s: Lease = None
    queued: Annotated[bool, Field(description="It waits until somebody begins its execution.")] = False
    metadata: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _is_not_of_a_job(cls, data: Any) -> Any:
        """Tell whoever wants to start a job where that is done; "title is missing" would lead them astray."""
        if isinstance(data, dict) and {"job", "input"} & data.keys():
            raise ValueError("a registered job is started by POST /v1/jobs/{job}/runs; this opens what runs elsewhere")
        return data


class CancelBody(BaseModel):
    """Why a run shall stop."""

    reason: Sentence | None = None
    attempt: Annotated[
        int | None, Field(ge=1, description="The attempt you saw: 409 if somebody has tried the run again since.")
    ] = None


class RetryBody(BaseModel):
    """What to try again."""

    seq: Annotated[int | None, Field(ge=1, description="Last seq you saw: makes the command idempotent.")] = None
    items: Annotated[list[Name] | None, Field(description="Keys of failed items; null: all of them.")] = None


class AnswerBody(BaseModel):
    """The answer to a question of the job."""

    ask_id: Annotated[Name, Field(description="Which one, as `asks` of the run's state names it.")]
    data: Annotated[Any, Field(description="As the question's `schema` says.")] = None


class TakeOverBody(BaseModel):
    """An execution for somebody who reports from outside, or the end of theirs."""

    take_over: Annotated[bool, Field(description="Fence an execution that may be alive.")] = False
    lease_s: Lease = None
    queued: Annotated[bool, Field(description="Hand the run back: it waits until somebody begins an execution.")] = (
        False
    )


class ReportedEvent(BaseModel):
    """An event as it is reported; `data` as its type says."""

    type: Name
    data: dict[str, Any]
    key: Annotated[Name | None, Field(description="Idempotency key: an event whose key is in the log is dropped.")] = (
        None
    )
    at: Annotated[str | None, Field(description="When it happened, RFC 3339; null: when it is appended.")] = None


class ReportBody(BaseModel):
    """A batch of events; an empty one is a heartbeat."""

    execution_id: Annotated[str | None, Field(description="Refused unless current; null: whatever is current.")] = None
    events: Annotated[list[ReportedEvent], Field(max_length=BATCH_EVENTS_MAX)]


# -- answers


class JobInfo(BaseModel):
    """A registered job."""

    name: str
    description: str | None
    phases: list[PhasePlan]
    input_schema: dict[str, Any] | None
    result_schema: dict[str, Any]


class JobList(BaseModel):
    """All jobs that may be started over HTTP."""

    jobs: list[JobInfo]


class RunStarted(BaseModel):
    """A run that was created; `snapshot` holds its placeholder items already."""

    id: str
    job: str
    status: RunStatus
    execution_id: str
    created_at: str
    estimated_completion_at: str | None
    snapshot: Snapshot
    stream_token: str | None
    links: Links


class RunSummary(BaseModel):
    """A run in a list; from `percent` on as of its end, or of its last stored snapshot; null before the first."""

    id: str
    job: str
    title: str
    status: RunStatus
    owner: str
    group: str | None
    metadata: dict[str, Any]
    execution_id: str
    attempt: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    updated_at: str
    cancel_requested: bool
    seq: int
    cursor: str
    percent: float | None
    reached: float | None
    message: str | None
    phase: str | None
    items_total: int | None
    items_ended: int | None
    items_failed: int | None


class RunPage(BaseModel):
    """Runs, newest first; `next` is the `page` of the page after, null on the last one."""

    runs: list[RunSummary]
    next: str | None


class PolledLive(LiveState):
    """What is true of a run and stands in no log; `notices`: what operators say to whoever polls it."""

    notices: list[NoticeContent]


class RunState(Snapshot):
    """A run as it is now."""

    live: PolledLive


class EventPage(BaseModel):
    """Part of a log. `cursor` is where the next page begins, also when `events` is empty.

    `partial`: text deltas or log lines of it may have been trimmed. `notices`: what operators say to whoever polls, and
    which of the notices that were named in the request are over.
    """

    run_id: str
    status: RunStatus
    events: list[dict[str, Any]]
    cursor: str
    head: int
    more: bool
    partial: bool
    notices: list[NoticeContent | NoticeOver]


class Appended(BaseModel):
    """What every append is answered with. `lease_s`: without another for so long its reporter is lost; null: never."""

    seq: int
    cursor: str
    status: RunStatus
    cancel_requested: bool
    lease_s: float | None


class ExecutionBegun(Appended):
    """A new execution."""

    execution_id: str
    attempt: int
