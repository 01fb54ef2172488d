"""Viewers that stop reading: what they cost, whom they hold up, and whether they end right: `python -m bench.stalled`.

Some viewers read, some never do while events are published at a steady pace. Then the run ends, the stalled viewers
read again - and come back by their cursor if they were cut, as any client does - and must end in the run's state.
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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from bench import machine
from bench.load import Report, Viewers, viewers
from bench.peers import Server
from bench.peers.headway_server import Run, call, create_run, serving
from bench.processes import (
    BenchError,
    memory_kib,
    placement,
    raise_file_limit,
    socket_memory_kib,
    stop_on_sigterm,
    tcp_memory_kib,
)
from bench.publishing import Publisher
from bench.reader import Reader

KEYS = 50
"""Different values in the run's state: a viewer that lost its way ends with an old one of them."""
SAMPLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Memory:
    """One look at what the server holds, in KiB."""

    at_s: float
    rss: int
    pss: int
    tcp: int
    """All TCP sockets of the host: the server's, and the receive queues of the viewers, which are on this host too."""
    sockets: int | None
    """The server's side alone; None without `ss`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The load.

    Attributes:
        reading: Viewers that read.
        stalled: Viewers that do not.
        rate: Events a second.
        size: Bytes of application data in each.
        seconds: How long events are published.
    """

    reading: int = 450
    stalled: int = 50
    rate: float = 100.0
    size: int = 1000
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    plan: Plan
    events: int
    rate: float
    """That was reached."""
    readers: Report
    """What the reading viewers saw, all of them together."""
    stalled_resets: int
    stalled_reconnects: int
    stalled_end_s: float
    """From the moment they read again to the last one's `end`."""
    wrong: list[str]
    """What a viewer ended with that it should not have; empty when all is right."""
    samples: list[Memory]

    @property
    def process_mib(self) -> float:
        """Growth of the server's processes (RSS)."""
        return _growth_mib([sample.rss for sample in self.samples])

    @property
    def tcp_mib(self) -> float:
        """Growth of the kernel's TCP memory, both ends of every connection."""
        return _growth_mib([sample.tcp for sample in self.samples])

    @property
    def growth_mib(self) -> float:
        """Growth of both together."""
        return self.process_mib + self.tcp_mib


def _growth_mib(sizes_kib: Sequence[int]) -> float:
    return (max(sizes_kib) - sizes_kib[0]) / 1024


def measure(port: int, pid: int, plan: Plan, *, prefix: str = "", load_cores: set[int] | None = None) -> Outcome:
    """Put the load on a running Headway server and return what it did.

    Args:
        port: Of the server, on 127.0.0.1.
        pid: Its process; descendants are counted in.
        plan: The load.
        prefix: The path it is mounted at.
        load_cores: Cores for the viewers that read; None for any.

    Raises:
        BenchError: a reading viewer missed an event, got one twice, or was cut.
    """
    raise_file_limit(plan.reading + plan.stalled + 1000)
    run = create_run(port, prefix)
    with (
        _asleep(plan.stalled, port, run) as sleepers,
        viewers(port, run.stream, plan.reading, cores=load_cores) as audience,
        Publisher(_keyed(run, port, pid)) as publisher,
    ):
        audience.ready()
        with sampling(port, pid) as samples:
            rate = publisher.paced(int(plan.rate * plan.seconds), plan.rate, plan.size)
            audience.wait_for(publisher.last)
        publisher.post(run.batch("run.succeeded", b"{}"))
        readers = _wait_for_end(audience)
        start = time.monotonic()
        wrong = _wake(sleepers, run, port)
        woken = time.monotonic() - start
    return Outcome(
        plan=plan,
        events=publisher.last,
        rate=rate,
        readers=readers,
        stalled_resets=sum(len(sleeper.resets) for sleeper in sleepers),
        stalled_reconnects=sum(sleeper.reconnects for sleeper in sleepers),
        stalled_end_s=woken,
        wrong=wrong,
        samples=samples,
    )


@contextlib.contextmanager
def _asleep(count: int, port: int, run: Run) -> Iterator[list[Reader]]:
    sleepers = [Reader(port, run.stream) for _ in range(count)]
    with contextlib.ExitStack() as stack:
        for sleeper in sleepers:
            stack.callback(sleeper.close)
            sleeper.connect()
        yield sleepers


def _keyed(run: Run, port: int, pid: int) -> Server:
    keys = (f"k{number % KEYS}" for number in itertools.count())
    return Server(port, pid, run.stream, run.events, lambda data: run.custom(data, next(keys)))


