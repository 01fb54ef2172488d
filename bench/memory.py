"""What a server and its sockets hold, looked at while something happens to it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.processes import memory_kib, socket_memory_kib, tcp_memory_kib

SAMPLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Memory:
    """One look, in KiB."""

    at_s: float
    rss: int
    pss: int
    tcp: int
    """All TCP sockets of the host: the server's, and the receive queues of the viewers, which are on this host too."""
    sockets: int | None
    """The server's side alone; None without `ss`."""


@contextlib.contextmanager
def sampling(port: int, pid: int) -> Iterator[list[Memory]]:
    """Look at the server's memory until the block ends; the first look is before it begins."""
    begin, stop = time.monotonic(), threading.Event()

    def look() -> Memory:
        elapsed = time.monotonic() - begin
        return Memory(
            elapsed, memory_kib(pid, "Rss"), memory_kib(pid, "Pss"), tcp_memory_kib(), socket_memory_kib(port)
        )

    def watch() -> None:
        while not stop.wait(SAMPLE_S):
            samples.append(look())

    samples = [look()]
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield samples
    finally:
        stop.set()
        watcher.join()


def growth_mib(sizes_kib: Sequence[int]) -> float:
    """Return how far the sizes went above the first one."""
    return (max(sizes_kib) - sizes_kib[0]) / 1024


def late_growth_mib(sizes_kib: Sequence[int]) -> float:
    """Return how far the sizes of the second half went above the middle: 0 where nothing grows any more."""
    return growth_mib(sizes_kib[len(sizes_kib) // 2 :])
