"""Fifty trips asked for in the same moment: `python -m bench.itineraries`.

The whole example: a server, its worker with OR-tools, and the provider of places in a process of its own, which takes
its time like a remote service. Timed is how long each request for a trip waits for its answer, how long a request of a
page waits while everything is being planned, and when the last trip is finished.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from bench.outcome import Curve, Goal, Outcome, Table
from bench.peers.headway_server import call, serving
from bench.processes import BenchError, children, cpu_seconds, free_port, running, wait_for_port
from bench.program import Program

GOAL_MS = 50
READ_S = 0.05
LOOK_S = 0.25
RUNS = "/headway/v1/runs"
PATIENCE_S = 900


@dataclass(frozen=True, slots=True)
class Provider:
    """The started provider of places."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip that was asked for, and how long the answer took."""

    id: str
    answer_ms: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it.

    Attributes:
        turn_ms: Answers to trips asked for one after the other, while those before were planned.
        start_ms: Answers to those asked for in the same moment.
        read_ms: Answers to a page's request while these were planned.
        cpu_s: Processor time by process.
        ended: Trips that had ended, over the time since they were asked for.
        wrong: Trips that did not succeed.
    """

    trips: int
    days: int
    turn_ms: list[float]
    start_ms: list[float]
    read_ms: list[float]
    cpu_s: dict[str, float]
    ended: list[tuple[float, float]]
    wrong: list[str]


def measure(options: argparse.Namespace) -> Outcome:
    """Ask for all trips one after the other and let them be planned, then for all in the same moment."""
    with (
        tempfile.TemporaryDirectory() as name,
        _provider(Path(name), options.latency_s) as provider,
        serving(Path(name), None, _environment(provider, options), app="examples.itinerary.app:app") as (port, pid),
    ):
        cities = [city["id"] for city in call(port, "GET", "/api/cities")]
        wishes = [_wish(city, options.days) for city in itertools.islice(itertools.cycle(cities), options.trips)]
        in_turn = [_ask(port, wish) for wish in wishes]
        _until_all_ended(port, [trip.id for trip in in_turn])
        before = _cpu(pid, provider)
        with _reading(port, in_turn[0].id) as read_ms:
            begin, trips = time.monotonic(), _ask_at_once(port, wishes)
            ended = _until_all_ended(port, [trip.id for trip in trips], begin)
        cpu = {name: after - before[name] for name, after in _cpu(pid, provider).items()}
        states = [call(port, "GET", f"{RUNS}/{trip.id}") for trip in trips]
    bad = [state for state in states if state["status"] != "succeeded"]
    return outcome(
        Seen(
            trips=options.trips,
            days=options.days,
            turn_ms=[trip.answer_ms for trip in in_turn],
            start_ms=[trip.answer_ms for trip in trips],
            read_ms=read_ms,
            cpu_s=cpu,
            ended=ended,
            wrong=[f"{state['run_id']} {state['status']}: {state['error'] or state['errors']}" for state in bad],
        )
    )


@contextlib.contextmanager
def _provider(folder: Path, latency_s: float) -> Iterator[Provider]:
    port, log = free_port(), folder / "provider.log"
    dial = json.dumps({"latency_min_s": latency_s / 3, "latency_max_s": latency_s})
    command = [sys.executable, "-m", "examples.itinerary.provider", "--port", str(port), "--dial", dial]
    with running(command, log=log) as process:
        wait_for_port(process, port, log)
        yield Provider(f"http://127.0.0.1:{port}", process.pid)


def _environment(provider: Provider, options: argparse.Namespace) -> dict[str, str]:
    return {"HEADWAY_DEMO_PROVIDER": provider.url, "HEADWAY_DEMO_SEARCH_S": str(options.search_s)}


def _wish(city: str, days: int) -> bytes:
    return json.dumps({"stays": [{"city": city, "days": days}], "start": "2027-05-04"}).encode()


def _ask(port: int, wish: bytes) -> Trip:
    begin = time.perf_counter()
    id = call(port, "POST", "/itineraries", wish)["id"]
    return Trip(id, (time.perf_counter() - begin) * 1000)


def _ask_at_once(port: int, wishes: list[bytes]) -> list[Trip]:
    """Ask for all trips in the same moment, each on a connection of its own."""
    gate = threading.Barrier(len(wishes))

    def ask(wish: bytes) -> Trip:
        gate.wait()
        return _ask(port, wish)

    with ThreadPoolExecutor(max_workers=len(wishes)) as threads:
        return list(threads.map(ask, wishes))


@contextlib.contextmanager
def _reading(port: int, id: str) -> Iterator[list[float]]:
    """Read a trip's state every `READ_S` until the block ends, as a page that polls; give the times of the answers."""
    stop, answers = threading.Event(), list[float]()

    def read() -> None:
        while not stop.wait(READ_S):
            begin = time.perf_counter()
            call(port, "GET", f"{RUNS}/{id}")
            answers.append((time.perf_counter() - begin) * 1000)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield answers
    finally:
        stop.set()
        reader.join()


