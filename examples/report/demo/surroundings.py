"""What the demos have around them: made-up sites, a terminal, perhaps a display."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]


@contextlib.contextmanager
def sites_running(latency_s: float) -> Iterator[dict[str, str]]:
    """Run the sites of four made-up companies; yield their addresses."""
    command = [sys.executable, "-m", "examples.report.competitors", "--latency", str(latency_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)  # noqa: S603 - our own
    try:
        line = process.stdout.readline() if process.stdout is not None else b""
        if not line:
            sys.exit("the competitors' sites do not start; what stands above says more")
        addresses: dict[str, str] = json.loads(line)
        yield addresses
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def has_display() -> bool:
    """Whether somebody sits here who would see a browser."""
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def stop_once() -> None:
    """Have Ctrl-C and SIGTERM end the program in order."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    """Stop, once: who is impatient must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.write(1, b"\n  Stopping ...\n")  # not by print, which this may have interrupted
    raise KeyboardInterrupt
