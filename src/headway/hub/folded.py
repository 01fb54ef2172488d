"""A feed's own fold of its run, and the frames made of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from headway.core.cursor import Cursor
from headway.core.fold import Fold
from headway.hub import frames
from headway.hub.frames import Block, Encoded, Form
from headway.hub.recent import Recent
from headway.types import RunId, Seq

logger = logging.getLogger("headway.hub")

SLICE_S: Final = 0.005
"""How long folding may keep the event loop from everybody else."""

LARGE_BYTES: Final = 65_536
"""A snapshot of this size takes about a millisecond to make."""

MEASURE_EVERY: Final = 500
"""Events after which a snapshot's size is looked at anew."""

_LOOK_AT_CLOCK: Final = 32


class Folded:
    """State of a run, folded behind the fan-out.

    Args:
        run_id: The run.
        fold: Its state; not used by anybody else.
        time: Of the last event in it.
    """

    __slots__ = ("_measured", "_run_id", "_snapshots", "fold", "time")

    def __init__(self, run_id: RunId, fold: Fold, time: str | None) -> None:
        self._run_id = run_id
        self.fold = fold
        self.time = time
        self._snapshots: dict[bool, tuple[Cursor, Block]] = {}
        self._measured: tuple[Seq, int] = 0, 0

    @property
    def seq(self) -> Seq:
        """Seq of the last event in it."""
        return self.fold.seq

    async def take(self, events: Sequence[Encoded]) -> None:
        """Fold in the next events, letting others run every `SLICE_S`."""
        until = time.perf_counter() + SLICE_S
        for count, encoded in enumerate(events, 1):
            envelope = encoded.event.envelope()
            self.fold.apply(envelope, encoded.event.cursor)
            self.time = envelope["time"]
            if not count % _LOOK_AT_CLOCK and time.perf_counter() > until:
                await asyncio.sleep(0)
                until = time.perf_counter() + SLICE_S

    def snapshot(self, form: Form, recent: Recent) -> tuple[Cursor, Block]:
        """Return a snapshot frame and its position, from which `recent` goes on.

        A large one is used again while little has come after it: many viewers may join at once while events come.
        """
        made = self._snapshots.get(form.prefixed)
        if made is None or not self._is_good(made[0].seq, len(made[1].raw), recent):
            cursor = Cursor.parse(self.fold.cursor)
            made = self._snapshots[form.prefixed] = cursor, Block(frames.snapshot(self.fold, form, self._run_id))
            self._measured = self.seq, len(made[1].raw)
        return made

    def _is_good(self, made: Seq, size: int, recent: Recent) -> bool:
        if made == self.seq:
            return True
        return size > LARGE_BYTES and recent.covers(made) and recent.bytes_after(made) < size // 8

    def snapshot_size(self) -> int:
        """Return about how many bytes a snapshot has; good enough to compare a tail with."""
        seq, size = self._measured
        if not size or self.seq - seq >= MEASURE_EVERY:
            size = len(self.fold.snapshot_json())
            self._measured = self.seq, size
        return size

    def progress(self, form: Form) -> Block:
        """Return the flat summary; an empty one where a view of the application's own says nothing, or fails."""
        try:
            return Block(frames.progress(self.fold, form, self._run_id, self.time))
        except Exception:
            if form.view is None:
                raise
            logger.exception("the view %r of run %s failed", form.view, self._run_id)
            return Block(b"")
