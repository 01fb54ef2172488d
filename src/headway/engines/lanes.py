"""Queues, and which of them a worker process works on."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from headway.errors import UsageError

DEFAULT_QUEUE: Final = "default"
PRIORITY_MAX: Final = 9
"""Redis knows no finer ones, through Celery."""

_QUEUE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Lane:
    """Queues that share a number of slots in a worker process.

    Attributes:
        queues: Their names.
        slots: Attempts at once.
    """

    queues: frozenset[str]
    slots: int

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.queues))} ({self.slots} at once)"


def lanes_of(text: str, slots: int, queues: Collection[str]) -> list[Lane]:
    """Read which queues a worker works on.

    Args:
        text: ``reports=4,default``: a queue with a number has slots of its own, the others share `slots`. Empty: every
            queue there is.
        slots: Attempts at once where no number is given.
        queues: Of the registered jobs.

    Raises:
        UsageError: a name or number cannot be, no job waits in such a queue, or one is named twice.
    """
    lanes: list[Lane] = []
    shared: set[str] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if name not in queues:
            raise UsageError(f"no job waits in queue {name!r}", hint=f"there are: {', '.join(sorted(queues))}")
        if name in shared or any(name in lane.queues for lane in lanes):
            raise UsageError(f"queue {name!r} is named twice")
        if not equals:
            shared.add(name)
        elif number.isdecimal() and int(number) > 0:
            lanes.append(Lane(frozenset([name]), int(number)))
        else:
            raise UsageError(f"{part}: {number!r} is no number of slots", hint="write queue=4, or only queue")
    if shared or not lanes:
        lanes.append(Lane(frozenset(shared or queues), slots))
    return lanes


def check_queue(name: str) -> str:
    """Return the name of a queue as it is.

    Raises:
        UsageError: it cannot be one.
    """
    if not _QUEUE.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a queue", hint="1 to 64 letters, digits, _, . and -")
    return name
