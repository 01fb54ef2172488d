"""CPU per delivery and memory per idle viewer, against other servers in the same run: `python -m bench.fanout`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field

from bench import fanout_report
from bench.fanout_rounds import Idle, Load, Probe, Round, fan_out, idle, probe
from bench.peers import Peer, available, find
from bench.processes import BenchError, placement, raise_file_limit
from bench.program import Program

ORDER = (
    *("c_send_loop", "bare_asyncio", "headway", "headway-send"),
    *("nchan", "better-sse", "sse-starlette", "fastapi.sse"),
)
QUICK = {"viewers": 50, "idle": 50, "rounds": 1, "events": 20, "rate": 100.0, "sizes": [200]}


@dataclass(slots=True)
class Results:
    """Everything measured in one run of the benchmark."""

    load: Load
    peers: dict[str, str]
    skipped: dict[str, str]
    probes: list[Probe] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    idle: list[Idle] = field(default_factory=list)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--peers", default="", help="comma-separated names, or .py files that define PEERS")
    parser.add_argument("--viewers", type=int, default=2000, help="viewers of one run (%(default)s)")
    parser.add_argument("--idle", type=int, default=10_000, help="idle viewers of the memory figure (%(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 2000], help="bytes of application data")
    parser.add_argument("--rate", type=float, default=20.0, help="events a second (%(default)s)")
    parser.add_argument("--events", type=int, default=100, help="events of a round (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, peers interleaved (%(default)s)")
    parser.add_argument("--nap-us", type=int, default=1000, help="how often the load generator looks (%(default)s)")
    parser.add_argument("--no-pin", action="store_true", help="let server and load share all cores")


def choose(names: str) -> tuple[list[Peer], dict[str, str]]:
    """Return the peers to measure and, by name, why others are left out; those asked for by name must be there."""
    known = available()
    asked = [name for name in names.split(",") if name]
    peers = find(asked or [*(name for name in ORDER if name in known), *sorted(set(known) - set(ORDER))])
    reasons = {peer.name: peer.missing() for peer in peers}
    skipped = {name: reason for name, reason in reasons.items() if reason}
    for name, reason in skipped.items():
        print(f"\n  !!! {name} IS SKIPPED: it needs {reason}\n", flush=True)
    if asked and skipped:
        raise BenchError(f"asked for but not there: {', '.join(skipped)}")
    return [peer for peer in peers if not reasons[peer.name]], skipped


def run(options: argparse.Namespace) -> Results:
    """Measure everything, peers interleaved; the order turns from round to round, so that none is always first."""
    raise_file_limit(max(options.viewers, options.idle) + 4000)
    server_cores, load_cores = placement(not options.no_pin)
    warmup = max(5, options.events // 5)
    load = Load(options.viewers, options.rate, warmup, options.events, options.nap_us, server_cores, load_cores)
    peers, skipped = choose(options.peers)
    results = Results(load, {peer.name: peer.about() for peer in peers}, skipped)
    results.probes = [probe(peer, load) for peer in peers]
    around = {each.peer: each.around_bytes for each in results.probes}
    for turn in range(options.rounds):
        for size in options.sizes:
            for peer in _turned(peers, turn):
                # Every peer's frames are as long as those of the peer that adds most to the data.
                data_bytes = round(size + max(around.values()) - around[peer.name])
                results.rounds.append(fan_out(peer, size, data_bytes, load))
                print(fanout_report.progress(results.rounds[-1], turn + 1, options.rounds), file=sys.stderr, flush=True)
    if options.idle:
        results.idle = [idle(peer, options.idle, load) for peer in peers]
    return results


def _turned(peers: list[Peer], turn: int) -> list[Peer]:
    first = turn % len(peers)
    return peers[first:] + peers[:first]


PROGRAM = Program(
    "fanout",
    "An event reaches 2,000 viewers for about what the kernel takes to send it, and an idle viewer costs 4 KiB.",
    add_options,
    lambda options: fanout_report.outcome(run(options)),
    QUICK,
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
