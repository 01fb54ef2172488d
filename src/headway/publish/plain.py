"""Plain functions: one portal through which code in a thread uses the same handles as coroutines do.

There is no second API to keep in step. `Plain` looks a name up on the asynchronous handle; coroutine functions become
functions that wait for the loop, asynchronous context managers become plain ones, handles come back wrapped. It is
thread-safe: callbacks of a solver may report from whatever thread they run in.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from headway.errors import UsageError
from headway.publish.context import active

if TYPE_CHECKING:
    from headway.publish.reporter import Reporter


class Plain:
    """The plain face of an asynchronous handle: ``def job(run: Plain, input: Model) -> Result``.

    Args:
        target: The handle.
        loop: The loop it belongs to; must not be the caller's own.
    """

    def __init__(self, target: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._target = target
        self._loop = loop
        self._before: Reporter | None = None

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return self._wrap(value)

    def __enter__(self) -> Self:
        self._wait(self._target.__aenter__())
        self._before = active.get()
        active.set(cast("Reporter", self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        active.set(self._before)
        handled: bool | None = self._wait(self._target.__aexit__(kind, error, trace))
        return handled

    def _wrap(self, value: Any) -> Any:
        from headway.publish.reporter import Reporter

        if isinstance(value, Reporter):
            return Plain(value, self._loop)
        if not inspect.ismethod(value):
            return value

        @functools.wraps(value)
        def method(*args: Any, **kwargs: Any) -> Any:
            result = value(*args, **kwargs)
            return self._wrap(self._wait(result) if inspect.iscoroutine(result) else result)

        return method

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if asyncio._get_running_loop() is self._loop:
            coroutine.close()
            raise UsageError(
                "the plain face was used on its own event loop, where it would wait for itself", hint=_HERE
            )
        return asyncio.run_coroutine_threadsafe(_here(coroutine), self._loop).result()


_HERE = "await the handle itself; `plain` is for code in threads"


async def _here(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return await coroutine


async def call(fn: Callable[..., Any], handle: Reporter | None, args: Sequence[Any]) -> Any:
    """Call a coroutine function, or a plain one in a thread, with the handle first if there is one.

    A thread cannot be stopped: when the caller is cancelled, the function goes on to its end or to its next report,
    which raises because the run has stopped.
    """
    if _is_async(fn):
        return await fn(*([handle] if handle is not None else []), *args)
    loop = asyncio.get_running_loop()
    inside = handle or active.get()
    plain = None if inside is None else Plain(inside, loop)

    def run() -> Any:
        active.set(cast("Reporter | None", plain))
        return fn(*([plain] if handle is not None else []), *args)

    result = await asyncio.to_thread(run)
    return await result if inspect.isawaitable(result) else result


def _is_async(fn: Callable[..., Any]) -> bool:
    while isinstance(fn, functools.partial):
        fn = fn.func
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004
