"""The viewers' side: one C program, compiled when it is needed, driven over pipes."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from bench.processes import BenchError, running

Returning = Literal["never", "after retry", "at once"]
RETURNING: tuple[Returning, ...] = get_args(Returning)
SOURCE = Path(__file__).with_name("viewers.c")


@dataclass(frozen=True, slots=True)
class Report:
    """What all viewers together have seen since the last `zero`; see viewers.c and stream.h for how each is found."""

    viewers: int
    streaming: int
    ended: int
    lost: int
    returns: int
    refusals: int
    events: int
    bytes: int
    reads: int
    gaps: int
    duplicates: int
    snapshots: int
    resets: int
    other: int
    last_low: int
    last_high: int
    late_p50_ms: float
    late_p99_ms: float
    late_max_ms: float


class Viewers:
    """A started load generator."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._log = log

    def ready(self) -> Report:
        """Wait until every viewer is connected; raise `BenchError` when one was refused."""
        report = Report(**self._ask("ready"))
        if report.lost:
            raise BenchError(f"{report.lost} of {report.viewers} viewers were refused: {self._log.read_text()[-500:]}")
        return report

    def report(self) -> Report:
        """Return the counters as they are."""
        return Report(**self._ask("report"))

    def zero(self) -> None:
        """Set the counters to 0. What each viewer saw last stays, so a gap across it is still found."""
        self._ask("zero")

    def cut(self) -> None:
        """Break every connection at once, without a word."""
        self._ask("cut")

    def wait_for(self, number: int, within: float = 30.0) -> Report:
        """Wait until every viewer has seen event `number`; raise `BenchError` on a loss, a repeat or a lost viewer."""
        deadline = time.monotonic() + within
        while True:
            report = self.report()
            if report.gaps or report.duplicates or report.lost:
                raise BenchError(f"viewers missed events, saw some twice or were cut: {report}")
            if report.last_low >= number:
                return report
            if time.monotonic() > deadline:
                raise BenchError(f"event {number} did not reach every viewer within {within:g} s: {report}")
            time.sleep(0.02)

    def _ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BenchError(f"the load generator ended: {self._log.read_text()[-500:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@functools.cache
def compile_c(source: Path) -> Path:
    """Compile one C file and return the program, which lasts as long as this process."""
    directory = tempfile.mkdtemp(prefix="headway-bench-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    program = Path(directory, source.stem)
    try:
        subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    except FileNotFoundError as error:
        raise BenchError("a C compiler is needed: install one that is called `cc` (Debian: gcc)") from error
    return program


@contextlib.contextmanager
def viewers(
    port: int,
    paths: str | Sequence[str],
    count: int,
    *,
    cores: set[int] | None = None,
    nap_us: int = 500,
    after: int = 0,
    returning: Returning = "never",
) -> Iterator[Viewers]:
    """Connect `count` viewers to `http://127.0.0.1:port` for as long as the block lasts.

    Args:
        port: Of the server.
        paths: What they ask for; of several, each takes the next in turn.
        count: How many.
        cores: Where the load generator runs; None: anywhere.
        nap_us: How often they look for new bytes, which is also the error of the latencies they report.
        after: Events up to this number were published before and are not expected.
        returning: When who was cut comes back by its cursor.
    """
    with tempfile.TemporaryDirectory() as directory:
        log, listed = Path(directory, "viewers.log"), Path(directory, "paths")
        listed.write_text("".join(f"{path}\n" for path in ([paths] if isinstance(paths, str) else paths)))
        arguments = (port, listed, count, nap_us, after, RETURNING.index(returning))
        command = [str(compile_c(SOURCE)), "127.0.0.1", *map(str, arguments)]
        with running(command, log=log, cores=cores, pipes=True) as process:
            yield Viewers(process, log)
