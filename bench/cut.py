"""Ten thousand viewers that lose their connections at the same moment: `python -m bench.cut`.

Events are published all the while. The connections break in the network, and every viewer comes back by its cursor:
after the time the server gave it, as browsers do, or at once, which no client should do. Or the server is killed and
started again. Each viewer must get each event exactly once, in order, whatever it missed.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.load import Report, Returning, Viewers, viewers
from bench.outcome import Curve, Goal, Outcome, Table
from bench.peers.headway_server import Run, create_run, serving
from bench.processes import BenchError, cpu_seconds, placement, raise_file_limit
from bench.program import Program
from bench.publishing import payload

NETWORK, HERD, KILLED = "network breaks", "network breaks, all back at once", "server killed"
WAYS: dict[str, Returning] = {NETWORK: "after retry", HERD: "at once", KILLED: "after retry"}
SIZE = 200
LOOK_S = 0.05
AGAIN_S = 0.1
PATIENCE_S = 300


@dataclass(frozen=True, slots=True)
class Figure:
    """What one cut came to."""

    way: str
    viewers: int
    back_s: float
    """From the cut until every viewer had a stream again."""
    refusals: int
    cpu_s: float
    """Of the server that they came back to, until all were back."""
    events: int
    meanwhile: int
    """Events published between the cut and the last one's return."""
    gaps: int
    duplicates: int
    resets: int
    seen: list[tuple[float, float]]
    """Viewers with a stream, over the time since the cut."""


