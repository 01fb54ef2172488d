"""One run watched by viewers that read and by viewers that stop reading, and what came of it."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.load import Report, Viewers, viewers
from bench.memory import Memory, growth_mib, late_growth_mib, sampling
from bench.peers import Server
from bench.peers.headway_server import Run, call, create_run
from bench.processes import BenchError
from bench.publishing import Publisher
from bench.reader import Reader

KEYS = 50
"""Different values in the run's state: a viewer that lost its way ends with an old one of them."""
AWAKE = 64
"""Stalled viewers that read again at the same time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The load.

    Attributes:
        reading: Viewers that read.
        stalled: Viewers that do not.
        rate: Events a second.
        size: Bytes of application data in each.
        seconds: How long events are published; in the first half of it the buffers of the stalled must fill.
    """

    reading: int
    stalled: int
    rate: float
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it."""

    plan: Plan
    events: int
    rate: float
    """That was reached."""
    filling: Report
    """What the reading viewers saw in the first half, while buffers fill of those that do not read."""
    readers: Report
    """What they saw in the second half."""
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
        return growth_mib([sample.rss for sample in self.samples])

    @property
    def late_process_mib(self) -> float:
        """Growth of the server's processes in the second half."""
        return late_growth_mib([sample.rss for sample in self.samples])

    @property
    def sockets(self) -> list[int]:
        """Kernel memory of the server's side of its connections, in KiB; empty without `ss`."""
        return [sample.sockets for sample in self.samples if sample.sockets is not None]

    @property
    def sockets_mib(self) -> float:
        """Growth of it."""
        return growth_mib(self.sockets or [0])

    @property
    def late_sockets_mib(self) -> float:
        """Growth of it in the second half."""
        return late_growth_mib(self.sockets or [0])

    @property
    def tcp_mib(self) -> float:
        """Growth of the kernel's TCP memory, both ends of every connection."""
        return growth_mib([sample.tcp for sample in self.samples])


def measure(port: int, pid: int, plan: Plan, *, load_cores: set[int] | None = None) -> Seen:
    """Put the load on a running Headway server and return what it did.

    Args:
        port: Of the server, on 127.0.0.1.
        pid: Its process; descendants are counted in.
        plan: The load.
        load_cores: Cores for the viewers that read; None for any.

    Raises:
        BenchError: a reading viewer missed an event, got one twice, or was cut.
    """
    run = create_run(port)
    with (
        _asleep(plan.stalled, port, run) as sleepers,
        viewers(port, run.stream, plan.reading, cores=load_cores) as audience,
        Publisher(_keyed(run, port, pid)) as publisher,
    ):
        audience.ready()
        with sampling(port, pid) as samples:
            half = int(plan.rate * plan.seconds / 2)
            publisher.paced(half, plan.rate, plan.size)
            filling = audience.wait_for(publisher.last)
            audience.zero()
            rate = publisher.paced(half, plan.rate, plan.size)
            audience.wait_for(publisher.last)
        publisher.post(run.batch("run.succeeded", b"{}"))
        readers = _wait_for_end(audience)
        start = time.monotonic()
        wrong = _wake(sleepers, run, port)
        woken = time.monotonic() - start
    return Seen(
        plan=plan,
        events=publisher.last,
        rate=rate,
        filling=filling,
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


def _wait_for_end(audience: Viewers, within: float = 15.0) -> Report:
    deadline = time.monotonic() + within
    while (report := audience.report()).ended < report.viewers:
        if time.monotonic() > deadline:
            raise BenchError(f"the run ended, but within {within:g} s not every reading viewer was told: {report}")
        time.sleep(0.05)
    return report


def _wake(sleepers: list[Reader], run: Run, port: int) -> list[str]:
    """Let the stalled viewers read to the end, all at once, and compare what they know with the server's state."""
    with ThreadPoolExecutor(max_workers=AWAKE) as threads:
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
