"""How long a log is kept after the end of its run: some kinds of events may go before the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from headway.core.clock import MS_MIN, format_ms
from headway.core.events import LINE_TYPES, TEXT_TYPES
from headway.types import Seq


class Part(StrEnum):
    """What of a log is dropped at one time."""

    #: every event up to the last snapshot's
    LOG = "log"
    #: streamed text
    TEXT = "text"
    #: lines of a run's own logging
    LINES = "lines"

    @property
    def types(self) -> frozenset[str]:
        """The types of its events; none for the whole log."""
        return _TYPES[self]


_TYPES: Final = {Part.LOG: frozenset[str](), Part.TEXT: TEXT_TYPES, Part.LINES: LINE_TYPES}


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the parts of a log are kept after the end of the run, in seconds.

    Attributes:
        log_s: All of it; None: for ever.
        text_s: Streamed text; None: as long as the log.
        lines_s: Lines of the run's own logging; None: as long as the log.
    """

    log_s: float | None = 30 * 86_400
    text_s: float | None = 3_600
    lines_s: float | None = None

    def of(self, part: Part) -> float | None:
        """Return how long one part is kept."""
        return {Part.LOG: self.log_s, Part.TEXT: self.text_s, Part.LINES: self.lines_s}[part]


class Floors(NamedTuple):
    """Up to which seq each part of a log was trimmed; what is true of the whole log is true of its parts."""

    log: Seq
    text: Seq
    lines: Seq

    def of(self, part: Part) -> Seq:
        """Return the floor of one part."""
        return {Part.LOG: self.log, Part.TEXT: self.text, Part.LINES: self.lines}[part]

    def raised(self, part: Part, to: Seq) -> Floors:
        """Return them after a trim."""
        if part is Part.LOG:
            return Floors(to, max(to, self.text), max(to, self.lines))
        return self._replace(**{part.value: to})


UNTRIMMED: Final = Floors(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Expiry:
    """A retention that is over for the runs of a job that ended after one time, up to and with another."""

    job: str
    part: Part
    after: str
    until: str


@dataclass(frozen=True, slots=True)
class Prunable:
    """What has outlived its retention, of all runs of one job.

    Attributes:
        part: What is dropped.
        runs: How many runs lose something.
        events: How many events are dropped.
        bytes: Of their bodies.
    """

    job: str
    part: Part
    runs: int
    events: int
    bytes: int


def trim_limit(snapshot_seq: int, floor: int) -> int:
    """Return up to which seq a log may be trimmed: the newest stored snapshot's own event stays."""
    return min(floor, max(snapshot_seq - 1, 0))


def cutoff(now_ms: int, age_s: float) -> str:
    """Return the time that long ago. An age older than any run is as good as for ever."""
    return format_ms(max(now_ms - round(age_s * 1000), MS_MIN))


def expiries(retention: Mapping[str, Retention], now_ms: int) -> Iterator[Expiry]:
    """Yield what is to be pruned: of each job the logs, then the parts of those that keep their logs."""
    for job, kept in retention.items():
        whole = ""
        for part in Part:
            age_s = kept.of(part)
            if age_s is not None:
                until = cutoff(now_ms, age_s)
                yield Expiry(job, part, whole, until)
                whole = until if part is Part.LOG else whole


def tally(dropped: Iterable[tuple[str, Part, int, int]]) -> list[Prunable]:
    """Add up by part and job what runs lose: job, part, events, bytes."""
    sums: dict[tuple[Part, str], list[int]] = {}
    for job, part, events, size in dropped:
        if events:
            so_far = sums.setdefault((part, job), [0, 0, 0])
            so_far[:] = so_far[0] + 1, so_far[1] + events, so_far[2] + size
    order = list(Part)
    places = sorted(sums, key=lambda place: (order.index(place[0]), place[1]))
    return [Prunable(job, part, *sums[part, job]) for part, job in places]
