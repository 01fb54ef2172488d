"""Many viewers of one run: real Python clients over HTTP, because a browser has six connections per host."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final, Literal, Protocol

from headway import Client, HeadwayError

VIEWERS_MAX: Final = 50
LIFE_S: Final = 600.0

Status = Literal["connecting", "live", "reconnecting", "ended"]


class Connection(Protocol):
    """How a connection stands, as the client tells it."""

    @property
    def state(self) -> str:
        """``connecting``, ``live``, ``waiting`` or ``closed``."""
        ...


class Viewer:
    """One client that watches a run to its end.

    Attributes:
        status: How its connection stands.
    """

    def __init__(self, url: str, run_id: str) -> None:
        self.status: Status = "connecting"
        self._state: Mapping[str, Any] = {"seq": 0}
        self._digest: tuple[int, str] = (-1, "")
        self.task = asyncio.create_task(self._watch(url, run_id), name=f"demo-viewer-{run_id}")

    @property
    def seq(self) -> int:
        """Of the last event it has seen."""
        seq: int = self._state["seq"]
        return seq

    def digest(self) -> tuple[int, str]:
        """Return where it stands, and a fingerprint of all it knows; made once for each state it is asked about."""
        if self._digest[0] != self.seq:
            state = json.dumps(dict(self._state), sort_keys=True).encode()
            self._digest = self.seq, hashlib.sha256(state).hexdigest()
        return self._digest

    async def _watch(self, url: str, run_id: str) -> None:
        try:
            async with (
                asyncio.timeout(LIFE_S),
                Client(url) as client,
                aclosing(client.watch(run_id, on_connection=self._connected)) as states,
            ):
                async for state, _ in states:
                    self._state = state
        except (HeadwayError, TimeoutError):
            pass  # the run was deleted, or it takes too long: there is nothing to see any more
        finally:
            self.status = "ended"

    def _connected(self, connection: Connection) -> None:
        if connection.state == "live":
            self.status = "live"
        elif self.status != "connecting":
            self.status = "reconnecting"


class Viewers:
    """All viewers of this process, at most `VIEWERS_MAX`. They end with their run, or after ten minutes."""

    def __init__(self) -> None:
        self._viewers: dict[str, list[Viewer]] = {}

    def open(self, url: str, run_id: str, count: int) -> None:
        """Open so many more viewers of a run, as far as there is room.

        Args:
            url: Where Headway's routes are.
            run_id: The run.
            count: How many.
        """
        watched = {run: viewers for run, viewers in self._viewers.items() if run == run_id or _any_left(viewers)}
        room = VIEWERS_MAX - sum(map(len, watched.values()))
        watched.setdefault(run_id, []).extend(Viewer(url, run_id) for _ in range(min(count, room)))
        self._viewers = watched

    def seen(self, run_id: str) -> dict[str, Any]:
        """Return how each viewer of a run stands, and whether all that have come equally far have the same state."""
        viewers = self._viewers.get(run_id, [])
        digests = {viewer.digest() for viewer in viewers}
        return {
            "viewers": [
                {"n": number, "status": viewer.status, "seq": viewer.seq} for number, viewer in enumerate(viewers, 1)
            ],
            "agree": len(digests) == len({seq for seq, _ in digests}),
        }

    async def close(self, run_id: str | None = None) -> None:
        """Send the viewers of a run away, or all."""
        runs = list(self._viewers) if run_id is None else [run_id]
        leaving = list(itertools.chain.from_iterable(self._viewers.pop(run, []) for run in runs))
        for viewer in leaving:
            viewer.task.cancel()
        await asyncio.gather(*(viewer.task for viewer in leaving), return_exceptions=True)


def _any_left(viewers: list[Viewer]) -> bool:
    return not all(viewer.task.done() for viewer in viewers)
