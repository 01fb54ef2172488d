"""better-sse, the package one would take on Node."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.machine import first_line
from bench.peers import Server
from bench.processes import free_port, running, wait_for_port

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bench" / "node_modules" / "better-sse" / "package.json"


class BetterSse:
    """better_sse.mjs on the project's Node, else the system's."""

    name = "better-sse"
    pace = 1.0

    def missing(self) -> str:
        """Say what is needed and not there."""
        if not _node():
            return "Node.js"
        return "" if PACKAGE.exists() else "the packages of bench/package-lock.json (`make bench-peers`)"

    def about(self) -> str:
        """Return the versions."""
        return f"better-sse {json.loads(PACKAGE.read_text())['version']}, Node {first_line(_node(), '--version')}"

    @contextlib.contextmanager
    def serve(self, directory: Path, cores: set[int]) -> Iterator[Server]:
        """Run the program."""
        port, log = free_port(), directory / "better_sse.log"
        with running([_node(), Path(__file__).with_suffix(".mjs"), str(port)], log=log, cores=cores) as process:
            wait_for_port(process, port, log)
            yield Server(port, process.pid, "/stream", "/publish")


def _node() -> str:
    own = ROOT / ".venv" / "bin" / "node"
    return str(own) if own.exists() else shutil.which("node") or ""


PEERS = (BetterSse(),)
