"""Runs in all the ways they can stand, as snapshots."""

from __future__ import annotations

from typing import Any

import orjson

from headway.core.events import new_event
from headway.core.fold import Fold

RUN = "run_0123456789abcdef0123456789abcdef"
CREATED = "2026-11-21T09:00:00.000Z"


class Story:
    """A run that is being told."""

    def __init__(self, title: str = "Trip to Zürich 🏔 and 北京", job: str = "itinerary") -> None:
        self.fold = Fold()
        self.events: list[dict[str, Any]] = []
        header = {"job": job, "title": title, "created_at": CREATED}
        self.then("run.queued", attempt=1, reason="created", run=header)

    def then(self, type: str, **data: Any) -> Story:
        """Go on with an event; each takes a second."""
        seq = len(self.events) + 1
        event = {
            "run_id": RUN,
            "seq": seq,
            "type": type,
            "time": f"2026-11-21T09:{seq // 60:02d}:{seq % 60:02d}.000Z",
            "execution_id": "exe_1",
            "step": None,
            "data": orjson.loads(new_event(type, data).data),
        }
        self.events.append(event)
        self.fold.apply(event, f"{seq}.a")
        return self

    @property
    def state(self) -> dict[str, Any]:
        """The snapshot now."""
        return self.fold.snapshot()


def trip() -> Story:
    """In the middle of a trip with phases, days, places, text and a note."""
    story = Story()
    phases = [{"id": "read", "weight": 20}, {"id": "plan", "title": "Plan the days", "weight": 60}]
    story.then("run.started", attempt=1)
    story.then("run.planned", phases=[*phases, {"id": "write", "weight": 20}])
    story.then("phase.started", id="read", total=20, unit="pages")
    story.then("phase.progressed", id="read", done=20, total=20, unit="pages", message="page 20")
    story.then("phase.finished", id="read")
    for day in range(1, 7):
        story.then("item.planned", key=f"day:{day}", kind="day", title=f"Day {day} in Zürich", phase="plan")
    story.then("phase.started", id="plan")
    story.then("item.started", key="day:1")
    story.then("item.planned", key="day:1/museum", kind="place", title="Museum für Gestaltung", parent="day:1")
    story.then("item.finished", key="day:1/museum")
    story.then("item.finished", key="day:1")
    story.then("item.started", key="day:2")
    reason = "no place is open on this day, and the one that is has a queue of three hours; take another day"
    story.then("item.failed", key="day:2", error={"code": "closed", "message": reason})
    story.then("item.started", key="day:3")
    story.then("item.progressed", key="day:3", done=5, total=8, message="improving the tour through the old town")
    story.then("item.started", key="day:4")
    story.then("item.progressed", key="day:4", done=2, message="asking for places")
    story.then("output.appended", key="summary", delta="You start in the old town, walk along the river and climb ")
    story.then("output.appended", key="summary", delta="the hill before noon.\n\nThen 北京 🐘: a very long walk.")
    return story.then("note", kind="educational", title="Did you know", body="Autumn is the best time for a walk.")


def ended() -> Story:
    """The trip, ended in part."""
    story = trip()
    for day in (3, 4, 5, 6):
        story.then("item.finished", key=f"day:{day}")
    story.then("phase.finished", id="plan").then("phase.finished", id="write").then("output.finished", key="summary")
    return story.then("run.partial", result={"days": 5, "hotel": "Zum Storchen"})


def failed() -> Story:
    """A run without phases that failed."""
    story = Story("Import", "import")
    story.then("run.started", attempt=1).then("run.planned", phases=[{"id": "main", "weight": 100}])
    story.then("phase.progressed", id="main", done=3, total=10, unit="files", message="reading a.csv")
    story.then("error", severity="warning", category="io", code="slow", message="the disk is slow", retryable=True)
    error = {"code": "disk_full", "message": "the disk is full", "hint": "free some space"}
    return story.then("run.failed", error=error)
