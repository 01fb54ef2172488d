"""`tqdm` bars that are also the progress of the current run.

::

    from headway.tqdm import tqdm, trange

    with headway.attach(url, run_id):
        for page in tqdm(pages, desc="reading"):
            ...

It is a subclass of the real `tqdm.tqdm` (``pip install 'headway[tqdm]'``): everything a bar can do, and what it draws,
is tqdm's. Where no run is active it is nothing else. Inside one,

* the outermost bar moves what it stands in: the run, or the phase or item whose block it is in;
* a bar inside another one is an item, begun anew each time such a bar is made;
* ``phase="read"`` moves that phase of the run: give each of several bars one, and the run's percent is right;
* a bar reports twice a second at most, and when it begins and ends. A phase or item of its own is finished when the bar
  has come to its total, or had none; one that was left early stays where it is;
* what stops a run is raised where the bar moves, as by any report.

A bar that is not drawn because nobody would see it (``disable=None``) reports all the same; with ``disable=True`` it
does nothing at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from headway.errors import HeadwayError
from headway.publish.context import active
from headway.publish.item import Item
from headway.publish.plain import Plain

try:
    from tqdm import TMonitor
    from tqdm.std import tqdm as Bar  # noqa: N812 - it is a class with a small name
except ImportError as missing:
    raise ImportError("headway.tqdm needs tqdm: pip install 'headway[tqdm]'") from missing

REPORT_S: Final = 0.5
"""A bar reports so often at most."""


class tqdm(Bar):  # type: ignore[type-arg]  # noqa: N801 - the name everybody knows
    """`tqdm.tqdm`, reporting into the current run.

    Args:
        args: As of tqdm.
        phase: Phase of the run that it moves.
        kwargs: As of tqdm.
    """

    def __init__(self, *args: Any, phase: str | None = None, **kwargs: Any) -> None:
        self._report: _Report | None = None
        report = _Report.here(phase)
        if report is not None and kwargs.get("disable", False) is None and not _is_seen(kwargs.get("file")):
            kwargs |= {"disable": False, "file": _Nowhere()}
        super().__init__(*args, **kwargs)
        if report is not None and not self.disable:
            report.begin()
            self._report = report
            self._tell(final=False)

    def refresh(self, *args: Any, **kwargs: Any) -> Any:
        """As tqdm's; reports, too, if it is time."""
        drawn = super().refresh(*args, **kwargs)
        self._tell(final=False)
        return drawn

    def reset(self, total: float | None = None) -> None:
        """As tqdm's."""
        super().reset(total=total)
        self._tell(final=False, now=True)

    def close(self) -> None:
        """As tqdm's; what it has come to is reported. Idempotent."""
        if self.disable:
            return
        super().close()
        self._tell(final=True)

    def _tell(self, *, final: bool, now: bool = False) -> None:
        # tqdm's own watchdog redraws from a thread of its own, which must not be stopped by what a report raises
        report = self._report
        if report is not None and not isinstance(threading.current_thread(), TMonitor):
            said = (self.desc or "").rstrip(": "), str(self.postfix or "")
            report.tell(self.n, self.total, ", ".join(filter(None, said)) or None, final=final, now=now)


def trange(*args: Any, **kwargs: Any) -> tqdm:
    """As `tqdm.trange`: ``tqdm(range(*args), **kwargs)``."""
    return tqdm(range(*args), **kwargs)


class _Report:
    """What one bar says of itself, to whom."""

    def __init__(self, reporter: Any, phase: str | None) -> None:
        self._reporter = reporter
        self._phase = phase
        self._target: Any = reporter
        self._owns = False
        self._told: tuple[Any, ...] | None = None
        self._told_at = -REPORT_S
        self._say = _Saying.of(reporter)
        self.place: int | None = None

    @classmethod
    def here(cls, phase: str | None) -> _Report | None:
        """Return the report of a bar that is made here; None outside of runs."""
        reporter: Any = active.get()
        if reporter is None or not (isinstance(reporter, Plain) or _loop() is not None):
            return None  # in a thread of coroutine code the handle cannot be used: that is what `run.plain` is for
        return cls(reporter, phase)

    def begin(self) -> None:
        """Choose what moves, and start it."""
        handle: Any = self._reporter._target if isinstance(self._reporter, Plain) else self._reporter
        place = self._place_in(handle)
        if self._phase is not None:
            self._target, self._owns = self._reporter.phase(self._phase), True
        elif place:
            stem = f"{handle.key}/" if isinstance(handle, Item) else ""
            self._target, self._owns = self._reporter.item(f"{stem}tqdm/{place}", kind="bar"), True
        elif not hasattr(handle, "progress"):
            self._target = None  # an agent, which has no progress of its own
        if self._owns:
            self._say(self._target.start)

    def _place_in(self, handle: Any) -> int:
        """Take the first free place among the bars that are open in the same block; 0 is the outermost."""
        with _lock:
            others = _places.setdefault(handle, WeakSet())
            taken = {other.place for other in others}
            self.place = next(place for place in range(len(taken) + 1) if place not in taken)
            others.add(self)
            return self.place

    def tell(self, done: float, total: float | None, message: str | None, *, final: bool, now: bool) -> None:
        """Say how far it is, unless that was said just now."""
        if final:
            with contextlib.suppress(HeadwayError):  # what stops the run was raised before, or will be elsewhere
                self._tell_now(done, total, message)
                if self._owns and (total is None or done >= total):
                    self._say(self._target.finish)
            self.place = None  # without the lock: the collector closes bars, also of a thread that holds it just now
        elif now or time.monotonic() - self._told_at >= REPORT_S:
            self._tell_now(done, total, message)

    def _tell_now(self, done: float, total: float | None, message: str | None) -> None:
        what = done, total, message
        if self._target is not None and what != self._told:
            self._told, self._told_at = what, time.monotonic()
            self._say(self._target.progress, done, total, message=None if message is None else message[:10_000])


_lock = threading.Lock()
_places: WeakKeyDictionary[Any, WeakSet[_Report]] = WeakKeyDictionary()
"""Bars that are open, by the handle of the block they are in."""


class _Saying:
    """Calls the verbs of a handle: plain ones as they are, those of coroutines one after the other on their loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._last: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, reporter: Any) -> Callable[..., object]:
        """Return what says something to a handle."""
        loop = _loop()
        if isinstance(reporter, Plain) or loop is None:
            return lambda verb, *args, **options: verb(*args, **options)
        return cls(loop)

    def __call__(self, verb: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **options: Any) -> None:
        if _loop() is self._loop:
            self._last = self._loop.create_task(self._after(self._last, verb(*args, **options)))
        else:
            asyncio.run_coroutine_threadsafe(verb(*args, **options), self._loop)

    async def _after(self, before: asyncio.Task[None] | None, said: Coroutine[Any, Any, Any]) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await said
        except HeadwayError:
            return  # what stops a run stops the coroutine itself


def _loop() -> asyncio.AbstractEventLoop | None:
    return asyncio._get_running_loop()


class _Nowhere(io.TextIOBase):
    """Where a bar is drawn that nobody would see."""

    def write(self, text: str) -> int:
        """Forget it."""
        return len(text)


def _is_seen(file: Any) -> bool:
    return bool(getattr(file or sys.stderr, "isatty", lambda: False)())


__all__ = ["tqdm", "trange"]
