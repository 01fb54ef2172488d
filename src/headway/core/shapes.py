"""What events and snapshots are made of: names and numbers with their bounds, the envelope, errors, the keyed entries.

An entry stands in a snapshot, and as a replacement value in ``attempt.discarded``; both are this one type, so that a
reader may assign what it gets without looking into it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from headway.core.limits import NAME_MAX

Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
Title = Annotated[str, Field(max_length=NAME_MAX)]
Sentence = Annotated[str, Field(max_length=10_000)]
Quantity = Annotated[float, Field(ge=0, le=2**53 - 1, allow_inf_nan=False)] | Annotated[int, Field(ge=0, le=2**53 - 1)]
Weight = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | Annotated[int, Field(gt=0, le=10**9)]

EntryStatus = Literal["planned", "running", "finished", "failed"]


class Payload(BaseModel):
    """Base of everything that stands on the wire."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, json_schema_serialization_defaults_required=True, allow_inf_nan=False
    )


class Envelope(Payload):
    """An event as it is stored, sent and listed: the payload and where it stands.

    Attributes:
        seq: Position in the run's log: dense, from 1.
        time: When it was appended; never falls within a log.
        at: When it happened, if that is not when it was appended.
        agent: Dotted name of the agent that wrote it.
        step: Key of the step that wrote it.
        data: The payload of its type.
    """

    run_id: str
    seq: int
    type: str
    time: str
    at: str | None
    execution_id: str | None
    correlation_id: str | None
    agent: str | None
    step: str | None
    data: Any


class Error(Payload):
    """Why something failed."""

    code: Name
    message: Sentence
    category: Name = "application"
    retryable: bool = False
    hint: Sentence | None = None


class Phase(Payload):
    """A weighted stage of the run. ``weight`` null: it was not declared."""

    id: str
    title: str
    weight: Weight | None
    status: EntryStatus
    done: Quantity
    total: Quantity | None
    unit: str | None
    message: str | None
    started_at: str | None
    finished_at: str | None
    error: Error | None


class ItemProgress(Payload):
    """How far an item is."""

    done: Quantity
    total: Quantity | None
    message: str | None


class Item(Payload):
    """A keyed part of the run. ``seq`` is that of the event it came with: items are shown in this order."""

    kind: str
    title: str
    parent: str | None
    phase: str | None
    status: EntryStatus
    progress: ItemProgress | None
    data: Any
    error: Error | None
    attempt: int
    seq: int


class Output(Payload):
    """A text stream. ``from_offset``: code points dropped in front of ``text``; the whole is at ``/outputs/{key}``."""

    text: str
    from_offset: int
    finished: bool
    attempt: int
    seq: int
