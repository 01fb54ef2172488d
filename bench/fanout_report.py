"""Fan-out: from rounds to medians, ratios, goals and pictures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.outcome import Bars, Goal, Outcome, Table

if TYPE_CHECKING:
    from bench.fanout import Results
    from bench.fanout_rounds import Round

OURS = ("headway", "headway-send")
BASES = ("c_send_loop", "nchan", "sse-starlette")
CPU_GOALS = (("c_send_loop", 1.3), ("nchan", 0.75), ("sse-starlette", 0.2))
IDLE_GOAL_KIB = 4.0
GOAL_VIEWERS = 1_000
"""With fewer, fixed costs outweigh what the goals are about: nothing is judged."""


def summary(results: Results) -> list[dict[str, Any]]:
    """Return one row of medians per event size and peer.

    A ratio is the median of the rounds' ratios, not the ratio of medians: both peers of a round ran within a minute
    of each other, so what else the machine did in other rounds falls out.
    """
    rounds = results.rounds
    sizes, peers = sorted({each.size for each in rounds}), list(dict.fromkeys(each.peer for each in rounds))
    shared = {each.peer: each.us_per_event / results.load.viewers for each in results.probes}
    return [{**_row(size, peer, rounds), "shared_us": shared.get(peer)} for size in sizes for peer in peers]


def _row(size: int, peer: str, rounds: list[Round]) -> dict[str, Any]:
    own = _of(rounds, size, peer)
    row: dict[str, Any] = {"size": size, "peer": peer, "rounds": len(own)}
    cpu = [each.us_per_delivery for each in own]
    row |= {"us_per_delivery": statistics.median(cpu), "lowest": min(cpu), "highest": max(cpu)}
    for base in BASES:
        pairs = zip(own, _of(rounds, size, base), strict=False)
        ratios = [each.us_per_delivery / other.us_per_delivery for each, other in pairs]
        row[f"x {base}"] = statistics.median(ratios) if ratios else None
    medians = ("wire_bytes", "reads", "rate", "wanted_rate", "server_busy", "generator_busy", "late_p50_ms")
    for name in (*medians, "late_p99_ms"):
        row[name] = statistics.median(getattr(each, name) for each in own)
    return row


def _of(rounds: list[Round], size: int, peer: str) -> list[Round]:
    return [each for each in rounds if (each.size, each.peer) == (size, peer)]


def goals(results: Results) -> list[Goal]:
    """Return each goal with what was measured; one that this run cannot judge is left out."""
    if results.load.viewers < GOAL_VIEWERS:
        return []
    rows = [row for row in summary(results) if row["peer"] == "headway"]
    return [
        *(
            Goal(f"CPU per delivery of {row['size']} bytes, times {base}", row[f"x {base}"], limit)
            for row in rows
            for base, limit in CPU_GOALS
            if row[f"x {base}"] is not None
        ),
        *(
            Goal("memory per idle viewer", each.kib_per_viewer, IDLE_GOAL_KIB, "KiB")
            for each in results.idle
            if each.peer == "headway" and each.viewers >= GOAL_VIEWERS
        ),
    ]


def progress(done: Round, turn: int, turns: int) -> str:
    """Return one line about a finished round."""
    return f"round {turn}/{turns}  {done.size:>6} bytes  {done.peer:<14} {done.us_per_delivery:6.2f} us per delivery"


def outcome(results: Results) -> Outcome:
    """Return everything as tables, goals and pictures."""
    rows = summary(results)
    skipped = {name: f"SKIPPED, it needs {reason}" for name, reason in results.skipped.items()}
    return Outcome(
        tables=list(_tables(results, rows)),
        goals=goals(results),
        bars=list(_bars(results, rows)),
        facts={**results.peers, **skipped},
        warnings=[*(f"{name} is {why}" for name, why in skipped.items()), *_warnings(rows)],
        raw={**asdict(results), "summary": rows},
    )


def _tables(results: Results, rows: list[dict[str, Any]]) -> Iterable[Table]:
    load = results.load
    yield _table(
        f"CPU per delivery, medians: {load.viewers:,} viewers of one run, {load.rate:g} events a second",
        rows,
        CPU_COLUMNS,
        [
            "per event: what all deliveries of an event share (an event with one viewer, divided by the viewers)",
            "bytes: on the wire, per delivery; reads: of the load generator, per delivery",
            f"server: its use of core {sorted(load.server_cores)}; load: the generator's of {sorted(load.load_cores)}",
        ],
    )
    probes = [{"peer": each.peer, "each": each} for each in results.probes]
    yield _table("With one viewer: CPU per published event, and bytes around the data", probes, PROBE_COLUMNS)
    if results.idle:
        idle = [{"peer": each.peer, "each": each} for each in results.idle]
        yield _table(f"Memory (PSS) with 0 and {results.idle[0].viewers:,} idle viewers", idle, IDLE_COLUMNS)


def _bars(results: Results, rows: list[dict[str, Any]]) -> Iterable[Bars]:
    sizes = sorted({row["size"] for row in rows})
    cost = {(row["peer"], row["size"]): row["us_per_delivery"] for row in rows}
    peers = sorted({row["peer"] for row in rows}, key=lambda peer: cost[peer, sizes[0]])
    yield Bars(
        "fanout-cpu",
        f"Server CPU per delivery, {results.load.viewers:,} viewers of one run",
        "µs",
        [f"{size} B" for size in sizes],
        [(peer, [cost[peer, size] for size in sizes]) for peer in peers],
        ours=list(OURS),
    )
    if results.idle:
        idle = sorted(results.idle, key=lambda each: each.kib_per_viewer)
        yield Bars(
            "fanout-memory",
            f"Memory per idle viewer, {idle[0].viewers:,} viewers",
            "KiB",
            ["PSS"],
            [(each.peer, [each.kib_per_viewer]) for each in idle],
            ours=list(OURS),
        )


def _warnings(rows: list[dict[str, Any]]) -> Iterable[str]:
    for row in rows:
        if row["rate"] < 0.97 * row["wanted_rate"]:
            why = "it is saturated, lower --rate" if row["server_busy"] > 0.75 else "other work kept the machine busy"
            yield f"{row['peer']} reached {row['rate']:.1f} of {row['wanted_rate']:g} events/s: {why}"
        if row["generator_busy"] > 0.75:
            yield f"{row['peer']}: the load generator was busy {row['generator_busy']:.0%} of the time"


Column = tuple[str, Callable[[dict[str, Any]], str]]


def _table(title: str, rows: list[dict[str, Any]], columns: tuple[Column, ...], notes: Iterable[str] = ()) -> Table:
    cells = [[show(row) for _, show in columns] for row in rows]
    return Table(title, [head for head, _ in columns], cells, list(notes))


def _ratio(base: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: "-" if row[f"x {base}"] is None else f"{row[f'x {base}']:.2f}"


CPU_COLUMNS: tuple[Column, ...] = (
    ("peer", lambda row: row["peer"]),
    ("event", lambda row: f"{row['size']} B"),
    ("us/delivery", lambda row: f"{row['us_per_delivery']:.2f}"),
    ("range", lambda row: f"{row['lowest']:.2f}-{row['highest']:.2f}"),
    *((f"x {base}", _ratio(base)) for base in BASES),
    ("per event", lambda row: "-" if row["shared_us"] is None else f"{row['shared_us']:.2f}"),
    ("bytes", lambda row: f"{row['wire_bytes']:.0f}"),
    ("reads", lambda row: f"{row['reads']:.2f}"),
    ("events/s", lambda row: f"{row['rate']:.1f}"),
    ("server", lambda row: f"{row['server_busy']:.0%}"),
    ("load", lambda row: f"{row['generator_busy']:.0%}"),
    ("p50 ms", lambda row: f"{row['late_p50_ms']:.1f}"),
    ("p99 ms", lambda row: f"{row['late_p99_ms']:.1f}"),
)
PROBE_COLUMNS: tuple[Column, ...] = (
    ("peer", lambda row: row["peer"]),
    ("us/event", lambda row: f"{row['each'].us_per_event:.0f}"),
    ("bytes around", lambda row: f"{row['each'].around_bytes:.0f}"),
)
IDLE_COLUMNS: tuple[Column, ...] = (
    ("peer", lambda row: row["peer"]),
    ("empty MiB", lambda row: f"{row['each'].empty_kib / 1024:.1f}"),
    ("full MiB", lambda row: f"{row['each'].full_kib / 1024:.1f}"),
    ("KiB/viewer", lambda row: f"{row['each'].kib_per_viewer:.2f}"),
)
