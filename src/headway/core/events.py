"""Events: the payload of every type, the envelope around it, and the bytes both are stored and sent as.

Payloads are the contract. They are published as JSON Schema, TypeScript types are generated from them, and what
arrives from outside is validated against them. All keys are always present on the wire; null means unknown. Readers
carry types they do not know and only advance the seq, so adding a type or a key breaks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple

import orjson
from pydantic import ConfigDict, Field

from headway.core.limits import DEPTH_MAX, PHASES_MAX
from headway.core.shapes import Error as Error  # noqa: PLC0414 -- public here, beside the payloads that carry it
from headway.core.shapes import Item, Name, Output, Phase, Quantity, Sentence, Title, Weight
from headway.core.shapes import Payload as Payload  # noqa: PLC0414 -- public here, as the base of all payloads
from headway.types import RunId, Seq


class RunHeader(Payload):
    """What is known of a run when it is created; stands in its first event, so that a log explains itself."""

    job: Name
    title: Title
    owner: str = ""
    group: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: str


class RunQueued(Payload):
    """A new attempt waits for a worker; ``execution_id`` of the envelope names it."""

    attempt: int
    reason: Literal["created", "retry", "takeover", "resumed", "reopened"]
    run: RunHeader | None = None


class RunStarted(Payload):
    """An execution claimed the attempt."""

    attempt: int
    worker: str | None = None
    expected_s: Quantity | None = None


class RunWaiting(Payload):
    """The job asked a question and waits for the answer. The same ``ask_id`` again: the same question."""

    ask_id: Name
    prompt: Sentence
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class RunResumed(Payload):
    """The question is over: answered, unless ``outcome`` says that its time ran out or that the job withdrew it.

    Secret parts of the answer are null: they never stand in the log.
    """

    ask_id: Name
    answer: Any = None
    outcome: Literal["answered", "timed_out", "withdrawn"] = "answered"
    by: str | None = None


class RunCancelRequested(Payload):
    """Somebody wants the run to stop; it goes on until the worker has seen this."""

    by: str | None = None
    reason: Sentence | None = None


class RunSucceeded(Payload):
    """The run ended well. Final."""

    result: Any = None


class RunPartial(Payload):
    """The run finished, but some items failed; they can be retried."""

    result: Any = None


class RunFailed(Payload):
    """The run ended with an error."""

    error: Error


class RunCancelled(Payload):
    """The run was stopped. ``forced``: the worker did not answer within the grace time."""

    reason: Sentence | None = None
    forced: bool = False


class RunReopened(Payload):
    """An ended run is tried again; the named failed items become planned."""

    by: str | None = None
    items: list[str] | None = None


class PhasePlan(Payload):
    """One phase as declared. Weights are relative; they need not add up to anything."""

    id: Name
    title: Title = ""
    weight: Weight = 1


class RunPlanned(Payload):
    """The phases of the run, in order. Replaces an earlier plan; what already happened in a phase stays."""

    phases: Annotated[list[PhasePlan], Field(max_length=PHASES_MAX)]


class PhaseStarted(Payload):
    """A phase began. Starting it again resets it."""

    id: Name
    total: Quantity | None = None
    unit: Title | None = None


class PhaseProgressed(Payload):
    """A phase moved on. ``total`` null means: not known."""

    id: Name
    done: Quantity
    total: Quantity | None = None
    unit: Title | None = None
    message: Sentence | None = None


class PhaseFinished(Payload):
    """A phase is done."""

    id: Name


class PhaseFailed(Payload):
    """A phase could not be done."""

    id: Name
    error: Error | None = None


class ItemPlanned(Payload):
    """A part of the run that is known to come: a day, a page, a file. Shown as a placeholder."""

    key: Name
    kind: Title = "item"
    title: Title = ""
    parent: Name | None = None
    phase: Name | None = None


class ItemStarted(Payload):
    """Work on an item began. Starting it again resets its progress, data and error."""

    key: Name


class ItemProgressed(Payload):
    """An item moved on."""

    key: Name
    done: Quantity
    total: Quantity | None = None
    message: Sentence | None = None


class ItemUpdated(Payload):
    """An item's data as known by now; replaces what was there."""

    key: Name
    data: Any = None


