"""A worker process: ``python -m headway.worker module:attribute``. ``headway worker`` is the same with more comfort."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from headway.app import Headway
from headway.engines.attempts import Attempts
from headway.engines.base import Opening, OwnProcesses
from headway.engines.behind import behind
from headway.engines.gathering import Gathered, keep
from headway.engines.numbers import tell
from headway.errors import UsageError
from headway.measures import Measures
from headway.ops.metrics import Metrics, listening


def load(target: str) -> Headway:
    """Import a `Headway`.

    Args:
        target: ``module:attribute`` of it, of an object whose ``hw`` or ``headway`` attribute is one, or ``module``
            when the module holds just one.

    Raises:
        UsageError: there is none.
    """
    sys.path.insert(0, str(Path.cwd()))
    module_name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise UsageError(f"there is no module {module_name!r}", hint="run it where `import` finds it") from error
    found: Any = getattr(module, attribute, None) if attribute else None
    if isinstance(found, Headway):
        return found
    held = {id(value): value for value in vars(module).values() if isinstance(value, Headway)}
    if len(held) == 1:
        return next(iter(held.values()))
    raise UsageError(f"{target!r} names no Headway", hint=f"write {module_name}:name_of_it; found {len(held)}")


async def serve_jobs(
    headway: Headway,
    *,
    until_stdin_closes: bool = False,
    numbers_to: int | None = None,
    metrics_at: tuple[str, int] | None = None,
) -> None:
    """Work until the process is told to stop: SIGTERM, SIGINT, or the end of standard input.

    Args:
        headway: Its jobs.
        until_stdin_closes: End with the process that holds the other end.
        numbers_to: A pipe that takes what is counted here; see `headway.engines.numbers`.
        metrics_at: Host and port where metrics are answered.

    Raises:
        UsageError: no job is registered, or the address for metrics cannot be used.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        _when_input_ends(lambda: loop.call_soon_threadsafe(stop.set))
    async with contextlib.AsyncExitStack() as stack:
        if numbers_to is not None:
            await stack.enter_async_context(_telling(headway.store.measures, numbers_to))
        if metrics_at is not None:
            parts, listeners = {"store": headway.store.statistics}, lambda: behind(headway.store)
            metrics = Metrics(headway.store.measures, parts, listeners=listeners)
            await stack.enter_async_context(listening(metrics, *metrics_at))
        await headway.work(stop)


@contextlib.asynccontextmanager
async def _telling(measures: Measures, pipe: int) -> AsyncIterator[None]:
    os.set_inheritable(pipe, False)  # what jobs start must not keep it open
    async with _beside(lambda over: tell(measures, pipe, over)):
        yield


@contextlib.asynccontextmanager
async def _beside(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Do something beside what stands inside; it is told when that is over, and waited for."""
    over = asyncio.Event()
    working = asyncio.create_task(work(over), name="headway: numbers")
    try:
        yield
    finally:
        over.set()
        await asyncio.wait([working])


def _when_input_ends(tell: Callable[[], object]) -> None:
    """Tell, from a thread, that whoever holds the other end of standard input is gone."""

    def wait() -> None:
        # not by `sys.stdin`: its lock, held by a thread that still reads, aborts the interpreter at its end
        while os.read(0, 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop ended by itself
            tell()

    threading.Thread(target=wait, daemon=True, name="headway-parent").start()


def run(
    headway: Headway,
    *,
    until_stdin_closes: bool = False,
    numbers_to: int | None = None,
    metrics_at: tuple[str, int] | None = None,
) -> None:
    """Run a worker process to its end, on uvloop where it is installed. See `serve_jobs`.

    Raises:
        UsageError: as `serve_jobs`.
    """
    if isinstance(headway.engine, OwnProcesses):
        if until_stdin_closes:
            _when_input_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
        with _gathering(headway, numbers_to, metrics_at) as opening:
            code = headway.engine.run(opening, headway.lanes(), processes=headway.settings.pool == "prefork")
        if code:
            sys.exit(code)
        return
    with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
        runner.run(
            serve_jobs(headway, until_stdin_closes=until_stdin_closes, numbers_to=numbers_to, metrics_at=metrics_at)
        )


@contextlib.contextmanager
def _gathering(headway: Headway, numbers_to: int | None, metrics_at: tuple[str, int] | None) -> Iterator[Opening]:
    """Show the numbers of the processes an engine's library starts, by a thread of this one; yield what they open.

    The library has the main thread, and its processes are forked: they keep what they count in files of one folder.
    """
    if numbers_to is None and metrics_at is None:
        yield headway.attempts
        return
    from headway.client.loop import LoopThread  # with httpx, which no other worker needs

    folder = Path(tempfile.mkdtemp(prefix="headway-numbers-"))
    thread, stack = LoopThread("headway-numbers"), contextlib.AsyncExitStack()
    try:
        thread.call(_show(stack, Gathered(folder), numbers_to, metrics_at))
        yield partial(_counted, headway, folder)
    finally:
        thread.call(stack.aclose())
        thread.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _show(
    stack: contextlib.AsyncExitStack, gathered: Gathered, numbers_to: int | None, metrics_at: tuple[str, int] | None
) -> None:
    if numbers_to is not None:
        await stack.enter_async_context(_telling(gathered, numbers_to))
    if metrics_at is not None:
        await stack.enter_async_context(listening(Metrics(gathered, {}), *metrics_at))


@contextlib.asynccontextmanager
async def _counted(headway: Headway, folder: Path, *, at_once: int | None = None) -> AsyncIterator[Attempts]:
    """As `Headway.attempts`, with what is counted kept for the process that shows it."""
    async with (
        _beside(lambda over: keep(headway.store.measures, folder, over)),
        headway.attempts(at_once=at_once) as attempts,
    ):
        yield attempts


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def main() -> None:
    """Entry of ``python -m headway.worker``."""
    parser = argparse.ArgumentParser(prog="python -m headway.worker")
    parser.add_argument("target", help="module:attribute of the Headway")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the process that started this one")
    parser.add_argument("--numbers-to", type=int, metavar="FD", help="pipe that takes what is counted")
    options = parser.parse_args()
    from headway.ops.logging import configure

    headway = load(options.target)
    configure(level=headway.settings.log_level, format=headway.settings.log_format)
    run(headway, until_stdin_closes=options.until_stdin_closes, numbers_to=options.numbers_to)


if __name__ == "__main__":
    main()
