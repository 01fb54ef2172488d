"""The numbers of a worker process on their way to the server that keeps it, so that one page has them all.

A pipe carries one JSON object a line, all counts since the worker began. Whoever reads late has missed nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Final

import orjson

from headway.measures import Measures

TELL_EVERY_S: Final = 2.0
LINE_MAX: Final = 16_777_216


async def tell(measures: Measures, pipe: int, over: asyncio.Event) -> None:
    """Write the numbers of this process again and again, and once more when it is over; then close the pipe.

    A server that is gone ends it. It must not be cancelled: a thread may be writing, and the number of a pipe that was
    closed under it soon belongs to some other file.
    """
    try:
        last = False
        while not last:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TELL_EVERY_S):
                    await over.wait()
            last = over.is_set()
            # a full pipe waits for the server; the loop must not
            await asyncio.to_thread(_write, pipe, orjson.dumps(measures.dump()) + b"\n")
    except OSError:
        return
    finally:
        with contextlib.suppress(OSError):
            os.close(pipe)


def _write(pipe: int, line: bytes) -> None:
    while line:
        line = line[os.write(pipe, line) :]


async def follow(measures: Measures, pipe: int, process: str) -> None:
    """Read the numbers of a worker process until it ends, and keep the last ones; closes the pipe.

    Args:
        measures: Of this process; the others are shown beside its own.
        pipe: To read from.
        process: Tells this worker from others.
    """
    reader = asyncio.StreamReader(limit=LINE_MAX)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", buffering=0)
    )
    try:
        while line := await reader.readline():
            if line.endswith(b"\n"):  # the last one may be cut off by the death of its writer
                measures.show(process, orjson.loads(line))
    finally:
        measures.absorb(process)
        transport.close()
