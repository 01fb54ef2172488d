"""Start programs, look at what they cost, and stop them whatever happens. Linux only: the figures are from /proc."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class BenchError(RuntimeError):
    """The benchmark cannot give a figure that means anything; the text says why."""


def placement(pin: bool) -> tuple[set[int], set[int]]:
    """Return the cores of the server under test and the cores of everything else.

    The server gets a core of its own, so that the load generator's work never displaces it.
    """
    cores = sorted(os.sched_getaffinity(0))
    if not pin or len(cores) < 2:
        return set(cores), set(cores)
    return {cores[0]}, set(cores[1:])


def raise_file_limit(wanted: int) -> None:
    """Let this process and its children open `wanted` files, or say how to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, PermissionError) as error:
        message = f"{wanted} open files are needed and {hard} allowed: raise `ulimit -Hn`, or measure fewer viewers"
        raise BenchError(message) from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let Headway log only errors in this process meanwhile: that single appends are slow is in the figures."""
    log = logging.getLogger("headway")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def stop_on_sigterm() -> None:
    """Turn SIGTERM into SystemExit, so that `with` blocks stop what they started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    cores: set[int] | None = None,
    env: Mapping[str, str] | None = None,
    pipes: bool = False,
) -> Iterator[subprocess.Popen[str]]:
    """Run a program for as long as the block lasts.

    Its output goes to the file `log` (with `pipes` only the errors do). It gets SIGTERM at the end and SIGKILL 10 s
    later, and SIGTERM from the kernel should this process die first.
    """

    def enter() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if cores:
            os.sched_setaffinity(0, cores)

    with log.open("a") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else output,
            stderr=output,
            env={**os.environ, **(env or {})},
            text=True,
            preexec_fn=enter,  # noqa: PLW1509  two system calls, which wait for no other thread
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    family = tree(process.pid)
    process.terminate()
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(process: subprocess.Popen[str], port: int, log: Path, within: float = 60.0) -> None:
    """Wait until `process` accepts connections on `port`."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise BenchError(f"the server did not start; its output ends:\n{log.read_text()[-2000:]}")


def children(pid: int) -> list[int]:
    """Return the processes that `pid` has started and that are alive."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that ended meanwhile
            found.extend(map(int, listed.read_text().split()))
    return found


def tree(pid: int) -> list[int]:
    """Return `pid` and all its descendants."""
    found = [pid]
    for parent in found:
        found.extend(children(parent))
    return found


def cpu_seconds(pid: int) -> float:
    """Return the user and kernel time that `pid` and its descendants have used, in seconds.

    It is utime + stime of /proc/PID/stat, read from the process's CPU clock: that counts nanoseconds, not ticks.
    """
    total = 0.0
    for each in tree(pid):
        with contextlib.suppress(OSError):  # a process that ended meanwhile
            total += time.clock_gettime((~each << 3) | 2)  # clock_getcpuclockid(3); Python does not offer it
    return total


def memory_kib(pid: int, name: str = "Pss") -> int:
    """Return the proportional (`Pss`) or resident (`Rss`) memory of `pid` and its descendants, in KiB."""
    total = 0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total


def tcp_memory_kib() -> int:
    """Return the memory the kernel holds for all TCP sockets of this host, both ends of loopback included, in KiB."""
    found = re.search(r"^TCP:.* mem (\d+)", Path("/proc/net/sockstat").read_text(), re.MULTILINE)
    return int(found[1]) * PAGE // 1024 if found else 0


def socket_memory_kib(port: int) -> int | None:
    """Return the kernel memory of the server's side of the connections to `port`, in KiB; None without `ss`."""
    command = ["ss", "-tmnH", "state", "established", f"( sport = :{port} )"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    # r: received and unread, f: reserved, w: queued to send, o: options, bl: backlog. t is a part of w.
    return sum(int(size) for size in re.findall(r"(?<=[(,])(?:r|f|w|o|bl)(\d+)", text)) // 1024