class Steady(threading.Thread):
    """Publishes at a pace until it is stopped; an event the server did not answer is sent again, under the same key."""

    def __init__(self, port: int, run: Run, rate: float) -> None:
        super().__init__()
        self.last = 0
        self._port = port
        self._run = run
        self._rate = rate
        self._over = threading.Event()

    def run(self) -> None:
        """Publish."""
        start, connection = time.monotonic(), None
        while not self._over.wait(max(0.0, start + self.last / self._rate - time.monotonic())):
            body = self._run.custom(payload(self.last + 1, SIZE), event_key=f"n{self.last + 1}")
            connection = connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                connection.request("POST", self._run.events, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = None
                time.sleep(AGAIN_S)
                start += AGAIN_S
            else:
                self.last += answer.status == 202
        if connection:
            connection.close()

    def stop(self) -> None:
        """Stop after the event under way."""
        self._over.set()
        self.join()


def measure(options: argparse.Namespace) -> Outcome:
    """Cut in every way, interleaved."""
    raise_file_limit(options.viewers + 4000)
    return outcome([_cut(way, options) for _ in range(options.rounds) for way in WAYS])


def _cut(way: str, options: argparse.Namespace) -> Figure:
    cores, load_cores = placement(True)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        port, pid = stack.enter_context(serving(Path(name), cores))
        run = create_run(port)
        # every event, never a snapshot in place of some: what is missing cannot hide
        stream = f"{run.stream}?deliver=all"
        audience = stack.enter_context(viewers(port, stream, options.viewers, cores=load_cores, returning=WAYS[way]))
        audience.ready()
        steady = stack.enter_context(_steadily(port, run, options.rate))
        _has_all(audience, 1)
        audience.zero()
        before, cpu, begin = steady.last, cpu_seconds(pid), time.monotonic()
        if way == KILLED:
            _kill(pid, audience)
            _, pid = stack.enter_context(serving(Path(name), cores, port=port))
            cpu = 0.0
        else:
            audience.cut()
        seen = _all_back(audience, options.viewers, begin)
        cpu, meanwhile = cpu_seconds(pid) - cpu, steady.last - before
        time.sleep(1)  # what comes after they are back belongs to it
        steady.stop()
        report = _has_all(audience, steady.last)
    print(f"{way}: {options.viewers:,} back after {seen[-1][0]:.2f} s", file=sys.stderr, flush=True)
    return Figure(
        way=way,
        viewers=options.viewers,
        back_s=seen[-1][0],
        refusals=report.refusals,
        cpu_s=cpu,
        events=steady.last,
        meanwhile=meanwhile,
        gaps=report.gaps,
        duplicates=report.duplicates,
        resets=report.resets,
        seen=seen,
    )


def _kill(pid: int, audience: Viewers) -> None:
    """Kill the server; return when every viewer has noticed, for until then it would look as if they had a stream."""
    os.kill(pid, signal.SIGKILL)
    while audience.report().streaming:
        time.sleep(LOOK_S)


@contextlib.contextmanager
def _steadily(port: int, run: Run, rate: float) -> Iterator[Steady]:
    steady = Steady(port, run, rate)
    steady.start()
    try:
        yield steady
    finally:
        steady.stop()


def _all_back(audience: Viewers, count: int, begin: float) -> list[tuple[float, float]]:
    """Look until every viewer has come back; return how many had a stream, over the time."""
    seen = [(0.0, 0.0)]
    while True:
        report = audience.report()
        seen.append((time.monotonic() - begin, float(report.streaming)))
        if report.returns >= count and report.streaming == count:
            return seen
        if seen[-1][0] > PATIENCE_S:
            raise BenchError(f"within {PATIENCE_S} s not every viewer came back: {report}")
        time.sleep(LOOK_S)


def _has_all(audience: Viewers, number: int) -> Report:
    """Wait until every viewer has seen event `number`; unlike `Viewers.wait_for`, faults are counted."""
    deadline = time.monotonic() + PATIENCE_S
    while (report := audience.report()).last_low < number:
        if time.monotonic() > deadline:
            raise BenchError(f"event {number} did not reach every viewer within {PATIENCE_S} s: {report}")
        time.sleep(LOOK_S)
    return report


def outcome(figures: list[Figure]) -> Outcome:
    """Return the medians, and every fault."""
    rows, lines, goals, faults = [], [], [], []
    for way in WAYS:
        found = [each for each in figures if each.way == way]

        def middle(value: Callable[[Figure], float], found: list[Figure] = found) -> float:
            return median(map(value, found))

        gaps, duplicates = sum(each.gaps for each in found), sum(each.duplicates for each in found)
        back = middle(lambda each: each.back_s)
        cost = middle(lambda each: each.cpu_s / each.viewers * 1e6)
        meanwhile, resets = middle(lambda each: each.meanwhile), middle(lambda each: each.resets)
        shown = [f"{back:.2f}", f"{cost:.0f}", f"{meanwhile:.0f}", f"{resets:.0f}", str(gaps), str(duplicates)]
        rows.append([way, *shown])
        lines.append((way, min(found, key=lambda each: abs(each.back_s - back)).seen))
        goals += [Goal(f"{way}: events missing", gaps, 0), Goal(f"{way}: events twice", duplicates, 0)]
        faults += [f"{way}: {gaps} events are missing and {duplicates} came twice"] if gaps or duplicates else []
    count = figures[0].viewers
    heads = ["cut", "all back after s", "CPU us/viewer", "events meanwhile", "resets", "missing", "twice"]
    notes = ["CPU: of the server until all were back, publishing included; missing, twice: of all events and viewers"]
    return Outcome(
        tables=[Table(f"{count:,} viewers cut at once, medians of the rounds", heads, rows, notes)],
        goals=goals,
        curves=[Curve("cut", f"Viewers with a stream after all {count:,} were cut", "viewers", lines)],
        faults=faults,
        raw=[asdict(each) for each in figures],
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--viewers", type=int, default=10_000, help="of one run (%(default)s)")
    parser.add_argument("--rate", type=float, default=2.0, help="events a second (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of each kind (%(default)s)")


PROGRAM = Program(
    "cut",
    "Ten thousand viewers cut at once all come back, none misses an event, none sees one twice.",
    add_options,
    measure,
    {"viewers": 100, "rounds": 1, "rate": 20.0},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
