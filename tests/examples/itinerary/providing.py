"""A real place provider in a process of its own, for tests."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]

CALM = {
    "latency_min_s": 0.0,
    "latency_max_s": 0.01,
    "fault_rate": 0.0,
    "fault_kinds": ["unavailable", "hang", "garbage"],
    "down": False,
    "down_city": None,
    "slow_city": None,
    "slow_extra_s": 3.0,
    "hang_s": 30.0,
    "retry_after_s": 1.0,
    "seed": 0,
}
"""The dial as every test finds it."""


@contextlib.contextmanager
def running_provider(dial: dict = CALM, *options: str) -> Iterator[str]:
    """Start a provider on a free port, yield its address and stop it."""
    command = [sys.executable, "-m", "examples.itinerary.provider", "--port", "0", "--dial", json.dumps(dial), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("place provider on http://127.0.0.1:"), f"it said {line!r}"
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait(timeout=30)
