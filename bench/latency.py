"""From the call that publishes an event to each viewer that has it: `python -m bench.latency`.

Events are published in the server's own process, in its worker's process (they share the SQLite file), and by a client
over HTTP; to one viewer, a hundred and two thousand, of one run and of a hundred runs. A bare asyncio server and nchan
are fed over HTTP beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median

from bench.outcome import Bars, Goal, Outcome, Table
from bench.pacing import NAP_US, SIZE, Figure, Place, Shape, Started, inside, pace, watched
from bench.peers import Server, available
from bench.peers.headway_server import call, create_run, serving
from bench.processes import placement, raise_file_limit
from bench.program import Program
from bench.publishing import Publisher

INSIDE, WORKER, HTTP = "same process", "worker process", "over HTTP"
BURST = "burst, same process"
PEERS = ("bare_asyncio", "nchan")
WINDOW_MS = 30


def measure(options: argparse.Namespace) -> Outcome:
    """Measure all ways and shapes, interleaved."""
    raise_file_limit(max(options.viewers) + 4000)
    one = [Shape(count, 1, options.rate) for count in options.viewers]
    many = [Shape(count, options.runs, options.rate / 10) for count in options.viewers if count >= options.runs]
    burst = Shape(options.viewers[len(options.viewers) // 2], 1, options.rate * 25)
    peers = [name for name in PEERS if not available()[name].missing()]
    figures = []
    for _ in range(options.rounds):
        for shape in (*one, *many):
            ways = [(INSIDE, shape), (WORKER, shape), (HTTP, shape)]
            figures += _on_headway([*ways, (BURST, burst)] if shape is one[0] else ways, options.seconds)
        figures += [_on_peer(name, shape, options.seconds) for name in peers for shape in one]
    return outcome(figures, [*one, *many], burst)


def _on_headway(wanted: list[tuple[str, Shape]], seconds: float) -> list[Figure]:
    """Measure several ways on one new server."""
    cores, _ = placement(True)
    env = {"HEADWAY_CONCURRENCY": str(max(shape.runs for _, shape in wanted)), "HEADWAY_LOG_LEVEL": "error"}
    makers = {INSIDE: inside, BURST: inside, WORKER: _in_worker, HTTP: _over_http}
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name), cores, env, app="bench.paced_app:app") as (port, pid),
    ):
        at = Started(port, pid, Path(name))
        return [watched(way, shape, makers[way](at, shape), seconds) for way, shape in wanted]


def _on_peer(name: str, shape: Shape, seconds: float) -> Figure:
    cores, _ = placement(True)
    with (
        tempfile.TemporaryDirectory() as folder,
        available()[name].serve(Path(folder), cores) as server,
        Publisher(server) as publisher,
    ):
        place = Place(server.port, [server.stream], lambda events, _: publisher.paced(events, shape.rate, SIZE))
        return watched(name, shape, place, seconds)


# ------------------------------------------------------------------------------------------------ who publishes


def _in_worker(at: Started, shape: Shape) -> Place:
    gates = [at.folder / "first", at.folder / "second"]
    paths, waiting = [], list(gates)
    for index in range(shape.runs):
        turn = {"gates": [str(gate) for gate in gates], "place": index / shape.runs}
        body = json.dumps({"input": turn}).encode()
        paths.append(f"/headway/v1/runs/{call(at.port, 'POST', '/headway/v1/jobs/paced/runs', body)['id']}")
    while any(call(at.port, "GET", path)["status"] != "running" for path in paths):
        time.sleep(0.05)

    def publish(events: int, after: int) -> None:
        written = at.folder / "written"
        written.write_text(json.dumps(pace(shape, events, after)))
        written.rename(waiting.pop(0))
        time.sleep(events / shape.rate)

    return Place(at.port, [f"{path}/stream" for path in paths], publish)


def _over_http(at: Started, shape: Shape) -> Place:
    runs = [create_run(at.port, "/headway") for _ in range(shape.runs)]

    def publish(events: int, after: int) -> None:
        with contextlib.ExitStack() as stack:
            servers = (Server(at.port, at.pid, run.stream, run.events, run.custom) for run in runs)
            publishers = [stack.enter_context(Publisher(server, after)) for server in servers]
            start = time.monotonic()
            for index in range(events * shape.runs):
                time.sleep(max(0.0, start + index / shape.runs / shape.rate - time.monotonic()))
                publishers[index % shape.runs].publish(SIZE)

    return Place(at.port, [run.stream for run in runs], publish)


# ------------------------------------------------------------------------------------------------ what came of it


def outcome(figures: list[Figure], shapes: list[Shape], burst: Shape) -> Outcome:
    """Return the medians, and the ratios against the bare server."""

    def middle(way: str, shape: Shape, name: str) -> float | None:
        found = [getattr(each, name) for each in figures if (each.way, each.shape) == (way, shape)]
        return median(found) if found else None

    rows, bars = [], []
    for way, shape in [*((way, shape) for way in (INSIDE, WORKER, HTTP, *PEERS) for shape in shapes), (BURST, burst)]:
        p50, p99, most = (middle(way, shape, name) for name in ("p50_ms", "p99_ms", "max_ms"))
        if p50 is None or p99 is None or most is None:
            continue
        bare = middle("bare_asyncio", shape, "p99_ms")
        ratio = f"{p99 / bare:.2f}" if bare else "-"
        rate = f"{shape.rate * shape.runs:g}"
        rows.append([way, str(shape), rate, f"{p50:.2f}", f"{p99:.2f}", f"{most:.2f}", ratio])
        if way in (INSIDE, WORKER):
            bars.append((f"{way.split()[0]}, {shape}", [p50, p99]))
    heads = ["published", "viewers", "events/s", "p50 ms", "p99 ms", "slowest", "p99 x bare asyncio"]
    notes = [f"events of {SIZE} bytes; viewers look every {NAP_US / 1000:g} ms, which is the error"]
    return Outcome(
        tables=[Table("From publishing to the viewer, medians of the rounds", heads, rows, notes)],
        goals=list(_goals(middle, shapes, burst)),
        bars=[Bars("latency", "From publishing to the viewer", "ms", ["p50", "p99"], bars)],
        raw=[asdict(each) for each in figures],
    )


def _goals(middle: Callable[[str, Shape, str], float | None], shapes: list[Shape], burst: Shape) -> Iterator[Goal]:
    wanted = [(INSIDE, shape, "p50_ms", 5.0) for shape in shapes if shape.viewers <= 100]
    wanted += [(INSIDE, shape, "p99_ms", 25.0) for shape in shapes if shape.viewers == 2_000]
    wanted += [(WORKER, shape, "p50_ms", 30.0) for shape in shapes]
    wanted.append((BURST, burst, "p50_ms", WINDOW_MS + 5.0))
    for way, shape, name, limit in wanted:
        measured = middle(way, shape, name)
        if measured is not None:
            yield Goal(f"{way}, {shape}: {name.removesuffix('_ms')}", measured, limit, "ms")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 100, 2000], help="so many at once")
    parser.add_argument("--runs", type=int, default=100, help="watched at once where there are many (%(default)s)")
    parser.add_argument("--rate", type=float, default=20.0, help="events a second of one run (%(default)s)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved; medians are shown (%(default)s)")


PROGRAM = Program(
    "latency",
    "A viewer has an event within 5 ms of its being published in the server's process, two thousand within 25 ms.",
    add_options,
    measure,
    {"viewers": [1, 20], "runs": 10, "seconds": 1.0, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
