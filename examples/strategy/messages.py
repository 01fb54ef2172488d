"""One form of message for everybody who watches in the old way: ``{event, data}``, validated before it is sent.

Headway's own snapshot and events say more. These are for pages that were there before: the status endpoint answers one
message, the stream sends the same as they change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from examples.strategy.job import PHASES

Event = Literal["progress", "complete", "error", "educational", "status"]
STEPS: Final = tuple(PHASES)

_OF_STATUS: Final[Mapping[str, Event]] = {
    "queued": "status",
    "running": "progress",
    "waiting": "progress",
    "succeeded": "complete",
    "partial": "complete",
    "failed": "error",
    "cancelled": "error",
}
_DOING: Final = {
    "read": "Reading the texts",
    "keywords": "Weighing words",
    "topics": "Sorting the text into topics",
    "gaps": "Comparing with competitors",
    "calendar": "Planning twelve weeks",
    "write": "Writing the sections",
}


class EducationalContent(BaseModel):
    """What one can learn while one waits.

    Attributes:
        number: 1 for the first of a run; whoever polls sees by it whether it is new.
    """

    model_config = ConfigDict(extra="forbid")

    number: int = Field(ge=1)
    title: str
    content: str


class MessageData(BaseModel):
    """What every message carries. What is not known is left out.

    Attributes:
        step: 1 to 6, the phase that runs.
        total_steps: 6.
        progress: Percent, 0 to 100; it never falls within an attempt.
        message: What is being done.
        educational_content: The newest.
        error: Why it failed; only of an ``error``.
        timestamp: When it was so; RFC 3339, UTC.
        run_id: The strategy.
        status: Of the run, in Headway's words.
    """

    model_config = ConfigDict(extra="forbid")

    step: int = Field(ge=1, le=len(STEPS))
    total_steps: int = len(STEPS)
    progress: float = Field(ge=0, le=100)
    message: str
    educational_content: EducationalContent | None = None
    error: str | None = None
    timestamp: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
    run_id: str
    status: Literal["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled"]


class Message(BaseModel):
    """A message, as it is sent."""

    model_config = ConfigDict(extra="forbid")

    event: Event
    data: MessageData

    def wire(self) -> dict[str, Any]:
        """Return it as JSON, without what is not known."""
        return self.model_dump(mode="json", exclude_none=True)


def message_of(snapshot: Mapping[str, Any], time: str | None = None, *, told: bool = False) -> Message:
    """Return what a run's snapshot means to whoever watches.

    Args:
        snapshot: Of the run.
        time: Of its last event; None: now.
        told: It is one of many in a row: when the last thing that happened is a note, it is that note's message.
    """
    notes = [note for note in snapshot["notes"] if note["kind"] == "educational"]
    event = _OF_STATUS[snapshot["status"]]
    if told and event == "progress" and notes and notes[-1]["seq"] == snapshot["seq"]:
        event = "educational"
    data = MessageData(
        step=_step(snapshot),
        progress=round(snapshot["progress"]["percent"] or 0.0, 1),
        message=_message(snapshot),
        educational_content=_lesson(notes),
        error=_error(snapshot) if event == "error" else None,
        timestamp=time or dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        run_id=snapshot["run_id"],
        status=snapshot["status"],
    )
    return Message(event=event, data=data)


def view(snapshot: Mapping[str, Any], time: str | None) -> dict[str, Any]:
    """Make the messages of a stream; see `headway.Headway.stream`."""
    return message_of(snapshot, time, told=True).wire()


def _lesson(notes: list[Mapping[str, Any]]) -> EducationalContent | None:
    if not notes:
        return None
    last = notes[-1]
    return EducationalContent(number=len(notes), title=last["title"] or "", content=last["body"])


def _step(snapshot: Mapping[str, Any]) -> int:
    """Return the phase that runs, else the last one that has begun, else the first."""
    if _OF_STATUS[snapshot["status"]] == "complete":
        return len(STEPS)
    known = {phase["id"]: phase["status"] for phase in snapshot["phases"]}
    begun = [number for number, name in enumerate(STEPS, 1) if known.get(name, "planned") != "planned"]
    running = [number for number in begun if known[STEPS[number - 1]] == "running"]
    return (running or begun[-1:] or [1])[0]


def _message(snapshot: Mapping[str, Any]) -> str:
    status = snapshot["status"]
    if status == "queued":
        return "Waiting for a worker"
    if status == "partial":
        failed = [item["title"] for item in snapshot["items"].values() if item["status"] == "failed"]
        return f"The strategy is ready; missing in it: {', '.join(failed)}"
    if status == "succeeded":
        return "The strategy is ready"
    if status in ("failed", "cancelled"):
        return f"The strategy was {'cancelled' if status == 'cancelled' else 'not made'}"
    return str(snapshot["progress"]["message"] or _DOING[STEPS[_step(snapshot) - 1]])


def _error(snapshot: Mapping[str, Any]) -> str:
    error = snapshot["error"]
    if error is None:
        return "it was cancelled"
    hint = f" ({error['hint']})" if error.get("hint") else ""
    return f"{error['message']}{hint}"
