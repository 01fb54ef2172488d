"""Processes that are kept running: started, noted by their ids, started again, stopped in the end."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 30.0
STOP_S: Final = 10.0
PAUSE_S: Final = 1.0
"""Between the end of a process and the next one, so that one that cannot start is not started ten times a second."""


class Kept:
    """One process, and those that take its place.

    Args:
        name: For people.
        command: What is run.
        variables: Of its environment.
        noted_in: Folder with a file for each that runs, named by its process id; None: nowhere.
    """

    def __init__(
        self, name: str, command: Sequence[str], variables: Mapping[str, str], noted_in: Path | None = None
    ) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes]
        self._command = command
        self._variables = variables
        self._noted_in = noted_in

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C is for whoever stops it in its turn."""
        environment = {**os.environ, **self._variables}
        self.process = subprocess.Popen(self._command, env=environment, start_new_session=True)  # noqa: S603 - our own
        if self._noted_in is not None:
            (self._noted_in / str(self.process.pid)).touch()

    def restart(self) -> None:
        """Start another one in the place of one that has ended."""
        self._forget()
        time.sleep(PAUSE_S)
        self.start()

    def ask_to_stop(self) -> None:
        """Ask it to end, and do not wait for that."""
        self.process.terminate()

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self.ask_to_stop()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._forget()

    def _forget(self) -> None:
        if self._noted_in is not None:
            (self._noted_in / str(self.process.pid)).unlink(missing_ok=True)


@contextlib.contextmanager
def children() -> Iterator[Callable[[Kept], None]]:
    """Yield what starts a process. With the block all of them end, asked at once: each takes a second to leave."""
    with contextlib.ExitStack() as waiting, contextlib.ExitStack() as asking:

        def start(one: Kept) -> None:
            one.start()
            waiting.callback(one.stop)
            asking.callback(one.ask_to_stop)

        yield start


def until_it_listens(kept: Kept, port: int) -> None:
    """Wait until a server takes connections; end the program when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and kept.process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    sys.exit(f"the {kept.name} does not start; what stands above says more")
