"""What somebody who watches a run gets: its state, and how the connection stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from headway.client.feed import Feed
from headway.core.snapshot import Snapshot

_FIELDS: Final = tuple(Snapshot.model_fields)
_PUT_TOGETHER: Final = frozenset({"items", "outputs", "custom"})
"""Fields that are put together for a snapshot; the others stand ready in the fold."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How the connection stands.

    Attributes:
        state: ``connecting``, ``live``, ``waiting`` (to try again), ``closed`` (the run has ended).
        transport: ``sse``, or ``poll`` where streams do not get through or are switched off.
        wait_s: How long until the next try, when waiting.
        reason: Why the last connection ended, in words; None while all is well.
        ahead_s: Seconds by which the server's clock is ahead of ours, as far as that is known.
        code: Of the error the server itself answered with, when waiting; None: it did not answer.
    """

    state: Literal["connecting", "live", "waiting", "closed"]
    transport: Literal["sse", "poll"] = "sse"
    wait_s: float = 0.0
    reason: str | None = None
    ahead_s: float = 0.0
    code: str | None = None


class Watched(Mapping[str, Any]):
    """A run's snapshot as it is being folded: its fields are read like those of a mapping.

    It moves on with the iteration that gave it, and what is read from it is not to be changed; `snapshot` gives a value
    that is yours. Most fields, `entry` and `entries` cost nothing; ``items``, ``outputs`` and ``custom`` cost the size
    of the state, once after each event.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._made: tuple[object, int, dict[str, Any]] | None = None

    @property
    def live(self) -> Mapping[str, Any]:
        """What is true beside the log: ``queue_position``, ``estimated_start``, ``degraded``; empty when unknown."""
        return self._feed.live

    def snapshot(self) -> dict[str, Any]:
        """Return the snapshot as a value of its own."""
        return self._feed.fold.snapshot()

    def entry(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a copy of one phase, item or output (``kind`` as in the snapshot), or None."""
        return self._feed.fold.entry(kind, key)

    def entries(self, kind: str) -> list[str]:
        """Return the keys of all phases, items or outputs, in the order they came."""
        return self._feed.fold.keys(kind)

    def __getitem__(self, field: str) -> Any:
        fold = self._feed.fold
        if field == "phases":
            return [fold.entry("phases", key) for key in fold.keys("phases")]
        return self._whole()[field] if field in _PUT_TOGETHER else fold.get(field)

    def __iter__(self) -> Iterator[str]:
        return iter(_FIELDS)

    def __len__(self) -> int:
        return len(_FIELDS)

    def _whole(self) -> dict[str, Any]:
        fold = self._feed.fold
        if self._made is None or self._made[:2] != (fold, fold.seq):
            self._made = (fold, fold.seq, fold.snapshot())
        return self._made[2]


Seen = tuple[Watched, dict[str, Any] | None]
"""What watching yields: the state, and the event that made it so. None instead of an event: the state was replaced as a
whole, or what `Watched.live` says has changed."""
