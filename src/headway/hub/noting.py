"""What viewers leave behind: a line when they come, go, lag or are reset; counts and times for metrics."""

from __future__ import annotations

import logging
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from headway.lines import Line
from headway.measures import (
    APPEND_TO_WRITE_SECONDS,
    CONNECTION_SECONDS,
    CONNECTS,
    LAGGED,
    RESETS,
    RESUMES,
    Measures,
)
from headway.stores.base import RunRow

if TYPE_CHECKING:
    from headway.hub.connection import Connection
    from headway.hub.subscription import Reset, Subscription

TRANSPORT: Final = "sse"
UNNAMED: Final = "unnamed"

_NO: Final = ("", "0", "false", "no", "off")
_CLIENT: Final = re.compile(r"[a-z][a-z-]{0,15}/[0-9]{1,3}(\.[0-9]{1,3}){1,2}")

_log = logging.getLogger("headway.hub")


def note_connected(measures: Measures, connection: Connection) -> None:
    """A stream begins."""
    measures.count(CONNECTS, TRANSPORT, connection.client)
    _log.info(Line("viewer connected", **_about(connection), watched=connection.watched()))


def note_left(measures: Measures, connection: Connection, how: dict[str, Any]) -> None:
    """A stream is over; `how` tells what ended it, with what it began, and what was watched."""
    seconds = time.time() - connection.opened_at
    measures.observe(CONNECTION_SECONDS, seconds, TRANSPORT, how["reason"])
    _log.info(Line("viewer left", **_about(connection), **how, seconds=round(seconds, 3), bytes=connection.sent))


def note_begun(measures: Measures, viewer: Subscription) -> None:
    """A viewer has everything for the first time."""
    if not viewer.begun:
        viewer.begun = True
        measures.count(RESUMES, viewer.outcome)


def note_lag(measures: Measures, viewer: Subscription) -> None:
    """A live viewer's budget is used up."""
    measures.count(LAGGED)
    _log.info(Line("viewer lags", connection_id=viewer.connection.id, run_id=viewer.run_id, seq=viewer.seq))


def note_reset(measures: Measures, viewer: Subscription, reason: Reset) -> None:
    """A viewer is sent a ``reset``."""
    measures.count(RESETS, reason.value)
    if not viewer.begun:
        viewer.outcome = reason.value
    about = {"connection_id": viewer.connection.id, "run_id": viewer.run_id}
    _log.info(Line("viewer reset", **about, reason=reason.value, seq=viewer.seq))


def note_delivered(measures: Measures, run: RunRow) -> None:
    """The last events of a run were written to its live viewers."""
    try:
        # ten times as quick as `parse_ms`, and this is done for every delivery
        appended_at = datetime.fromisoformat(run.updated_at).timestamp()
    except ValueError:
        return
    measures.observe(APPEND_TO_WRITE_SECONDS, max(0.0, time.time() - appended_at))


def client_label(told: str | None) -> str:
    """Return what a client's ``?client=`` tells of it, as short as a metric's label has to be.

    Args:
        told: ``name/version``, as our own clients say it; anything else but a "no" counts as `UNNAMED`.

    Returns:
        "" for a client that says nothing: a browser's EventSource, curl.
    """
    if told is None or told.lower() in _NO:
        return ""
    return told if _CLIENT.fullmatch(told) else UNNAMED


def _about(connection: Connection) -> dict[str, Any]:
    return {
        "connection_id": connection.id,
        "transport": TRANSPORT,
        "path": "direct" if connection.chunked else "send",
        "client": connection.client,
        "viewer": connection.viewer,
    }