@contextlib.contextmanager
def sampling(port: int, pid: int) -> Iterator[list[Memory]]:
    """Look at the server's memory until the block ends; the first look is before it begins."""
    begin, stop = time.monotonic(), threading.Event()

    def look() -> Memory:
        elapsed = time.monotonic() - begin
        return Memory(
            elapsed, memory_kib(pid, "Rss"), memory_kib(pid, "Pss"), tcp_memory_kib(), socket_memory_kib(port)
        )

    def watch() -> None:
        while not stop.wait(SAMPLE_S):
            samples.append(look())

    samples = [look()]
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield samples
    finally:
        stop.set()
        watcher.join()


def _wait_for_end(audience: Viewers, within: float = 15.0) -> Report:
    deadline = time.monotonic() + within
    while (report := audience.report()).ended < report.viewers:
        if time.monotonic() > deadline:
            raise BenchError(f"the run ended, but within {within:g} s not every reading viewer was told: {report}")
        time.sleep(0.05)
    return report


def _wake(sleepers: list[Reader], run: Run, port: int) -> list[str]:
    """Let the stalled viewers read to the end, all at once, and compare what they know with the server's state."""
    with ThreadPoolExecutor(max_workers=max(1, len(sleepers))) as threads:
        faults = list(threads.map(Reader.read_to_end, sleepers))
    truth = call(port, "GET", run.path)
    wrong = [fault for fault in faults if fault]
    for number, sleeper in enumerate(sleepers):
        wrong += [
            f"stalled viewer {number}: {name} is {_short(sleeper.state[name])}, not {_short(truth[name])}"
            for name in ("status", "seq", "custom")
            if sleeper.state[name] != truth[name]
        ]
    return wrong


def _short(value: object) -> str:
    return repr(value)[:80]


def text(outcome: Outcome, bound_mib: float) -> str:
    """Return the outcome as text."""
    plan, seen = outcome.plan, outcome.readers
    sockets = [sample.sockets for sample in outcome.samples if sample.sockets is not None]
    verdict = "met" if outcome.growth_mib <= bound_mib else "MISSED"
    rows = [
        ("viewers", f"{plan.reading} reading, {plan.stalled} stalled"),
        ("events", f"{outcome.events} of {plan.size} bytes at {outcome.rate:.1f}/s"),
        ("reading", f"every event once and in order, {seen.resets} resets"),
        ("late", f"p50 {seen.late_p50_ms:.1f} ms, p99 {seen.late_p99_ms:.1f} ms, most {seen.late_max_ms:.1f} ms"),
        ("process memory", f"+{outcome.process_mib:.1f} MiB"),
        ("TCP memory", f"+{outcome.tcp_mib:.1f} MiB, both ends of every connection"),
        ("server's sockets", f"+{_growth_mib(sockets):.1f} MiB of it" if sockets else "unknown, `ss` is missing"),
        ("together", f"+{outcome.growth_mib:.1f} MiB (at most {bound_mib:g}): {verdict}"),
        ("stalled", f"{outcome.stalled_resets} resets, {outcome.stalled_reconnects} reconnects"),
        ("their `end`", f"{outcome.stalled_end_s:.2f} s after they read again"),
        ("their state", "; ".join(outcome.wrong[:5]) or "the server's, all of them"),
    ]
    return "\n".join(f"{name:>16}: {value}" for name, value in rows)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.stalled", description=__doc__)
    parser.add_argument("--url", help="a running server on 127.0.0.1; without it one is started")
    parser.add_argument("--pid", type=int, help="its process")
    parser.add_argument("--reading", type=int, default=450)
    parser.add_argument("--stalled", type=int, default=50)
    parser.add_argument("--rate", type=float, default=100.0, help="events a second")
    parser.add_argument("--size", type=int, default=1000, help="bytes of application data in an event")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--max-growth-mib", type=float, default=64.0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if bool(options.url) != bool(options.pid):
        parser.error("--url and --pid go together")
    return options


def run_with(options: argparse.Namespace) -> Outcome:
    """Measure the server that was named, or one started for it."""
    plan = Plan(**{each.name: getattr(options, each.name) for each in fields(Plan)})
    if options.url:
        url = urlsplit(options.url)
        return measure(url.port or 80, options.pid, plan, prefix=url.path.rstrip("/"))
    server_cores, load_cores = placement(True)
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory), server_cores, {}) as (port, pid):
        return measure(port, pid, plan, load_cores=load_cores)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code: 1 when a viewer ended wrong or the memory bound is broken."""
    options = parse(arguments)
    stop_on_sigterm()
    try:
        outcome = run_with(options)
    except BenchError as error:
        print(f"bench.stalled: {error}", file=sys.stderr)
        return 1
    about = machine.describe()
    print("\n".join(f"{name:>16}: {value}" for name, value in about.items() if value))
    print(text(outcome, options.max_growth_mib))
    if options.json:
        options.json.write_text(json.dumps({"machine": about, **asdict(outcome)}, indent=1) + "\n")
    return 1 if outcome.wrong or outcome.growth_mib > options.max_growth_mib else 0


if __name__ == "__main__":
    sys.exit(main())