class ItemFinished(Payload):
    """An item is done. ``data`` null keeps the data of the last update."""

    key: Name
    data: Any = None


class ItemFailed(Payload):
    """An item could not be done; the others go on."""

    key: Name
    error: Error


class OutputStarted(Payload):
    """A text stream begins, empty. Starting it again empties it."""

    key: Name


class OutputAppended(Payload):
    """More text."""

    key: Name
    delta: str


class OutputFinished(Payload):
    """The text is complete."""

    key: Name


class Note(Payload):
    """Something worth telling a person beside the progress."""

    kind: Name = "info"
    title: Title | None = None
    body: Sentence


class Log(Payload):
    """A line for whoever looks into the run. In the log, never in the snapshot."""

    level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    text: Sentence
    fields: dict[str, Any] = Field(default_factory=dict)


class ErrorReported(Payload):
    """Something went wrong without ending the run."""

    severity: Literal["info", "warning", "error", "critical"] = "error"
    category: Name = "application"
    code: Name
    message: Sentence
    retryable: bool = False
    item: Name | None = None


class StepFinished(Payload):
    """A keyed step is checkpointed; it will not run again in this run."""

    key: Name


class CustomValue(Payload):
    """What stands at a name and key; wrapped, because an application's null is a value, too."""

    data: Any = None


class CustomEntry(Payload):
    """A custom value to put back; null removes it. ``key`` as in the snapshot: empty where the event had none."""

    name: str
    key: str
    value: CustomValue | None


class Discarded(Payload):
    """Replacement values of the entries touched; null removes the entry. The fold only assigns them.

    Attributes:
        notes: Seqs of the notes that are taken back.
        custom: To be assigned in this order.
    """

    phases: dict[str, Phase | None] = Field(default_factory=dict)
    items: dict[str, Item | None] = Field(default_factory=dict)
    outputs: dict[str, Output | None] = Field(default_factory=dict)
    notes: list[int] = Field(default_factory=list)
    custom: list[CustomEntry] = Field(default_factory=list)


class AttemptDiscarded(Payload):
    """What unfinished steps of an earlier try had written is withdrawn."""

    attempt: int
    step: Name | None = None
    set: Discarded


class Custom(Payload):
    """An application's own event. Folds to ``custom[name][key or ""] = data``."""

    name: Name
    key: Name | None = None
    data: Any = None


PAYLOADS: Final[dict[str, type[Payload]]] = {
    "run.queued": RunQueued,
    "run.started": RunStarted,
    "run.waiting": RunWaiting,
    "run.resumed": RunResumed,
    "run.cancel_requested": RunCancelRequested,
    "run.succeeded": RunSucceeded,
    "run.partial": RunPartial,
    "run.failed": RunFailed,
    "run.cancelled": RunCancelled,
    "run.reopened": RunReopened,
    "run.planned": RunPlanned,
    "phase.started": PhaseStarted,
    "phase.progressed": PhaseProgressed,
    "phase.finished": PhaseFinished,
    "phase.failed": PhaseFailed,
    "item.planned": ItemPlanned,
    "item.started": ItemStarted,
    "item.progressed": ItemProgressed,
    "item.updated": ItemUpdated,
    "item.finished": ItemFinished,
    "item.failed": ItemFailed,
    "output.started": OutputStarted,
    "output.appended": OutputAppended,
    "output.finished": OutputFinished,
    "note": Note,
    "log": Log,
    "error": ErrorReported,
    "step.finished": StepFinished,
    "attempt.discarded": AttemptDiscarded,
    "custom": Custom,
}

FAMILIES: Final = ("run", "phase", "item", "output", "note", "log", "error", "step", "attempt", "custom")
"""The closed list for ``?types=``: the part of a type before the dot."""

CONTROL_TYPES: Final = frozenset(
    {"run.queued", "run.started", "run.waiting", "run.resumed", "run.cancel_requested", "run.reopened"}
)
"""Written by Headway's own commands, never by a reporter."""

