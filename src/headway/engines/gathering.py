"""The numbers of processes that an engine's library has forked: each keeps its own in a file, one shows the sum.

The files of processes that have ended stay as long as their folder, so no count ever falls.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from headway.engines.numbers import TELL_EVERY_S
from headway.measures import Histogram, Measure, Measures


class Gathered(Measures):
    """What all processes together have counted, read anew whenever somebody asks.

    Args:
        folder: Where they keep it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def dump(self) -> dict[str, Any]:
        """Return the sum as JSON."""
        whole = Measures()
        for process, numbers in self._read():
            whole.show(process, numbers)
            whole.absorb(process)
        return whole.dump()

    def counters(self, what: Measure) -> Mapping[tuple[str, ...], float]:
        """Return the counts of all processes by labels."""
        self._look()
        return super().counters(what)

    def histograms(self, what: Measure) -> Mapping[tuple[str, ...], Histogram]:
        """Return the histograms of all processes by labels."""
        self._look()
        return super().histograms(what)

    def _look(self) -> None:
        for process, numbers in self._read():
            self.show(process, numbers)

    def _read(self) -> list[tuple[str, Any]]:
        return [(file.stem, orjson.loads(file.read_bytes())) for file in self._folder.glob("*.json")]


async def keep(measures: Measures, folder: Path, over: asyncio.Event) -> None:
    """Write the numbers of this process into a file of its own again and again, and once more when it is over."""
    file = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    last = False
    while not last:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELL_EVERY_S):
                await over.wait()
        last = over.is_set()
        with contextlib.suppress(OSError):  # a full disk must not end the work; what is missing comes with the next one
            await asyncio.to_thread(_replace, file, orjson.dumps(measures.dump()))


def _replace(file: Path, numbers: bytes) -> None:
    """Write a file as a whole: whoever reads meanwhile has the one before."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(numbers)
    fresh.replace(file)
