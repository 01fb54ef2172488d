"""What all feeds of a hub share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from headway.hub.settings import HubSettings
from headway.measures import Measures
from headway.stores.base import RunRow, Store
from headway.stores.projection import Projections

Situation: TypeAlias = Callable[[RunRow], Awaitable[Mapping[str, Any]]]
"""Finds ``queue_position`` and ``estimated_start`` of a run that waits; asked at most every ``live_s``."""


@dataclass(slots=True)
class Counters:
    """What happened since the hub began.

    Attributes:
        connections: Streams opened.
        direct: Of them, on the direct path.
        refused: Streams not opened because of a limit.
        writes: Live writes, each with all events of one tick.
        deliveries: Events written live.
        reads: Reads for viewers that were behind what is kept in memory.
        dropped: Viewers cut off because they did not read.
        failed: Viewers dropped because a write failed.
        kept: Streams that stayed with ``send()`` although they had a ticket, by reason.
    """

    connections: int = 0
    direct: int = 0
    refused: int = 0
    writes: int = 0
    deliveries: int = 0
    reads: int = 0
    dropped: int = 0
    failed: int = 0
    kept: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shared:
    """The surroundings of a feed.

    Attributes:
        now: The event loop's clock, seconds.
        situation: See `Situation`; None where nobody knows.
    """

    store: Store
    projections: Projections
    settings: HubSettings
    counters: Counters
    now: Callable[[], float]
    situation: Situation | None = None

    @property
    def measures(self) -> Measures:
        """What this process counts for its metrics."""
        return self.store.measures
