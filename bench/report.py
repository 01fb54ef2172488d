"""From rounds to medians, ratios and text."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.fanout import Results
    from bench.measure import Round

BASES = ("c_send_loop", "nchan")
CPU_GOALS = (("headway", "c_send_loop", 1.3), ("headway", "nchan", 0.75))
IDLE_GOAL_KIB = ("headway", 4.0)
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
    for name in ("wire_bytes", "reads", "rate", "server_busy", "generator_busy", "late_p50_ms", "late_p99_ms"):
        row[name] = statistics.median(getattr(each, name) for each in own)
    return row


def _of(rounds: list[Round], size: int, peer: str) -> list[Round]:
    return [each for each in rounds if (each.size, each.peer) == (size, peer)]


def goals(results: Results) -> list[dict[str, Any]]:
    """Return each goal with what was measured; one that this run cannot judge is left out."""
    found = []
    for row in summary(results) if results.load.viewers >= GOAL_VIEWERS else ():
        for peer, base, limit in CPU_GOALS:
            if row["peer"] == peer and row[f"x {base}"] is not None:
                what = f"{peer}, CPU per delivery of {row['size']} bytes, x {base}"
                found.append({"what": what, "limit": limit, "measured": row[f"x {base}"]})
    peer, limit = IDLE_GOAL_KIB
    found += [
        {"what": f"{peer}, KiB per idle viewer", "limit": limit, "measured": each.kib_per_viewer}
        for each in results.idle
        if each.peer == peer and each.viewers >= GOAL_VIEWERS
    ]
    return found


def progress(done: Round, turn: int, turns: int) -> str:
    """Return one line about a finished round."""
    return f"round {turn}/{turns}  {done.size:>6} bytes  {done.peer:<14} {done.us_per_delivery:6.2f} us per delivery"


def text(results: Results) -> str:
    """Return the whole report as text."""
    load = results.load
    lines = [f"{name:>14}: {value}" for name, value in results.machine.items() if value]
    lines += [f"{name:>14}: {about}" for name, about in results.peers.items()]
    lines += [f"{name:>14}: SKIPPED, it needs {reason}" for name, reason in results.skipped.items()]
    lines += [
        "",
        f"CPU per delivery, medians: {load.viewers:,} viewers of one run, {load.events} events each, {load.rate:g}/s",
        "  per event: what all deliveries of an event share (an event with one viewer, divided by the viewers)",
        "  bytes: on the wire, per delivery; reads: of the load generator, per delivery",
        f"  server: its use of core {sorted(load.server_cores)}; load: the generator's of {sorted(load.load_cores)}",
        *_table(summary(results), CPU_COLUMNS),
        *_warnings(results),
    ]
    rows = [{"peer": each.peer, "each": each} for each in results.probes]
    lines += ["", "With one viewer: CPU per published event, and bytes around the data", *_table(rows, PROBE_COLUMNS)]
    if results.idle:
        rows = [{"peer": each.peer, "each": each} for each in results.idle]
        lines += ["", f"Memory (PSS) with 0 and {results.idle[0].viewers:,} idle viewers", *_table(rows, IDLE_COLUMNS)]
    lines += ["", *(_verdict(goal) for goal in goals(results))]
    return "\n".join(lines)


def _verdict(goal: dict[str, Any]) -> str:
    measured, limit = goal["measured"], goal["limit"]
    verdict = "met" if measured <= limit else f"MISSED by {(measured / limit - 1) * 100:.0f} %"
    return f"goal: {goal['what']}: {measured:.2f} (at most {limit:g}): {verdict}"


def _warnings(results: Results) -> Iterable[str]:
    began, cores = float(results.machine["load average"].split()[0]), int(results.machine["cores"])
    if began > cores / 2:
        yield f"! the machine was busy before this began (load {began:g} on {cores} cores): take the ratios as rough"
    for row in summary(results):
        if row["rate"] < 0.97 * results.load.rate:
            why = "it is saturated, lower --rate" if row["server_busy"] > 0.75 else "other work kept the machine busy"
            yield f"! {row['peer']} reached {row['rate']:.1f} of {results.load.rate:g} events/s: {why}"
        if row["generator_busy"] > 0.75:
            yield f"! {row['peer']}: the load generator was busy {row['generator_busy']:.0%} of the time"


Column = tuple[str, Callable[[dict[str, Any]], str]]


def _table(rows: list[dict[str, Any]], columns: tuple[Column, ...]) -> list[str]:
    cells = [[title for title, _ in columns], *([show(row) for _, show in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]


def _ratio(base: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: "-" if row[f"x {base}"] is None else f"{row[f'x {base}']:.2f}"


CPU_COLUMNS: tuple[Column, ...] = (
    ("event", lambda row: f"{row['size']} B"),
    ("peer", lambda row: row["peer"]),
    ("us/delivery", lambda row: f"{row['us_per_delivery']:.2f}"),
    ("range", lambda row: f"{row['lowest']:.2f}-{row['highest']:.2f}"),
    *((f"x {base}", _ratio(base)) for base in BASES),
    ("per event", lambda row: "-" if row["shared_us"] is None else f"{row['shared_us']:.2f}"),
    ("bytes", lambda row: f"{row['wire_bytes']:.0f}"),
    ("reads", lambda row: f"{row['reads']:.2f}"),
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
