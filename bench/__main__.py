"""All benchmarks, one after the other, each in a process of its own: `python -m bench`, or `make bench`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import page
from bench.outcome import Record

ROOT = Path(__file__).parents[1]
RESULTS = Path("bench") / "results.json"
PROGRAMS = (
    "fanout",
    "latency",
    "across",
    "appends",
    "engines",
    "join",
    "resume",
    "cut",
    "stalled",
    "pruning",
    "itineraries",
    "browser",
)
"""In the order of the page."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="try all of them with small numbers; nothing is kept")
    parser.add_argument("--only", default="", help="comma-separated names; the others keep what they found before")
    parser.add_argument("--page", action="store_true", help="measure nothing, only write the page anew")
    parser.add_argument("--root", type=Path, help="where docs/ and bench/results.json are written")
    return parser.parse_args(arguments)


def run(program: str, file: Path, *, quick: bool) -> Record | None:
    """Run one benchmark; None when it gave no figures."""
    print(f"\n=== {program}\n", flush=True)
    command = [sys.executable, "-m", f"bench.{program}", "--json", str(file), *(["--quick"] if quick else [])]
    subprocess.run(command, cwd=ROOT, check=False)
    return Record.load(json.loads(file.read_text())) if file.exists() else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the page, and return the exit code: 1 when a benchmark gave no figures or found a fault."""
    options = parse(arguments)
    root = options.root or (None if options.quick else ROOT)
    chosen = [] if options.page else options.only.split(",") if options.only else list(PROGRAMS)
    with tempfile.TemporaryDirectory() as folder:
        made = {name: run(name, Path(folder, f"{name}.json"), quick=options.quick) for name in chosen}
    if root is not None:
        _keep([record for record in made.values() if record], root)
    failed = [name for name, record in made.items() if record is None or record.outcome.faults]
    if failed:
        print(f"\nFAILED: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _keep(made: Sequence[Record], root: Path) -> None:
    """Write the page from what was found now, and before where nothing was."""
    file = root / RESULTS
    file.parent.mkdir(parents=True, exist_ok=True)
    known = {record.program: record for record in (*page.load(file), *made)}
    records = [known[name] for name in PROGRAMS if name in known]
    if records:
        page.save(records, file)
        page.write(records, root / "docs")


if __name__ == "__main__":
    sys.exit(main())
