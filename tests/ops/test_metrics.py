"""Metrics as text."""

import builtins
from typing import Any

import pytest

from headway.errors import NotFound
from headway.ops.metrics import NoMetrics, PrometheusMetrics, make_metrics, numbers


def test_numbers_are_found_at_any_depth() -> None:
    """Text is left out, truth is 0 or 1."""
    nested = {"open": 3, "resets": {"lagged": 1, "deep": {"er": 2.5}}, "name": "sqlite", "off": [], "draining": True}
    assert dict(numbers(nested)) == {"open": 3, "resets_lagged": 1, "resets_deep_er": 2.5, "draining": 1}


def test_requests_and_parts_stand_on_the_page() -> None:
    """Parts as they are at the moment it is asked for."""
    kept = {"rows": 1}
    metrics = make_metrics({"store": lambda: kept})
    metrics.request("/v1/runs", "GET", 200, 0.02)
    metrics.request("/v1/runs", "GET", 304, None)
    kept["rows"] = 7
    body, media_type = metrics.page()
    text = body.decode()
    assert media_type.startswith("text/plain")
    assert 'headway_http_requests_total{method="GET",route="/v1/runs",status="200"} 1.0' in text
    assert 'headway_http_request_seconds_count{route="/v1/runs"} 1.0' in text
    assert "headway_store_rows 7.0" in text


def test_two_of_them_do_not_mix() -> None:
    """Each has a registry of its own."""
    one, two = PrometheusMetrics({}), PrometheusMetrics({})
    one.request("/", "GET", 200, 1)
    assert b'route="/"' in one.page()[0]
    assert b'route="/"' not in two.page()[0]


def test_without_the_package_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said what to install."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("prometheus_client"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    metrics = make_metrics({})
    assert isinstance(metrics, NoMetrics)
    metrics.request("/", "GET", 200, 1)
    with pytest.raises(NotFound, match="prometheus"):
        metrics.page()
