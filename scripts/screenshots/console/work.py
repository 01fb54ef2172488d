"""Runs to be looked at: of every kind, and one whose words are awkward."""

from __future__ import annotations

from typing import Any, Final

import httpx

from tests.e2e.console_page import Host

LONG: Final = {"pages": 900, "delay_s": 2}


def post(host: Host, path: str, body: object) -> dict[str, Any]:
    """Ask the server to do something."""
    answer: dict[str, Any] = httpx.post(f"{host.url}{path}", json=body).raise_for_status().json()
    return answer


def elsewhere(host: Host, title: str, **about: object) -> str:
    """Begin a run whose work happens elsewhere."""
    return str(post(host, "/v1/runs", {"title": title, **about})["id"])


def tell(host: Host, run_id: str, *events: tuple[str, object]) -> None:
    """Report to a run whose work happens elsewhere."""
    post(host, f"/v1/runs/{run_id}/events", {"events": [{"type": type, "data": data} for type, data in events]})


def fill(host: Host) -> dict[str, str]:
    """Start runs of every kind; return their ids by what they are."""
    host.go_offline(True)
    found = {
        "queued": elsewhere(host, "Quarterly figures", queued=True, group="reports"),
        "succeeded": host.run("crawl", {"pages": 5, "delay_s": 0.2}, title="Crawl tutorial.example"),
        "failed": host.run("import_rows", title="Nightly import", group="warehouse"),
        "partial": host.run("crawl", {"pages": 14, "delay_s": 0.4, "broken": [3, 9]}, title="Crawl example.org"),
        "waiting": host.run("order", "a desk lamp", title="Order a desk lamp", group="office"),
        "cancelled": host.run("crawl", LONG, title="Crawl everything"),
        "stopping": elsewhere(host, "Render the trailer", group="film"),
    }
    tell(host, found["stopping"], ("phase.progressed", {"id": "main", "done": 240, "total": 900, "unit": "frames"}))
    host.cancel(found["cancelled"])
    host.cancel(found["stopping"])
    host.until(found["partial"], "partial")
    host.until(found["cancelled"], "cancelled")
    host.until(found["succeeded"], "succeeded")
    found["running"] = host.run(
        "crawl", {"site": "docs.example", **LONG, "broken": [4]}, title="Crawl docs.example", group="docs"
    )
    return found


def awkward(host: Host) -> str:
    """Begin a run with long names, long words, much of everything; return its id."""
    word = "Ununterbrochenermaßen" * 6
    run_id = elsewhere(host, f"The report on {word} of all departments", group="finance-and-accounting/2026/quarter-4")
    parts = [f"part-{number}" for number in range(9)]
    phases = [{"id": f"p{number}", "title": f"Phase number {number}", "weight": 10} for number in range(8)]
    found = {
        "url": f"https://example.org/{word.lower()}?page=1",
        "words": 1_204,
        "tags": ["a", "b"],
        "more": {"deep": [1]},
    }
    error = {"code": "x", "message": f"Cannot read {word}", "category": "network", "retryable": True}
    text = f"A first paragraph that is long enough to be wrapped. {word}\n\nAnother one."
    tell(
        host,
        run_id,
        ("run.planned", {"phases": phases}),
        ("phase.started", {"id": "p0"}),
        *[("item.planned", {"key": key, "title": f"{key}: {word if key == 'part-2' else 'short'}"}) for key in parts],
        *[("item.started", {"key": key}) for key in parts],
        ("item.finished", {"key": "part-1", "data": found}),
        ("item.failed", {"key": "part-2", "error": error}),
        ("item.progressed", {"key": "part-3", "done": 3, "total": 7, "message": f"reading {word}"}),
        ("output.started", {"key": "summary"}),
        ("output.appended", {"key": "summary", "delta": text}),
        ("note", {"kind": "info", "title": "A note", "body": f"It says {word}."}),
        ("custom", {"name": "cost", "key": "eur", "data": 12.5}),
    )
    return run_id
