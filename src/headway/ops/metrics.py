"""Metrics in Prometheus' format: what `headway.measures` has counted, and buffers as they are when somebody asks.

Both are read at each scrape, so showing them costs nothing in between. How far behind listeners are is asked of the
store then: it knows that also when every worker is dead.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from headway.core.clock import parse_ms
from headway.engines.behind import Behind
from headway.errors import HeadwayError, NotFound, UsageError
from headway.measures import (
    ALL,
    CONNECTS,
    HTTP_REQUESTS,
    HTTP_SECONDS,
    LISTENER_LAG,
    LISTENER_TOLD,
    Histogram,
    Measure,
    Measures,
)
from headway.ops.logging import get_logger

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_log = get_logger(__name__)

Statistics: TypeAlias = Callable[[], Mapping[str, Any]]
Viewers: TypeAlias = Callable[[], Counter[tuple[str, str]]]
"""Counts those who watch now, by transport and client."""
Listeners: TypeAlias = Callable[[], Awaitable[Sequence[Behind]]]
"""Asks how far behind listeners are."""

SCRAPE_S: Final = 5.0
"""How long a scrape waits for an event loop that is busy."""

STORE_S: Final = 2.0
"""How long it waits for the store: the other numbers are told also while that is away."""


async def _no_listeners() -> Sequence[Behind]:
    return ()


class Metrics:
    """Metrics of one Headway.

    Args:
        measures: What was counted and timed.
        parts: ``statistics`` of each part by name; numbers in them become gauges ``headway_<part>_<name>``.
        viewers: See `Viewers`.
        listeners: See `Listeners`.
    """

    def __init__(
        self,
        measures: Measures,
        parts: Mapping[str, Statistics],
        viewers: Viewers = Counter,
        listeners: Listeners = _no_listeners,
    ) -> None:
        self._measures = measures
        self._parts = parts
        self._viewers = viewers
        self._listeners = listeners
        self._behind: Sequence[Behind] = ()

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

    async def look(self) -> None:
        """Ask for what is not known here, before a page. It is left out while the store does not answer in time."""
        self._behind = ()
        try:
            async with asyncio.timeout(STORE_S):
                self._behind = await self._listeners()
        except (HeadwayError, TimeoutError) as error:
            _log.debug("the store does not tell of listeners", error=str(error))

    def page(self) -> tuple[bytes, str]:
        """Return everything as text, and its media type; of listeners what the last `look` has found.

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
        yield from self._of_listeners()
        for measure in ALL:
            yield self._family(measure)
        for part, statistics in self._parts.items():
            for name, value in numbers(statistics()):
                yield GaugeMetricFamily(f"headway_{part}_{name}", f"{name} of the {part}", value)

    def _of_listeners(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        lag, told = (
            GaugeMetricFamily(f"headway_{gauge.name}", gauge.help, labels=gauge.labels)
            for gauge in (LISTENER_LAG, LISTENER_TOLD)
        )
        for each in self._behind:
            lag.add_metric([each.listener.name], each.lag_s())
            told_ms = parse_ms(each.listener.told_at)
            if told_ms is not None:
                told.add_metric([each.listener.name], told_ms / 1000)
        yield lag
        yield told

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
        await self._metrics.look()
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
