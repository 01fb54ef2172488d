"""One worker process per host, kept by a server: solvers and models in the server's own loop would freeze every viewer.

The child imports the module that holds the application's `Headway` and works on the same store. It lives as long as its
standard input is open, so it never outlives the server, however that ends. Which of several servers keeps the child is
decided by a lock beside the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from headway.engines.numbers import follow
from headway.measures import Measures

if sys.platform != "win32":
    import fcntl

log = logging.getLogger("headway.worker")

RESTART_AFTER_S = (0.1, 0.5, 2.0, 5.0, 15.0)
"""How long to wait with the next process, by how many in a row ended early."""

LONG_S = 60.0
"""A process that lived so long did not end early."""

LOOK_EVERY_S = 2.0


class Child:
    """Keeps a worker process alive.

    Args:
        target: ``module:attribute`` of the `Headway` the child imports.
        lock: File whose lock says that this host has its child.
        environment: Variables the child gets beside this process's own.
        drain_s: Seconds the child is given to hand back its runs.
        measures: Where the child's numbers are shown; they stay when it has ended.
    """

    def __init__(
        self,
        target: str,
        lock: Path,
        environment: Mapping[str, str],
        drain_s: float,
        measures: Measures | None = None,
    ) -> None:
        self._target = target
        self._lock = _Lock(lock)
        self._environment = environment
        self._drain_s = drain_s
        self._measures = measures or Measures()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to keep it."""
        self._task = asyncio.create_task(self._keep(), name="headway-child")

    async def stop(self) -> None:
        """Let it hand back its runs, and wait for its end. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._lock.release()

    async def _keep(self) -> None:
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            if not self._is_ours():  # another server of this host keeps the child
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            began = loop.time()
            try:
                code = f"code {await self._run()}"
            except OSError as error:  # no memory or no process left: perhaps later
                code = repr(error)
            failures = 0 if loop.time() - began > LONG_S else failures + 1
            log.warning("the worker process ended with %s; starting another", code)
            await asyncio.sleep(RESTART_AFTER_S[min(failures, len(RESTART_AFTER_S) - 1)])

    def _is_ours(self) -> bool:
        try:
            return self._lock.acquire()
        except OSError as error:
            log.warning("the lock of the worker process cannot be taken: %s", error)
            return False

    async def _run(self) -> int:
        reading, writing = os.pipe()
        try:
            process = await self._spawn(writing)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)  # the child has its own
        log.info("worker process %d runs the jobs of %s", process.pid, self._target)
        following = asyncio.create_task(follow(self._measures, reading, str(process.pid)), name="headway-numbers")
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                await self._end(process)
            await asyncio.wait([following], timeout=1)  # for what it said last; its own children may hold the pipe
            following.cancel()

    async def _spawn(self, numbers: int) -> asyncio.subprocess.Process:
        paths = os.pathsep.join(path for path in (str(Path.cwd()), *sys.path) if path)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "headway.worker", self._target, "--until-stdin-closes", "--numbers-to", str(numbers)),
            stdin=asyncio.subprocess.PIPE,
            env={**os.environ, **self._environment, "PYTHONPATH": paths},
            pass_fds=[numbers],
        )

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            try:
                async with asyncio.timeout(self._drain_s + 5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


class _Lock:
    """An operating system's lock on a file, free when its process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take it if it is free; True when this process holds it."""
        if self._file is not None or sys.platform == "win32":
            return True
        file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let it go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def find(headway: object) -> str | None:
    """Return ``module:attribute`` under which a fresh process finds this object; None when there is none."""
    for name, module in list(sys.modules.items()):
        if name in ("__main__", "__mp_main__") or module is None:
            continue
        for attribute, value in list(vars(module).items()):
            if value is headway:
                return f"{name}:{attribute}"
    return None
