"""Metrics as text."""

import builtins
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from headway.engines.behind import Behind, behind
from headway.errors import NotFound, StoreUnavailable, UsageError
from headway.measures import ALL, APPEND_SECONDS, CONNECTS, EVENTS, GAUGES, LABELS_MAX, OTHER, Measures
from headway.ops.metrics import Metrics, listening, numbers
from headway.stores.memory import MemoryStore
from tests.stores.builders import end, running


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What a scraper reads."""
    families = text_string_to_metric_families(metrics.page()[0].decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_numbers_are_found_at_any_depth() -> None:
    """Text is left out, truth is 0 or 1."""
    nested = {"open": 3, "resets": {"lagged": 1, "deep": {"er": 2.5}}, "name": "sqlite", "off": [], "draining": True}
    assert dict(numbers(nested)) == {"open": 3, "resets_lagged": 1, "resets_deep_er": 2.5, "draining": 1}


def test_requests_and_parts_stand_on_the_page() -> None:
    """Parts as they are at the moment it is asked for."""
    kept = {"rows": 1}
    metrics = Metrics(Measures(), {"store": lambda: kept})
    metrics.request("/v1/runs", "GET", 200, 0.02)
    metrics.request("/v1/runs", "GET", 304, None)
    kept["rows"] = 7
    assert metrics.page()[1].startswith("text/plain")
    read = samples(metrics)
    labels = ("method", "GET"), ("route", "/v1/runs"), ("status", "200")
    assert read["headway_http_requests_total", labels] == 1
    assert read["headway_http_request_seconds_count", (("route", "/v1/runs"),)] == 1
    assert read["headway_store_rows", ()] == 7


def test_a_histogram_is_cumulative() -> None:
    """As its readers expect: every bucket holds those below it, the last one all."""
    measures = Measures()
    for seconds in (0.0004, 0.002, 0.002, 99.0):
        measures.observe(APPEND_SECONDS, seconds, "sqlite")
    read = samples(Metrics(measures, {}))

    def bucket(bound: str) -> float:
        return read["headway_append_seconds_bucket", (("le", bound), ("store", "sqlite"))]

    assert [bucket("0.0005"), bucket("0.001"), bucket("0.0025"), bucket("10.0"), bucket("+Inf")] == [1, 1, 3, 3, 4]
    assert read["headway_append_seconds_sum", (("store", "sqlite"),)] == pytest.approx(99.0044)


def test_viewers_by_transport_and_client() -> None:
    """As many as watch at that moment."""
    metrics = Metrics(Measures(), {}, lambda: Counter({("sse", "client/0.1"): 2, ("poll", ""): 1}))
    read = samples(metrics)
    assert read["headway_viewers", (("client", "client/0.1"), ("transport", "sse"))] == 2
    assert read["headway_viewers", (("client", ""), ("transport", "poll"))] == 1


def test_clients_that_make_up_names_are_few_on_the_page() -> None:
    """Those who come after the last one there was room for are one more, however many watch."""
    measures, watching = Measures(), Counter({("sse", f"x/0.{number}"): 1 for number in range(LABELS_MAX + 5)})
    for labels in watching:
        measures.count(CONNECTS, *labels)
    read = samples(Metrics(measures, {}, lambda: watching))
    shown = {labels: count for (name, labels), count in read.items() if name == "headway_viewers"}
    assert len(shown) == LABELS_MAX + 1
    assert shown[("client", OTHER), ("transport", OTHER)] == 5


async def test_how_far_listeners_are_behind_is_asked_of_the_store() -> None:
    """At each scrape; one that was never told has no time. A store that does not answer takes nothing else away."""
    store = MemoryStore()
    await store.open()
    await store.add_listener("bill", from_beginning=True)
    await store.add_listener("mail", from_beginning=True)
    run = await end(store, await running(store))
    await store.move_listener("mail", run.finished_at or "", told=True)
    metrics = Metrics(Measures(), {}, listeners=lambda: behind(store))
    assert not [name for name, labels in samples(metrics) if labels], "nobody has asked yet"
    await metrics.look()
    read = {(name, labels[0][1]): value for (name, labels), value in samples(metrics).items() if labels}
    assert read["headway_listener_lag_seconds", "mail"] == 0
    assert read["headway_listener_lag_seconds", "bill"] >= 0
    assert read["headway_listener_told_timestamp_seconds", "mail"] > 1.7e9
    assert ("headway_listener_told_timestamp_seconds", "bill") not in read

    async def away() -> Sequence[Behind]:
        raise StoreUnavailable("it is away")

    without = Metrics(Measures(), {"store": lambda: {"rows": 7}}, listeners=away)
    await without.look()
    assert samples(without)["headway_store_rows", ()] == 7


def test_every_measure_is_on_the_page() -> None:
    """Also before anything happened, so that a dashboard can be drawn."""
    text = Metrics(Measures(), {}).page()[0].decode()
    assert [each.name for each in (*ALL, *GAUGES) if f"# HELP headway_{each.name}" not in text] == []


def test_two_of_them_do_not_mix() -> None:
    """Each has numbers of its own."""
    one, two = Measures(), Measures()
    one.count(EVENTS, "note")
    assert b'type="note"' in Metrics(one, {}).page()[0]
    assert b'type="note"' not in Metrics(two, {}).page()[0]


def test_without_the_package_there_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said what to install; counting goes on."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("prometheus_client"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    metrics = Metrics(Measures(), {})
    metrics.request("/", "GET", 200, 1)
    with pytest.raises(NotFound, match="prometheus"):
        metrics.page()


async def test_a_process_that_serves_nothing_else_answers_scrapes() -> None:
    """The numbers are read on the loop; an address that is taken is told."""
    measures = Measures()
    measures.count(EVENTS, "note")
    metrics = Metrics(measures, {})
    async with listening(metrics, "127.0.0.1", 0) as port, httpx.AsyncClient() as client:
        page = await client.get(f"http://127.0.0.1:{port}/metrics")
        assert 'headway_events_total{type="note"} 1.0' in page.text
        with pytest.raises(UsageError, match="cannot be served"):
            async with listening(metrics, "127.0.0.1", port):
                pass
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{port}/metrics")
