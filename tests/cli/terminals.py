"""Our commands as processes of their own: in a pipe, or on a terminal that can be looked at."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fcntl import ioctl
from pathlib import Path

from tests.checkout import ROOT, python_path

PATIENCE_S = 90.0
FOREIGN = ("HEADWAY_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


def environment(**variables: str) -> dict[str, str]:
    """The variables of a command: none of ours but those given, and none that shape output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "PYTHONPATH": python_path(ROOT), "PYTHONUNBUFFERED": "1", "TERM": "xterm-256color", **variables}


class Command:
    """A running command.

    Attributes:
        output: What it has written.
        whole: Set when nothing more can come.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self.whole = asyncio.Event()

    async def until(self, look: str | Callable[[str], bool], within_s: float = PATIENCE_S) -> str:
        """Wait until its output is as wanted, and return it."""
        wanted = (lambda output: look in output) if isinstance(look, str) else look
        try:
            async with asyncio.timeout(within_s):
                while not wanted(self.output):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"waited in vain for {look}: {self.output}") from None
        return self.output

    async def ended(self, within_s: float = PATIENCE_S) -> int:
        """Wait for its end and return its exit code."""
        try:
            async with asyncio.timeout(within_s):
                code = await self.process.wait()
                await self.whole.wait()
        except TimeoutError:
            raise AssertionError(f"it does not end: {self.output}") from None
        return code


@asynccontextmanager
async def piped(*arguments: str, cwd: Path | None = None, **variables: str) -> AsyncIterator[Command]:
    """Run ``headway`` with its output in a pipe."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "headway", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(**variables),
        cwd=cwd,
        start_new_session=True,
    )
    command = Command(process)
    assert process.stdout is not None
    reading = asyncio.create_task(_read(process.stdout, command))
    try:
        yield command
    finally:
        await _end(process)
        await reading


@asynccontextmanager
async def on_terminal(
    *arguments: str, columns: int = 80, rows: int = 24, cwd: Path | None = None, **variables: str
) -> AsyncIterator[tuple[Command, int]]:
    """Run ``headway`` on a terminal; yields the terminal's other end, too, to type into."""
    here, there = pty.openpty()
    ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "headway", *arguments),
        stdin=there,
        stdout=there,
        stderr=there,
        env=environment(**variables),
        cwd=cwd,
        start_new_session=True,
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(there)
    command = Command(process)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            command.output += os.read(here, 65_536).decode("utf-8", "replace")
        except OSError:  # the other end is closed
            loop.remove_reader(here)
            command.whole.set()

    loop.add_reader(here, read)
    try:
        yield command, here
    finally:
        await _end(process)
        loop.remove_reader(here)
        os.close(here)


async def _read(stream: asyncio.StreamReader, command: Command) -> None:
    while data := await stream.read(65_536):
        command.output += data.decode("utf-8", "replace")
    command.whole.set()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
