"""Metrics in Prometheus' format: what `headway.measures` has counted, and buffers as they are when somebody asks.

Both are read at each scrape, so showing them costs nothing in between.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from headway.errors import NotFound, UsageError
from headway.measures import ALL, CONNECTS, HTTP_REQUESTS, HTTP_SECONDS, Histogram, Measure, Measures

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Statistics: TypeAlias = Callable[[], Mapping[str, Any]]
Viewers: TypeAlias = Callable[[], Counter[tuple[str, str]]]
"""Counts those who watch now, by transport and client."""

SCRAPE_S: Final = 5.0
"""How long a scrape waits for an event loop that is busy."""


class Metrics:
    """Metrics of one Headway.

    Args:
        measures: What was counted and timed.
        parts: ``statistics`` of each part by name; numbers in them become gauges ``headway_<part>_<name>``.
        viewers: See `Viewers`.
    """

    def __init__(self, measures: Measures, parts: Mapping[str, Statistics], viewers: Viewers = Counter) -> None:
        self._measures = measures
        self._parts = parts
        self._viewers = viewers

    def request(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count one answered request.

        Args:
            route: Its template, so that there are few of them.
            method: HTTP method.
            status: HTTP status.
            seconds: From the request to the end of its answer; None for a stream, which lasts as long as it lasts.
        """
        self._measures.count(HTTP_REQUESTS, route, method, str(status))
        if seconds is not None:
            self._measures.observe(HTTP_SECONDS, seconds, route)

    def page(self) -> tuple[bytes, str]:
        """Return everything as text, and its media type.

        Raises:
            NotFound: prometheus-client is not installed.
        """
        try:
            from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        except ImportError:
            raise NotFound(
                "there are no metrics without prometheus-client", hint='pip install "headway[server]"'
            ) from None
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Metric]:
        """Yield every metric; called by prometheus-client."""
        from prometheus_client.core import GaugeMetricFamily

        watching = GaugeMetricFamily("headway_viewers", "Who watches now.", labels=CONNECTS.labels)
        for labels, count in self._shown_viewers().items():
            watching.add_metric(labels, count)
        yield watching
        for measure in ALL:
            yield self._family(measure)
        for part, statistics in self._parts.items():
            for name, value in numbers(statistics()):
                yield GaugeMetricFamily(f"headway_{part}_{name}", f"{name} of the {part}", value)

    def _shown_viewers(self) -> Counter[tuple[str, ...]]:
        """Count those who watch under labels that are as few as those of `CONNECTS`: clients name themselves."""
        shown: Counter[tuple[str, ...]] = Counter()
        for labels, count in self._viewers().items():
            shown[self._measures.shown(CONNECTS, *labels)] += count
        return shown

    def _family(self, measure: Measure) -> Metric:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        name = f"headway_{measure.name}"
        if not measure.bounds:
            counter = CounterMetricFamily(name, measure.help, labels=measure.labels)
            zero: Mapping[tuple[str, ...], float] = {} if measure.labels else {(): 0}
            for labels, value in {**zero, **self._measures.counters(measure)}.items():
                counter.add_metric(labels, value)
            return counter
        histogram = HistogramMetricFamily(name, measure.help, labels=measure.labels)
        for labels, kept in self._measures.histograms(measure).items():
            histogram.add_metric(labels, list(_cumulative(measure.bounds, kept)), kept.sum)
        return histogram


@asynccontextmanager
async def listening(metrics: Metrics, host: str, port: int) -> AsyncIterator[int]:
    """Answer scrapes on a port of its own, for a process that serves nothing else; yields the port.

    A thread answers; the numbers are read on the event loop, to which they belong.

    Raises:
        UsageError: the address cannot be used.
        ModuleNotFoundError: prometheus-client is not installed.
    """
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    registry.register(_OnLoop(metrics, asyncio.get_running_loop()))
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        told = f"metrics cannot be served on {host}:{port}: {error.strerror or error}"
        raise UsageError(told, hint="choose another port; 0 takes any free one") from error
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


class _OnLoop:
    """Reads the numbers where they belong, for a thread that waits."""

    def __init__(self, metrics: Metrics, loop: asyncio.AbstractEventLoop) -> None:
        self._metrics = metrics
        self._loop = loop

    def collect(self) -> list[Metric]:
        return asyncio.run_coroutine_threadsafe(self._read(), self._loop).result(SCRAPE_S)

    async def _read(self) -> list[Metric]:
        return list(self._metrics.collect())


def _cumulative(bounds: tuple[float, ...], histogram: Histogram) -> Iterator[tuple[str, float]]:
    """Yield buckets as Prometheus has them: how many values were at most as large as each bound."""
    count = 0
    for bound, more in zip((*map(repr, bounds), "+Inf"), histogram.counts, strict=True):
        count += more
        yield bound, count


def numbers(statistics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers in nested statistics, with flat names."""
    for name, value in statistics.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{prefix}{name}_")
        elif isinstance(value, int | float):
            yield f"{prefix}{name}", float(value)
