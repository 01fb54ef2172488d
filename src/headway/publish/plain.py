"""Plain functions: one portal through which code in a thread uses the same handles as coroutines do.

There is no second API to keep in step. `Plain` looks a name up on the asynchronous handle; coroutine functions become
functions that wait for the loop, asynchronous context managers become plain ones, handles come back wrapped. It is
thread-safe: callbacks of a solver may report from whatever thread they run in.

A thread cannot be stopped. One that is left behind, because its time was over or its run was stopped, finds its handles
closed: what it still says belongs to nothing any more, least of all to the try that began after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from headway.errors import UsageError
from headway.publish.context import active

if TYPE_CHECKING:
    from headway.publish.reporter import Reporter


class Stay:
    """A plain function for as long as somebody waits for it. Used on the event loop only."""

    def __init__(self) -> None:
        self._over = False
        self._tasks: set[asyncio.Task[Any]] = set()

    async def do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Await what the function asks for.

        Raises:
            UsageError: nobody waits for the function any more.
        """
        if self._over:
            coroutine.close()
            raise UsageError("nobody waits for this function any more", hint="its time was over, or its run stopped")
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._tasks.add(task)
        try:
            return await coroutine
        finally:
            self._tasks.discard(task)

    def end(self) -> None:
        """Stop waiting for it: what it is about to do is cancelled, what it wants to do later refused."""
        self._over = True
        for task in self._tasks:
            task.cancel()


class Plain:
    """The plain face of an asynchronous handle: ``def job(run: Plain, input: Model) -> Result``.

    Args:
        target: The handle.
        loop: The loop it belongs to; must not be the caller's own.
        stay: Of the function it was made for; None for a handle that is as good as its target.
    """

    def __init__(self, target: Any, loop: asyncio.AbstractEventLoop, stay: Stay | None = None) -> None:
        self._target = target
        self._loop = loop
        self._stay = stay or Stay()
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
            return Plain(value, self._loop, self._stay)
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
        return asyncio.run_coroutine_threadsafe(self._stay.do(coroutine), self._loop).result()


_HERE = "await the handle itself; `plain` is for code in threads"


async def call(fn: Callable[..., Any], handle: Reporter | None, args: Sequence[Any]) -> Any:
    """Call a coroutine function, or a plain one in a thread, with the handle first if there is one.

    A thread cannot be stopped: when the caller is cancelled, the function goes on to its end or to its next report,
    which raises.
    """
    if _is_async(fn):
        return await fn(*([handle] if handle is not None else []), *args)
    loop = asyncio.get_running_loop()
    inside = handle or active.get()
    stay = Stay()
    plain = None if inside is None else Plain(inside, loop, stay)

    def run() -> Any:
        active.set(cast("Reporter | None", plain))
        return fn(*([plain] if handle is not None else []), *args)

    try:
        result = await _in_thread(run, name=getattr(fn, "__name__", "plain"))
    except asyncio.CancelledError:
        stay.end()
        raise
    return await result if inspect.isawaitable(result) else result


async def _in_thread(fn: Callable[[], Any], *, name: str) -> Any:
    """Call a function in a thread of its own, and return what it returns.

    Not in one of asyncio's pool: those are few, so functions that wait for steps in other threads would wait for ever,
    and the process could not end before the last of them.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(settling: Callable[[Any], None], value: Any) -> None:
        if not done.done():  # cancelled: nobody waits
            settling(value)

    def work() -> None:
        try:
            outcome = done.set_result, context.run(fn)
        except StopIteration as error:  # which no future takes
            outcome = done.set_exception, RuntimeError(f"{name} raised {error!r}")
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            outcome = done.set_exception, error
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, name=f"headway-{name}", daemon=True).start()
    return await done


def _is_async(fn: Callable[..., Any]) -> bool:
    while isinstance(fn, functools.partial):
        fn = fn.func
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004
