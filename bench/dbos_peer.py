"""Asks DBOS, which lives in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.peers.starlettes import PYTHON
from bench.processes import BenchError
from bench.servers import Kept


def call_dbos(what: str, kept: Kept, options: Mapping[str, float]) -> dict[str, Any]:
    """Run `bench/dbos_app.py` on a Postgres and return what it found."""
    program = Path(__file__).with_name("dbos_app.py")
    command = [str(PYTHON), str(program), what, kept.dsn, f"{kept.schema}dbos", json.dumps(options)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BenchError("DBOS is not there: `make bench-peers`") from error
    if done.returncode:
        raise BenchError(f"DBOS failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
