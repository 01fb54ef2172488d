"""An application with listeners that note in a file what they are told, for tests that kill it."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from headway import Headway, RunHandle

hw = Headway()

NOTES = Path(os.environ.get("LISTENED_NOTES", "/dev/null"))
PACE_S = float(os.environ.get("LISTENED_PACE_S", "0"))


def write(*words: object) -> None:
    """Note something, in one atomic append."""
    with NOTES.open("ab", buffering=0) as file:
        file.write((" ".join(map(str, words)) + "\n").encode())


@hw.on("*", name="notes", since="beginning")
async def noted(event: dict[str, Any], run: RunHandle) -> None:
    """Told of everything, at its pace."""
    await asyncio.sleep(PACE_S)
    write("notes", run.id, event["seq"], os.getpid())


@hw.on("run.succeeded", "run.failed", name="ends", since="beginning")
def ended(event: dict[str, Any], run: Any) -> None:
    """Plain code in a thread, which asks the handle."""
    time.sleep(PACE_S)
    write("ends", run.id, event["seq"], run.snapshot()["status"], run.owner)
