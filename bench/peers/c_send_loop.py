"""The limit: one `send()` per viewer and event, in C."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.load import compile_c
from bench.machine import first_line
from bench.peers import Server
from bench.processes import free_port, running, wait_for_port


class CSendLoop:
    """c_send_loop.c, compiled here."""

    name = "c_send_loop"
    pace = 1.0

    def missing(self) -> str:
        """Say what is needed and not there."""
        return "" if first_line("cc", "--version") else "a C compiler called `cc`"

    def about(self) -> str:
        """Return the compiler's version."""
        return first_line("cc", "--version")

    @contextlib.contextmanager
    def serve(self, directory: Path, cores: set[int]) -> Iterator[Server]:
        """Run the loop."""
        program, port, log = compile_c(Path(__file__).with_suffix(".c")), free_port(), directory / "c_send_loop.log"
        with running([program, str(port)], log=log, cores=cores) as process:
            wait_for_port(process, port, log)
            yield Server(port, process.pid, "/stream", "/publish")


PEERS = (CSendLoop(),)
