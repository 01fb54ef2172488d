"""What all benchmarks have in common as programs: their options, the machine, what is printed, and the exit code."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import machine
from bench.outcome import Outcome, Record
from bench.processes import BenchError, quiet, stop_on_sigterm


@dataclass(frozen=True, slots=True)
class Program:
    """A benchmark that can be run alone: `python -m bench.<name>`.

    Args:
        name: Of the module.
        claim: What it shows; one sentence.
        options: Adds its own options.
        measure: Does it.
        quick: Other defaults for a smoke test; what was asked for by an option stays.
    """

    name: str
    claim: str
    options: Callable[[argparse.ArgumentParser], object]
    measure: Callable[[argparse.Namespace], Outcome]
    quick: Mapping[str, Any] = field(default_factory=dict)

    def parse(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """Read the command line."""
        parser = argparse.ArgumentParser(prog=f"python -m bench.{self.name}", description=self.claim)
        parser.add_argument("--quick", action="store_true", help="a smoke test: small numbers, nothing is judged")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured there, too")
        self.options(parser)
        if "--quick" in (sys.argv[1:] if arguments is None else arguments):
            parser.set_defaults(**self.quick)
        return parser.parse_args(arguments)

    def run(self, options: argparse.Namespace) -> Record:
        """Measure; a smoke test judges nothing, because its numbers are too small for the goals."""
        about, start = machine.describe(), time.monotonic()
        with quiet():
            outcome = self.measure(options)
        busy = machine.busy(about)
        if busy:
            outcome.warnings.insert(0, busy)
        if options.quick:
            outcome.goals.clear()
        return Record(self.name, self.claim, about, time.monotonic() - start, outcome)

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Measure, print, and return the exit code: 1 when no figure can be given, or what must not happen did."""
        options = self.parse(arguments)
        stop_on_sigterm()
        try:
            record = self.run(options)
        except BenchError as error:
            print(f"bench.{self.name}: {error}", file=sys.stderr)
            return 1
        print("\n".join(f"{name:>14}: {value}" for name, value in record.machine.items() if value))
        print(record.outcome.text(), flush=True)
        if options.json:
            record.save(options.json)
        return 1 if record.outcome.faults else 0