REPORTED_TYPES: Final = frozenset(PAYLOADS) - CONTROL_TYPES - {"attempt.discarded", "step.finished"}
"""What a process outside may write over HTTP."""

ENDING_TYPES: Final = frozenset({"run.succeeded", "run.partial", "run.failed", "run.cancelled"})

TEXT_TYPES: Final = frozenset({"output.appended"})
LINE_TYPES: Final = frozenset({"log"})
DELTA_TYPES: Final = TEXT_TYPES | LINE_TYPES
"""May be trimmed before the rest of the log, text and lines each in its time."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is not in a log yet.

    Attributes:
        type: One of `PAYLOADS`.
        data: The payload as JSON bytes, all keys present.
        key: Idempotency key within the run, or None. A key already in the log drops the event.
        step: Key of the step that writes it, or None.
        agent: Dotted name of the agent that writes it, or None.
        at: When it happened, if that is not when it is appended (RFC 3339, UTC).
    """

    type: str
    data: bytes
    key: str | None = None
    step: str | None = None
    agent: str | None = None
    at: str | None = None


def new_event(
    type: str,
    data: Payload | dict[str, Any],
    *,
    key: str | None = None,
    step: str | None = None,
    agent: str | None = None,
    at: str | None = None,
) -> NewEvent:
    """Validate a payload and make an event of it.

    NaN and the infinities become null, which means unknown. Integers past 2^53 are refused, because a browser would
    read another number: send them as text.

    Raises:
        KeyError: no such type.
        TypeError: the payload is not one of this type.
        pydantic.ValidationError: the data does not fit the type.
        ValueError: the data holds something JSON cannot say, or is nested too deeply; the text names it.
    """
    model = PAYLOADS[type]
    payload = data if isinstance(data, Payload) else model.model_validate(data)
    if not isinstance(payload, model):
        raise TypeError(f"the data of {type} is a {model.__name__}, not a {payload.__class__.__name__}")
    plain = payload.model_dump(mode="json")
    # what is withdrawn goes back to values that were checked when they were written, some levels further up
    if type != "attempt.discarded" and _is_deeper(plain, DEPTH_MAX):
        raise ValueError(f"the data is nested more than {DEPTH_MAX} levels deep")
    try:
        body = orjson.dumps(plain, option=orjson.OPT_STRICT_INTEGER)
    except orjson.JSONEncodeError as error:
        raise ValueError(f"JSON cannot say this: {error}") from error
    return NewEvent(type, body, key, step, agent, at)


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in value.values())
    if isinstance(value, list):
        return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in value)
    return False


class StoredEvent(NamedTuple):
    """An event of a log: what a store returns and everybody else reads.

    A tuple, because it is made once per event written and once per event read: a frozen dataclass takes three times
    as long.

    Attributes:
        seq: Position in the run's log.
        tag: Of the append batch; with ``seq`` it is the cursor.
        type: One of `PAYLOADS`, or a type a newer Headway wrote.
        body: The whole envelope as the JSON that is sent; encoded once, shared by all readers.
        total: Bytes of all bodies of this log up to and with this event.
        step: Key of the step that wrote it, or None.
    """

    seq: Seq
    tag: str
    type: str
    body: bytes
    total: int
    step: str | None = None

    @property
    def cursor(self) -> str:
        """The position after this event, as it goes over the wire."""
        return f"{self.seq}.{self.tag}"

    def envelope(self) -> dict[str, Any]:
        """Parse the body. A new object at every call."""
        parsed: dict[str, Any] = orjson.loads(self.body)
        return parsed


def encode(
    event: NewEvent, *, run_id: RunId, seq: Seq, time: str, execution_id: str | None, correlation_id: str | None
) -> bytes:
    """Return the envelope as JSON; called by stores under the run's lock, where seq and time are known."""
    return orjson.dumps(
        {
            "run_id": run_id,
            "seq": seq,
            "type": event.type,
            "time": time,
            "at": event.at,
            "execution_id": execution_id,
            "correlation_id": correlation_id,
            "agent": event.agent,
            "step": event.step,
            "data": orjson.Fragment(event.data),
        }
    )
