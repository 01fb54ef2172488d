"""What watching a run costs the main thread of a browser: `python -m bench.browser`.

Two pages show the same of the same runs: one made with `@headway-run/react`, and one as it is written first, with an
EventSource on the whole log and a `setState` for each event. Each is opened after 20,000 events, and each watches a run
that goes on at 300 events a second. Counted is the processor time of the page's main thread, by Chromium itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from bench.browsing import Cost, Steered, View, build, running_browser, tab, version
from bench.outcome import Bars, Goal, Outcome, Table
from bench.peers.headway_server import serving
from bench.program import Program

HEADWAY, HEADWAY_100, NAIVE = "headway", "headway, everyMs=100", "naive"
PAGES = {HEADWAY: "headway.html?", HEADWAY_100: "headway.html?every=100&", NAIVE: "naive.html?"}
LATE, LIVE_LATE, NEW, LIVE_NEW = "late", "late, live", "new", "new, live"
BATCH = 500
COMMITS_GOAL = 5
JOIN_GOAL = 0.05

Round = dict[tuple[str, str], Cost]
"""By page and by what was measured."""


def measure(options: argparse.Namespace) -> Outcome:
    """Measure all pages in turn."""
    with tempfile.TemporaryDirectory() as name, running_browser() as browser:
        folder = Path(name)
        build(folder / "pages")
        env = {"HEADWAY_DEMO_PAGE": str(folder / "pages"), "HEADWAY_WORKER": "none"}
        with serving(folder, None, env, app="tests.e2e.fault_app:app") as (port, _):
            long = Steered(port)
            for _ in range(options.events // BATCH):
                long.go_on(BATCH)
            rounds = [_round(browser, long, options) for _ in range(options.rounds)]
    return outcome(rounds, options, version())


def _round(browser: Browser, long: Steered, options: argparse.Namespace) -> Round:
    """Open each page on a long run and on a new one, and let each go on."""
    found: Round = {}
    for page, address in PAGES.items():
        for run, opened, live in ((long, LATE, LIVE_LATE), (Steered(long.port), NEW, LIVE_NEW)):
            with tab(browser) as empty:
                view = View(empty, f"http://127.0.0.1:{long.port}/{address}")
                before = view.open(run)
                run.paced(options.rate, options.seconds)
                after = view.cost(run)
            found[page, opened], found[page, live] = before, _between(before, after)
    return found


def _between(before: Cost, after: Cost) -> Cost:
    return Cost(
        after.shown_ms - before.shown_ms,
        after.main_ms - before.main_ms,
        after.script_ms - before.script_ms,
        after.long_ms[len(before.long_ms) :],
        after.commits - before.commits,
        after.wrong,
    )


def outcome(rounds: list[Round], options: argparse.Namespace, browser: str) -> Outcome:
    """Return the medians."""

    def middle(page: str, what: str, value: Callable[[Cost], float]) -> float:
        return median(value(found[page, what]) for found in rounds)

    def ratio(page: str, what: str) -> float:
        return median(found[page, what].main_ms / found[NAIVE, what].main_ms for found in rounds)

    def rows(what: str) -> list[list[str]]:
        return [
            [
                page,
                f"{middle(page, what, lambda cost: cost.shown_ms):,.0f}",
                f"{middle(page, what, lambda cost: cost.main_ms):,.0f}",
                f"{middle(page, what, lambda cost: cost.script_ms):,.0f}",
                f"{ratio(page, what):.3f}",
                f"{middle(page, what, lambda cost: len(cost.long_ms)):,.0f}",
                f"{middle(page, what, lambda cost: max(cost.long_ms, default=0)):,.0f}",
                f"{middle(page, what, lambda cost: cost.commits):,.0f}",
            ]
            for page in PAGES
        ]

    heads = ["page", "ms", "main thread ms", "script ms", "x naive", "long tasks", "longest ms", "commits"]
    pace = f"{options.rate:g} events a second for {options.seconds:g} s"
    titles = {
        LATE: f"Opened after {options.events:,} events",
        LIVE_LATE: f"The same page, {pace}",
        NEW: "Opened on a new run",
        LIVE_NEW: f"The same page, {pace}",
    }
    after = f"main thread after it, at {options.rate:g} events a second, times naive"
    bars = [(page, [middle(page, what, lambda cost: cost.main_ms) for what in (LATE, LIVE_LATE)]) for page in PAGES]
    every = [(page, what, cost) for found in rounds for (page, what), cost in found.items()]
    notes = ["ms: until the last event is shown; main thread, script: processor time; long tasks: of 50 ms and more"]
    return Outcome(
        tables=[Table(f"{title}, medians", heads, rows(what), notes) for what, title in titles.items()],
        goals=[
            Goal("commits of a late join", max(found[HEADWAY, LATE].commits for found in rounds), COMMITS_GOAL),
            Goal("main thread of a late join, times naive", ratio(HEADWAY, LATE), JOIN_GOAL),
            Goal(after, ratio(HEADWAY, LIVE_LATE), 1),
        ],
        bars=[
            Bars(
                "browser",
                f"Processor time of a page's main thread, {options.events:,} events and more",
                "ms",
                ["opened", pace],
                bars,
                ours=[HEADWAY, HEADWAY_100],
            )
        ],
        facts={"browser": browser},
        faults=[f"{page}, {what}: {cost.wrong}" for page, what, cost in every if cost.wrong],
        raw=[{"page": page, "what": what, **asdict(cost)} for page, what, cost in every],
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--events", type=int, default=20_000, help="written before the page is opened (%(default)s)")
    parser.add_argument("--rate", type=float, default=300.0, help="events a second, live (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long they come (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="both pages in turn (%(default)s)")


PROGRAM = Program(
    "browser",
    "A page opened after 20,000 events draws at most five times, and a fast stream leaves its main thread free.",
    add_options,
    measure,
    {"events": 2_000, "seconds": 2.0, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
