"""What is counted and timed: kept where it happens, in plain numbers, and shown by `headway.ops.metrics`.

A room of the house writes ``measures.count(EVENTS, type)`` and knows nothing of Prometheus, which is an optional
package and reads everything at each scrape. A worker process hands its numbers to the server that keeps it
(`Measures.dump`, `Measures.show`), so that one page has them all.

Labels come from a small set by construction: past `LABELS_MAX` different sets of a measure, further ones are counted
as ``other``, so a name made up by a user can fill neither the memory nor the time series of whoever scrapes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

LABELS_MAX: Final = 1_000
"""Different sets of labels of one measure: a hundred jobs, each with every status."""

OTHER: Final = "other"

QUICK_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Bounds of what should take milliseconds."""

LONG_S: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
"""Bounds of what takes as long as it takes."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is counted, timed if it has bounds, or looked at when somebody asks (`GAUGES`).

    Attributes:
        name: In Prometheus' manner, without prefix and without ``_total``.
        help: One sentence.
        labels: Their names.
        bounds: Upper bounds of a histogram's buckets, rising; none for a counter.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


@dataclass(slots=True)
class Histogram:
    """How often a value fell below each bound, the last count being of those above all.

    Attributes:
        counts: Per bucket, not cumulative; one more than there are bounds.
        sum: Of all values.
    """

    counts: list[int]
    sum: float = 0.0

    def observe(self, bounds: tuple[float, ...], value: float) -> None:
        """Take a value in."""
        self.counts[bisect_left(bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)


Counts: TypeAlias = dict[tuple[str, ...], float]
Times: TypeAlias = dict[tuple[str, ...], Histogram]


class Measures:
    """The numbers of one process. For one thread: none of this waits or locks."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counts] = defaultdict(dict)
        self._times: defaultdict[str, Times] = defaultdict(dict)
        self._others: dict[str, Mapping[str, Any]] = {}

    def count(self, what: Measure, *labels: str, by: float = 1) -> None:
        """Count."""
        counts = self._counts[what.name]
        try:
            counts[labels] += by
        except KeyError:
            key = _bounded(counts, labels)
            counts[key] = counts.get(key, 0) + by

    def observe(self, what: Measure, value: float, *labels: str) -> None:
        """Take a value into a histogram."""
        times = self._times[what.name]
        histogram = times.get(labels)
        if histogram is None:
            histogram = times.setdefault(_bounded(times, labels), _empty(what))
        histogram.observe(what.bounds, value)

    def counted(self, what: Measure, *labels: str) -> float:
        """Return a count of this process."""
        return self._counts[what.name].get(labels, 0)

    def histogram(self, what: Measure, *labels: str) -> Histogram:
        """Return a histogram of this process; an empty one if nothing was observed."""
        return self._times[what.name].get(labels) or _empty(what)

    def total(self, what: Measure) -> float:
        """Return what this process counted of something, whatever the labels."""
        return sum(self._counts[what.name].values())

    def timed(self, what: Measure) -> Histogram:
        """Return what this process timed of something, whatever the labels."""
        whole = _empty(what)
        for part in self._times[what.name].values():
            whole.counts = [one + other for one, other in zip(whole.counts, part.counts, strict=True)]
            whole.sum += part.sum
        return whole

    def shown(self, what: Measure, *labels: str) -> tuple[str, ...]:
        """Return the labels something is counted under: these, or `OTHER` for those there is no room for."""
        return _bounded(self._counts[what.name], labels)

    # -- several processes

    def dump(self) -> dict[str, Any]:
        """Return the numbers of this process as JSON, for `show` in another."""
        return {
            "counts": {name: _plain_counts(counts) for name, counts in self._counts.items()},
            "times": {name: _plain_times(times) for name, times in self._times.items()},
        }

    def show(self, process: str, dump: Mapping[str, Any]) -> None:
        """Add the numbers of another process to what is collected, in place of those it sent before."""
        self._others[process] = dump

    def absorb(self, process: str) -> None:
        """Keep the last numbers of a process that has ended, so that no count ever falls."""
        dump = self._others.pop(process, None) or {"counts": {}, "times": {}}
        for name, counts in dump["counts"].items():
            _add_counts(self._counts[name], counts)
        for name, times in dump["times"].items():
            _add_times(self._times[name], times)

    def counters(self, what: Measure) -> Mapping[tuple[str, ...], float]:
        """Return the counts of all processes by labels."""
        sums: Counts = {}
        own = _plain_counts(self._counts[what.name])
        for counts in (own, *(dump["counts"].get(what.name, ()) for dump in self._others.values())):
            _add_counts(sums, counts)
        return sums

    def histograms(self, what: Measure) -> Mapping[tuple[str, ...], Histogram]:
        """Return the histograms of all processes by labels."""
        sums: Times = {}
        own = _plain_times(self._times[what.name])
        for times in (own, *(dump["times"].get(what.name, ()) for dump in self._others.values())):
            _add_times(sums, times)
        return sums


