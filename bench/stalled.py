"""Viewers that stop reading: what they cost, whom they hold up, and whether they end right: `python -m bench.stalled`.

Some viewers read, some never do while events are published at a steady pace. Then the run ends, the stalled viewers
read again - and come back by their cursor if they were cut, as any client does - and must end in the run's state.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median

from bench.outcome import Curve, Goal, Outcome, Table
from bench.peers.headway_server import serving
from bench.processes import placement, raise_file_limit
from bench.program import Program
from bench.stalled_run import Plan, Seen, measure

BOUND_MIB = 64.0
FLAT_MIB = 4.0


@dataclass(frozen=True, slots=True)
class Pair:
    """The same readers without and with viewers that stall beside them."""

    alone: Seen
    beside: Seen

    @property
    def slower(self) -> float:
        """How many times as late the readers' p99 is, once the others have stalled."""
        return self.beside.readers.late_p99_ms / self.alone.readers.late_p99_ms


def compare(options: argparse.Namespace) -> Outcome:
    """Measure without and with stalled viewers, in turn."""
    plan = Plan(**{each.name: getattr(options, each.name) for each in fields(Plan)})
    raise_file_limit(plan.reading + plan.stalled + 1000)  # the server inherits it
    return outcome(
        [Pair(_on_new_server(replace(plan, stalled=0)), _on_new_server(plan)) for _ in range(options.rounds)]
    )


def _on_new_server(plan: Plan) -> Seen:
    cores, load_cores = placement(True)
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory), cores) as (port, pid):
        return measure(port, pid, plan, load_cores=load_cores)


def outcome(pairs: list[Pair]) -> Outcome:
    """Return the medians."""
    plan = pairs[0].beside.plan

    def middle(value: Callable[[Seen], float]) -> list[str]:
        alone, beside = (median(value(getattr(pair, side)) for pair in pairs) for side in ("alone", "beside"))
        return [f"{alone:.1f}", f"{beside:.1f}"]

    rows = [
        ["readers in the first half: p99 ms", *middle(lambda seen: seen.filling.late_p99_ms)],
        ["readers in the second half: p50 ms", *middle(lambda seen: seen.readers.late_p50_ms)],
        ["readers in the second half: p99 ms", *middle(lambda seen: seen.readers.late_p99_ms)],
        ["server's processes, MiB more", *middle(lambda seen: seen.process_mib)],
        ["of it in the second half", *middle(lambda seen: seen.late_process_mib)],
        ["server's sockets, MiB more", *middle(lambda seen: seen.sockets_mib)],
        ["of it in the second half", *middle(lambda seen: seen.late_sockets_mib)],
        ["all TCP of this host, MiB more", *middle(lambda seen: seen.tcp_mib)],
        ["stalled: resets", *middle(lambda seen: seen.stalled_resets)],
        ["stalled: reconnects", *middle(lambda seen: seen.stalled_reconnects)],
        ["stalled: s until all have the end", *middle(lambda seen: seen.stalled_end_s)],
    ]
    title = (
        f"{plan.reading:,} viewers that read, {plan.rate:g} events of {plan.size:,} bytes a second for "
        f"{plan.seconds:g} s, medians"
    )
    notes = [
        "in the first half those that do not read are written to like others, until their buffers are full",
        "all TCP: the viewers' side too, they are on the same host",
    ]
    worst = [pair.beside for pair in pairs]
    return Outcome(
        tables=[Table(title, ["", "alone", f"with {plan.stalled:,} stalled"], rows, notes)],
        goals=[
            Goal("p99 of readers, times that without stalled viewers", median(pair.slower for pair in pairs), 1.1),
            Goal("growth of the server's processes", max(seen.process_mib for seen in worst), BOUND_MIB, "MiB"),
            Goal("of it in the second half", max(seen.late_process_mib for seen in worst), FLAT_MIB, "MiB"),
            Goal("growth of its sockets in the second half", max(s.late_sockets_mib for s in worst), FLAT_MIB, "MiB"),
        ],
        curves=[Curve("stalled", f"Memory beside {plan.stalled:,} viewers that do not read", "MiB", _lines(worst[0]))],
        faults=[fault for pair in pairs for fault in (*pair.alone.wrong, *pair.beside.wrong)],
        raw=[asdict(pair) for pair in pairs],
    )


def _lines(seen: Seen) -> list[tuple[str, list[tuple[float, float]]]]:
    lines = [("server's processes (RSS)", [(sample.at_s, sample.rss / 1024) for sample in seen.samples])]
    if seen.sockets:
        lines.append(("its sockets", [(at.at_s, (at.sockets or 0) / 1024) for at in seen.samples]))
    return lines


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--reading", type=int, default=200, help="viewers that read (%(default)s)")
    parser.add_argument("--stalled", type=int, default=1_000, help="viewers that do not (%(default)s)")
    parser.add_argument("--rate", type=float, default=50.0, help="events a second (%(default)s)")
    parser.add_argument("--size", type=int, default=1_000, help="bytes of application data in an event (%(default)s)")
    parser.add_argument("--seconds", type=float, default=45.0, help="how long events are published (%(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="without and with, in turn (%(default)s)")


PROGRAM = Program(
    "stalled",
    "A thousand viewers that stop reading cost a bounded amount of memory, hold up nobody, and end in the right state.",
    add_options,
    compare,
    {"reading": 20, "stalled": 10, "rate": 100.0, "size": 4_000, "seconds": 3.0, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
