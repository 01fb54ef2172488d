"""Waiting for reports that nobody has asked for yet: a stream may be opened before there is anything to stream.

All who wait in this process are served by one statement a second, however many they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from examples.report.patience import Away

LOOK_S: Final = 0.5
WAITING_MAX: Final = 500


class Beginnings:
    """Tells when a project's report has a run.

    Args:
        look: Returns the runs of these projects, as far as there are any.
    """

    def __init__(self, look: Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]) -> None:
        self._look = look
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._looking: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether so many wait that no more should."""
        return len(self) >= WAITING_MAX

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def of(self, project_id: str, within_s: float) -> None:
        """Return when the project's report has a run, or the time is up. Cancel-safe."""
        begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(project_id, set()).add(begun)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on(), name="report: beginnings")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await begun
        finally:
            self._waiting[project_id].discard(begun)
            if not self._waiting[project_id]:
                del self._waiting[project_id]

    async def close(self) -> None:
        """Let everybody go."""
        for project_id in list(self._waiting):
            self._tell(project_id)
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look_on(self) -> None:
        while self._waiting:
            with suppress(Away):
                for project_id in await self._look(list(self._waiting)):
                    self._tell(project_id)
            await asyncio.sleep(LOOK_S)

    def _tell(self, project_id: str) -> None:
        for begun in self._waiting.get(project_id, ()):
            if not begun.done():
                begun.set_result(None)
