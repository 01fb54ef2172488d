"""Metrics in Prometheus' format: requests as they happen, buffers as they are when somebody asks.

First form. Sizes and counters of store, hub and waiting requests come from their ``statistics()`` at each scrape, so
counting costs nothing in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from headway.errors import NotFound

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

Statistics = Callable[[], Mapping[str, Any]]

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics(Protocol):
    """Counts requests and shows what was counted."""

    def request(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count one answered request.

        Args:
            route: Its template, so that there are few of them.
            method: HTTP method.
            status: HTTP status.
            seconds: From the request to the end of its answer; None for a stream, which lasts as long as it lasts.
        """

    def page(self) -> tuple[bytes, str]:
        """Return everything as text, and its media type.

        Raises:
            NotFound: prometheus-client is not installed.
        """


class NoMetrics:
    """Where prometheus-client is not installed."""

    def request(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count nothing."""

    def page(self) -> tuple[bytes, str]:
        """Say what is missing."""
        raise NotFound("there are no metrics without prometheus-client", hint='pip install "headway[server]"')


class PrometheusMetrics:
    """Metrics of one Headway, in a registry of its own.

    Args:
        parts: ``statistics`` of each part by name; numbers in them become gauges ``headway_<part>_<name>``.
    """

    def __init__(self, parts: Mapping[str, Statistics]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._registry: CollectorRegistry = CollectorRegistry()
        self._requests = Counter(
            "headway_http_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "headway_http_request_seconds",
            "Seconds from a request to the end of its answer; long-polls wait on purpose, streams are not in it.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_Parts(parts))

    def request(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count one answered request."""
        self._requests.labels(route, method, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(route).observe(seconds)

    def page(self) -> tuple[bytes, str]:
        """Return everything as text, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class _Parts:
    """Reads the statistics at each scrape."""

    def __init__(self, parts: Mapping[str, Statistics]) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        for part, statistics in self._parts.items():
            for name, value in numbers(statistics()):
                yield GaugeMetricFamily(f"headway_{part}_{name}", f"{name} of the {part}", value)


def numbers(statistics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers in nested statistics, with flat names."""
    for name, value in statistics.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{prefix}{name}_")
        elif isinstance(value, int | float):
            yield f"{prefix}{name}", float(value)


def make_metrics(parts: Mapping[str, Statistics]) -> Metrics:
    """Return metrics, or none where prometheus-client is not installed."""
    try:
        return PrometheusMetrics(parts)
    except ImportError:
        return NoMetrics()
