"""A listener: a function that is told of events, with what is known about it before it is called."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from headway.core.events import FAMILIES, PAYLOADS
from headway.engines.handle import RunHandle
from headway.errors import UsageError
from headway.publish.plain import Plain, call
from headway.stores.base import RunRow

Call = Callable[[dict[str, Any], RunRow], Awaitable[Any]]
"""Calls a listener's function."""

Since = Literal["now", "beginning"]

FORM: Final = "write it as `async def listener(event, run)`"
NAME_MAX: Final = 100


def role_of(name: str) -> str:
    """Return the role of the one process that tells a listener."""
    return f"listener:{name}"


@dataclass(frozen=True, slots=True)
class Listener:
    """A registered function.

    Attributes:
        name: Unique among the listeners; how far it was told is kept under it.
        fn: ``async def`` or ``def``; called as ``fn(event, run)``.
        patterns: Which events it is told of: a type (``run.failed``), a family (``item.*``), or ``*`` for all.
        job: Only of runs of this job; None: of all.
        since: A new one is told of what happens from its first start on, or of everything still in the logs.
    """

    name: str
    fn: Callable[..., Any]
    patterns: tuple[str, ...]
    job: str | None = None
    since: Since = "now"

    @property
    def is_async(self) -> bool:
        """Whether it is a coroutine function; a plain one is called in a thread."""
        return inspect.iscoroutinefunction(self.fn)

    def caller(self, handle_of: Callable[[RunRow], RunHandle], loop: asyncio.AbstractEventLoop) -> Call:
        """Return what calls it, with the handle of the run in the form it can use."""

        async def called(event: dict[str, Any], row: RunRow) -> None:
            handle = handle_of(row)
            await call(self.fn, None, (event, handle if self.is_async else Plain(handle, loop)))

        return called

    def wants(self, type: str) -> bool:
        """Tell whether it is told of events of a type."""
        return any(pattern in ("*", type, f"{type.partition('.')[0]}.*") for pattern in self.patterns)


def make_listener(
    fn: Callable[..., Any], patterns: tuple[str, ...], *, name: str | None, job: str | None, since: Since
) -> Listener:
    """Make a listener of a function.

    Raises:
        UsageError: it cannot be called with an event and a run, a pattern names no event, or the name is none.
    """
    name = fn.__name__ if name is None else name
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise UsageError(f"{name[:NAME_MAX]!r} is no name for a listener", hint=f"1 to {NAME_MAX} printable characters")
    try:
        inspect.signature(fn).bind("event", "run")
    except TypeError as error:
        raise UsageError(f"listener {name!r} cannot be called with an event and a run: {error}", hint=FORM) from error
    if not patterns:
        raise UsageError(f"listener {name!r} names no events", hint='name some: @hw.on("run.*")')
    for pattern in patterns:
        _check(pattern)
    if since not in ("now", "beginning"):
        raise UsageError(f"since={since!r} of listener {name!r} is unknown", hint='it is "now" or "beginning"')
    return Listener(name, fn, patterns, job, since)


def _check(pattern: str) -> None:
    """Insist that a pattern means something. Raises `UsageError`."""
    family, dot, rest = pattern.partition(".")
    if pattern == "*" or pattern in PAYLOADS or (family in FAMILIES and dot and rest == "*"):
        return
    if family in FAMILIES:
        types = ", ".join(sorted(type for type in PAYLOADS if type.partition(".")[0] == family))
        raise UsageError(f"there is no event {pattern!r}", hint=f"there are {types}, and {family}.* for all of them")
    raise UsageError(f"there is no event {pattern!r}", hint=f"families are {', '.join(FAMILIES)}; * stands for all")