def _plain_counts(counts: Counts) -> list[Any]:
    return [[list(labels), value] for labels, value in counts.items()]


def _plain_times(times: Times) -> list[Any]:
    return [[list(labels), histogram.counts, histogram.sum] for labels, histogram in times.items()]


def _add_counts(sums: Counts, plain: Iterable[Any]) -> None:
    for labels, value in plain:
        key = _bounded(sums, tuple(labels))
        sums[key] = sums.get(key, 0) + value


def _add_times(sums: Times, plain: Iterable[Any]) -> None:
    for labels, counts, total in plain:
        mine = sums.setdefault(_bounded(sums, tuple(labels)), Histogram([0] * len(counts)))
        mine.counts = [one + other for one, other in zip(mine.counts, counts, strict=True)]
        mine.sum += total


def _bounded(known: Mapping[tuple[str, ...], Any], labels: tuple[str, ...]) -> tuple[str, ...]:
    return labels if labels in known or len(known) < LABELS_MAX else (OTHER,) * len(labels)


def _empty(what: Measure) -> Histogram:
    return Histogram([0] * (len(what.bounds) + 1))


# -- what is measured, in one place: names are a promise to whoever draws dashboards

CONNECTS: Final = Measure("connects", "Streams and long-polls begun.", ("transport", "client"))
CONNECTION_SECONDS: Final = Measure(
    "connection_seconds", "How long streams lasted, by what ended them.", ("transport", "reason"), LONG_S
)
RESUMES: Final = Measure(
    "resumes", "How streams began: with a snapshot, the tail after a cursor, or a reset.", ("outcome",)
)
SENT_BYTES: Final = Measure("sent_bytes", "Bytes written to viewers, without HTTP's own.", ("transport",))
LAGGED: Final = Measure("lagged", "How often a live viewer's budget was used up.")
RESETS: Final = Measure("resets", "Reset frames.", ("reason",))
EVENTS: Final = Measure("events", "Events appended by this process.", ("type",))
APPEND_SECONDS: Final = Measure(
    "append_seconds", "From handing a write to the store to its commit.", ("store",), QUICK_S
)
APPEND_TO_WRITE_SECONDS: Final = Measure(
    "append_to_write_seconds", "From an event's time to its bytes being written to live viewers.", (), QUICK_S
)
RUNS: Final = Measure("runs", "Runs that ended.", ("job", "status"))
ATTEMPT_SECONDS: Final = Measure(
    "attempt_seconds", "How long attempts of jobs took in this process.", ("job", "outcome"), LONG_S
)
STEP_SECONDS: Final = Measure(
    "step_seconds", "How long steps took, by the agent that ran them.", ("job", "agent", "outcome"), LONG_S
)
FAILURES: Final = Measure("failures", "What failed: steps that were tried, attempts, workers.", ("job", "what"))
RECOVERIES: Final = Measure(
    "recoveries", "What succeeded after a failure: steps tried again, attempts after others.", ("job", "what")
)

LISTENED: Final = Measure(
    "listened", "Events listeners were told of, that failed, or that were trimmed before.", ("listener", "outcome")
)
HTTP_REQUESTS: Final = Measure("http_requests", "Requests answered.", ("route", "method", "status"))
HTTP_SECONDS: Final = Measure(
    "http_request_seconds",
    "From a request to the end of its answer; long-polls wait on purpose, streams are not in it.",
    ("route",),
    QUICK_S,
)

LISTENER_LAG: Final = Measure(
    "listener_lag_seconds", "Since the end of the oldest run a listener was not told to its end.", ("listener",)
)
LISTENER_TOLD: Final = Measure(
    "listener_told_timestamp_seconds", "When a listener was last told of something, to a few seconds.", ("listener",)
)

GAUGES: Final = (LISTENER_LAG, LISTENER_TOLD)
"""Not counted here: read from the store at each scrape, so that they also tell of a listener nobody tells."""

ALL: Final = (
    CONNECTS, CONNECTION_SECONDS, RESUMES, SENT_BYTES, LAGGED, RESETS, EVENTS, APPEND_SECONDS, APPEND_TO_WRITE_SECONDS,
    RUNS, ATTEMPT_SECONDS, STEP_SECONDS, FAILURES, RECOVERIES, LISTENED, HTTP_REQUESTS, HTTP_SECONDS,
)  # fmt: skip