def _until_all_ended(port: int, ids: list[str], begin: float | None = None) -> list[tuple[float, float]]:
    """Wait until these runs have ended; return how many had, over the time."""
    begin, left, seen = begin or time.monotonic(), set(ids), list[tuple[float, float]]()
    while left:
        page = call(port, "GET", f"{RUNS}?limit=1000&status=queued&status=running&status=waiting")["runs"]
        left &= {run["id"] for run in page}
        seen.append((time.monotonic() - begin, float(len(ids) - len(left))))
        if seen[-1][0] > PATIENCE_S:
            raise BenchError(f"{len(left)} trips had not ended after {PATIENCE_S} s")
        time.sleep(LOOK_S)
    return seen


def _cpu(pid: int, provider: Provider) -> dict[str, float]:
    workers = sum(cpu_seconds(child) for child in children(pid))
    return {"server": cpu_seconds(pid) - workers, "worker": workers, "provider": cpu_seconds(provider.pid)}


def outcome(seen: Seen) -> Outcome:
    """Return what was seen as tables."""
    all_s = seen.ended[-1][0]
    times = [
        [what, f"{median(values):.1f}", f"{_p99(values):.1f}", f"{max(values):.1f}", f"{len(values):,}"]
        for what, values in (
            (f"{seen.trips} asked for in turn", seen.turn_ms),
            (f"{seen.trips} asked for in the same moment", seen.start_ms),
            ("a page's request meanwhile", seen.read_ms),
        )
        if values
    ]
    costs = [
        [what, f"{spent:.2f}", f"{spent / seen.trips * 1000:.0f}", f"{spent / all_s:.0%}"]
        for what, spent in seen.cpu_s.items()
    ]
    half = next(at for at, count in seen.ended if count >= seen.trips / 2)
    return Outcome(
        tables=[
            Table(
                f"{seen.trips} trips of {seen.days} days: answers",
                ["", "p50 ms", "p99 ms", "slowest", "answers"],
                times,
            ),
            Table(
                f"All planned after {all_s:.1f} s, half of them after {half:.1f} s; processor time",
                ["process", "CPU s", "ms per trip", "of a core"],
                costs,
            ),
        ],
        goals=[
            Goal(f"answers to {seen.trips} trips asked for in turn: p99", _p99(seen.turn_ms), GOAL_MS, "ms"),
            Goal("the same in the same moment: p99", _p99(seen.start_ms), GOAL_MS, "ms"),
        ],
        curves=[
            Curve("itineraries", f"{seen.trips} trips asked for at once: planned", "trips", [("planned", seen.ended)])
        ],
        faults=[f"a trip was not planned: {wrong}" for wrong in seen.wrong],
        raw=asdict(seen),
    )


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--trips", type=int, default=50, help="asked for at once (%(default)s)")
    parser.add_argument("--days", type=int, default=3, help="of each trip (%(default)s)")
    parser.add_argument("--search-s", type=float, default=0.5, help="seconds to look for a day's tour (%(default)s)")
    parser.add_argument("--latency-s", type=float, default=0.9, help="most the provider takes (%(default)s)")


PROGRAM = Program(
    "itineraries",
    "Fifty trips are asked for at once: each answer takes at most 50 ms, all are planned, and the pages stay quick.",
    add_options,
    measure,
    {"trips": 3, "days": 1, "search_s": 0.05, "latency_s": 0.01},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
