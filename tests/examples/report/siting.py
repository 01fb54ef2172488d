"""The demo's sites in a process of their own, for tests."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def running_sites(latency_s: float = 0.0) -> Iterator[dict[str, str]]:
    """Start them, yield their addresses by name, and stop them."""
    command = [sys.executable, "-m", "examples.report.competitors", "--latency", str(latency_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            sites: dict[str, str] = json.loads(process.stdout.readline())
            yield sites
        finally:
            process.terminate()
            process.wait(timeout=30)


def allowed(sites: dict[str, str]) -> frozenset[str]:
    """What a guard has to let through to reach them."""
    return frozenset(url.removeprefix("http://") for url in sites.values())
