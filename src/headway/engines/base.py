"""An engine delivers run ids to processes. All else (claim, steps, cancel, retry) is the runtime's, under every one."""

from __future__ import annotations

from typing import Protocol

from headway.types import RunId


class Engine(Protocol):
    """Delivers attempts of runs to a `Runtime`; delivering one twice, or a day late, does no harm.

    Attributes:
        name: Said at start and in ``/readyz``.
    """

    name: str

    async def start(self) -> None:
        """Begin to deliver. Returns when deliveries are possible."""
        ...

    async def submit(self, run_id: RunId, attempt: int) -> None:
        """Deliver this attempt soon, once or more often. The run's row is committed before this is called."""
        ...

    async def stop(self, drain_s: float = 0.0) -> None:
        """Take no more deliveries, let running attempts go on for `drain_s`, then hand them back."""
        ...
