"""Publishing at a steady pace, and how late each event reaches its viewers: what the programs of latency share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.load import viewers
from bench.peers.headway_server import call
from bench.processes import BenchError, placement

SIZE = 200
NAP_US = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """Who watches what."""

    viewers: int
    runs: int
    rate: float
    """Events a second, for each run."""

    def __str__(self) -> str:
        runs = "one run" if self.runs == 1 else f"{self.runs:,} runs"
        return f"{self.viewers:,} of {runs}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement."""

    way: str
    shape: Shape
    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Started:
    """A server, and a folder for what is said to it by files."""

    port: int
    pid: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Place:
    """Runs: what viewers ask for, and how events are published."""

    port: int
    paths: list[str]
    publish: Callable[[int, int], object]
    """Publishes so many events in each run, the first with the number after this one."""


def watched(way: str, shape: Shape, place: Place, seconds: float) -> Figure:
    """Publish for so long, and return how late the viewers had it. Not a word is lost, or there is no figure."""
    _, load_cores = placement(True)
    warmup, events = (max(2, round(each * shape.rate)) for each in (1, seconds))
    with viewers(place.port, place.paths, shape.viewers, cores=load_cores, nap_us=NAP_US) as audience:
        audience.ready()
        place.publish(warmup, 0)
        audience.wait_for(warmup)
        audience.zero()
        place.publish(events, warmup)
        seen = audience.wait_for(warmup + events)
    if seen.events != events * shape.viewers:
        raise BenchError(f"{way}: {seen.events} deliveries, not {events * shape.viewers}")
    figure = Figure(way, shape, seen.late_p50_ms, seen.late_p99_ms, seen.late_max_ms)
    print(f"{way:>20}  {shape!s:>20}  {figure.p50_ms:7.2f} ms  {figure.p99_ms:7.2f} ms", file=sys.stderr, flush=True)
    return figure


def inside(at: Started, shape: Shape) -> Place:
    """Open runs in the process of a server (`bench.paced_app`), which publishes them itself."""
    ids = call(at.port, "POST", f"/open?count={shape.runs}")["ids"]

    def publish(events: int, after: int) -> None:
        call(at.port, "POST", "/publish", json.dumps({"runs": ids, **pace(shape, events, after)}).encode())

    return Place(at.port, [f"/headway/v1/runs/{id}/stream" for id in ids], publish)


def pace(shape: Shape, events: int, after: int) -> dict[str, float]:
    """Return a `bench.paced_app.Pace`."""
    return {"events": events, "rate": shape.rate, "size": SIZE, "after": after}
