"""Killing as ``kill -9`` does it: no handler runs, nothing is flushed, no lock is given back by hand."""

from __future__ import annotations

import asyncio
import os
import signal

from headway import Run

GRACE_S = 0.2
"""From the answer to the deed, so that the answer gets away."""


async def kill_worker(run: Run) -> str:
    """Kill the worker that runs this, once: the next one finds that it is done.

    A job, because that is how one reaches a worker, wherever it is.
    """
    if run.context.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return "another worker has taken over"


def kill_server() -> None:
    """Kill this process soon."""
    asyncio.get_running_loop().call_later(GRACE_S, os.kill, os.getpid(), signal.SIGKILL)
