#!/usr/bin/env python3
"""Write random histories and what the Python fold makes of them, for another fold to be compared with.

One history a line, in the format of conformance/fold/ (see conformance/README.md): what a reader was offered, the
snapshot after some of the events, and the one after the last.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))  # the generator is shared with the tests

from headway.core.fold import Applied, Fold
from tests.core.histories import History, history, overflow

LARGE_EVERY = 500
"""One in so many goes past the rings and the text cap; such a history is some megabytes long."""


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=60, help="at most about so many events each")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    with args.out.open("wb") as out:
        for number in range(args.count):
            out.write(orjson.dumps(case(args.seed, number, args.events)) + b"\n")


def case(seed: int, number: int, events: int) -> dict[str, Any]:
    """Return one history as a case; the same for the same arguments on every machine."""
    rng = Random(f"{seed}/{number}")
    made = overflow(rng) if number % LARGE_EVERY == LARGE_EVERY - 1 else history(rng, events)
    return {"name": f"seed {seed}, history {number}", **_told(made, rng)}


def _told(made: History, rng: Random) -> dict[str, Any]:
    length = len(made.log)
    wanted = set(rng.sample(range(1, length + 1), min(3, length)))
    fold, snapshots, events = Fold(), {}, []
    for offer in made.offers:
        events.append({"event": offer.event, "cursor": offer.cursor, "applied": offer.applied.value})
        if fold.apply(offer.event, offer.cursor) is Applied.APPLIED and fold.seq in wanted:
            snapshots[str(fold.seq)] = fold.snapshot()
    return {"events": events, "snapshots": snapshots, "expect": fold.snapshot()}


if __name__ == "__main__":
    main()
