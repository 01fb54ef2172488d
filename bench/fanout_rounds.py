"""The measurements of fan-out: CPU per delivery, CPU per event, and memory per idle viewer."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.load import Viewers, viewers
from bench.peers import Peer, Server
from bench.processes import BenchError, cpu_seconds, memory_kib
from bench.publishing import Publisher

PROBE_SIZE = 200
PROBE_EVENTS = 50
PROBE_VIEWERS = 20
SETTLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """How hard the servers are driven, and which cores do it."""

    viewers: int
    rate: float
    warmup: int
    events: int
    nap_us: int
    server_cores: set[int]
    load_cores: set[int]


@dataclass(frozen=True, slots=True)
class Probe:
    """What one viewer shows of a peer."""

    peer: str
    around_bytes: float
    """Bytes on the wire besides the application's data."""
    us_per_event: float
    """CPU of one published event with one viewer: what is shared by all deliveries of an event."""


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement of one peer."""

    peer: str
    size: int
    deliveries: int
    server_cpu_s: float
    """User and kernel time of all the peer's processes."""
    us_per_delivery: float
    wire_bytes: float
    """Bytes of the response per delivery, HTTP framing included."""
    reads: float
    """Reads of the load generator per delivery; far under 1 means that events were joined."""
    rate: float
    wanted_rate: float
    server_busy: float
    """Share of one core."""
    generator_busy: float
    late_p50_ms: float
    late_p99_ms: float


@dataclass(frozen=True, slots=True)
class Idle:
    """Memory (PSS) of one peer without and with idle viewers."""

    peer: str
    viewers: int
    empty_kib: int
    full_kib: int
    kib_per_viewer: float


def probe(peer: Peer, load: Load) -> Probe:
    """Publish to a single viewer: what a peer adds to the data, and what an event costs before it is fanned out.

    At the pace of the rounds, because a server that sleeps longer between two events finds its caches colder.
    """
    with _served(peer, load) as server, _watching(server, 1, load) as audience, Publisher(server) as publisher:
        publisher.paced(load.warmup, load.rate, PROBE_SIZE)
        before, cpu = audience.wait_for(publisher.last).bytes, cpu_seconds(server.pid)
        publisher.paced(PROBE_EVENTS, load.rate, PROBE_SIZE)
        after, cpu = audience.wait_for(publisher.last).bytes, cpu_seconds(server.pid) - cpu
    return Probe(peer.name, (after - before) / PROBE_EVENTS - PROBE_SIZE, cpu / PROBE_EVENTS * 1e6)


def fan_out(peer: Peer, size: int, data_bytes: int, load: Load) -> Round:
    """Publish at a steady pace to `load.viewers` viewers and take the server's CPU time.

    `size` names the row of the table; `data_bytes` is what this peer is given, so that its frames are as long as
    everybody's.
    """
    # A slower peer has as much time as the others, and fewer events.
    wanted, events, warmup = (max(1, round(peer.pace * each)) for each in (load.rate, load.events, load.warmup))
    with (
        _served(peer, load) as server,
        _watching(server, load.viewers, load) as audience,
        Publisher(server) as publisher,
    ):
        publisher.paced(warmup, wanted, data_bytes)
        audience.wait_for(publisher.last)
        audience.zero()
        cpu, generator, start = cpu_seconds(server.pid), cpu_seconds(audience.pid), time.monotonic()
        rate = publisher.paced(events, wanted, data_bytes)
        seen = audience.wait_for(publisher.last)
        cpu, generator = cpu_seconds(server.pid) - cpu, cpu_seconds(audience.pid) - generator
        wall = time.monotonic() - start
    expected = load.viewers * events
    if seen.events != expected:
        raise BenchError(f"{peer.name}: {seen.events} deliveries, not {expected}")
    return Round(
        peer=peer.name,
        size=size,
        deliveries=expected,
        server_cpu_s=cpu,
        us_per_delivery=cpu / expected * 1e6,
        wire_bytes=seen.bytes / expected,
        reads=seen.reads / expected,
        rate=rate,
        wanted_rate=wanted,
        server_busy=cpu / wall,
        generator_busy=generator / wall,
        late_p50_ms=seen.late_p50_ms,
        late_p99_ms=seen.late_p99_ms,
    )


def idle(peer: Peer, count: int, load: Load) -> Idle:
    """Take a server's memory before and after `count` viewers came, each proven alive by one delivered event.

    A few viewers and events go before, so that what a server loads once is not charged to its viewers.
    """
    with _served(peer, load) as server:
        with _watching(server, PROBE_VIEWERS, load) as audience, Publisher(server) as publisher:
            publisher.paced(5, 50, PROBE_SIZE)
            audience.wait_for(publisher.last)
        time.sleep(SETTLE_S)
        empty = memory_kib(server.pid)
        with _watching(server, count, load, after=publisher.last) as audience:
            with Publisher(server, publisher.last) as publisher:
                publisher.publish(PROBE_SIZE)
                audience.wait_for(publisher.last)
            time.sleep(SETTLE_S)
            full = memory_kib(server.pid)
    return Idle(peer.name, count, empty, full, (full - empty) / count)


@contextlib.contextmanager
def _served(peer: Peer, load: Load) -> Iterator[Server]:
    """Each measurement has a server and files of its own: nothing is left of the one before."""
    with tempfile.TemporaryDirectory() as directory, peer.serve(Path(directory), load.server_cores) as server:
        yield server


@contextlib.contextmanager
def _watching(server: Server, count: int, load: Load, after: int = 0) -> Iterator[Viewers]:
    with viewers(server.port, server.stream, count, cores=load.load_cores, nap_us=load.nap_us, after=after) as audience:
        audience.ready()
        yield audience
