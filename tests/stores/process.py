"""Processes that work on a store, for tests with several of them.

They are forked from a server that has imported everything, so that starting one takes a tenth of a second.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from headway.core.ids import new_execution_id
from headway.errors import HeadwayError
from headway.stores.base import Checkpoint, RunRow, Store, Write
from headway.stores.location import store_at
from headway.stores.projection import Projections
from headway.stores.tail import tail
from tests.stores.builders import claim, delta, end, note, report, running

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Process:
    """A process that opens the store and waits for the word to begin.

    Args:
        what: Name of a function of this module.
        url: Of the store.
        run_id: The run it works on.
        count: How much it does.
    """

    def __init__(self, what: str, url: str, run_id: str, count: int = 0) -> None:
        self._channel, theirs = _FORKS.Pipe()
        self._process = _FORKS.Process(target=_serve, args=(theirs, what, url, run_id, count), daemon=True)
        self._process.start()
        theirs.close()

    async def until_ready(self) -> None:
        """Wait until its store is open."""
        assert await self.hear() == "ready"

    def begin(self) -> None:
        """Say the word."""
        self._channel.send("begin")

    async def hear(self) -> Any:
        """Wait for the next thing it says."""
        return await asyncio.to_thread(self._channel.recv)

    def kill(self) -> list[Any]:
        """Kill it at once; return what it had said and nobody had heard."""
        self._process.kill()
        self._process.join()
        said = []
        try:
            while self._channel.poll():
                said.append(self._channel.recv())
        except (EOFError, OSError):
            pass  # it was killed in the middle of a word
        self._channel.close()
        return said


@contextmanager
def ended(*made: Process) -> Iterator[None]:
    """Kill processes at the end, whatever happens."""
    try:
        yield
    finally:
        for process in made:
            process.kill()


async def begin_together(*made: Process) -> None:
    """Let processes begin at the same moment."""
    for process in made:
        await process.until_ready()
    for process in made:
        process.begin()


async def append(_: Connection, store: Store, run_id: str, count: int) -> int:
    """Append batches of 1 to 5 events; return how many events."""
    run = await existing(store, run_id)
    written = 0
    for number in range(count):
        written += len(await report(store, run, *(note(str(number)) for _ in range(random.randint(1, 5)))))
    return written


async def keyed(_: Connection, store: Store, run_id: str, count: int) -> int:
    """Append overlapping batches of keyed events; return how many of them were new."""
    run = await existing(store, run_id)
    written = 0
    for start in range(0, count, 3):
        written += len(await report(store, run, *(note(str(key), key=str(key)) for key in range(start, start + 8))))
    return written


async def follow(_: Connection, store: Store, run_id: str, count: int) -> list[int]:
    """Tail a run until `count` events were seen; return their seqs."""
    seen: list[int] = []
    async for page in tail(store, run_id):
        seen += [event.seq for event in page.events]
        if len(seen) >= count:
            break
    return seen


async def until_killed(channel: Connection, store: Store, run_id: str, count: int) -> None:
    """Write to the run and to new ones until killed; say each cursor that was acknowledged."""
    projections, run = Projections(store), await existing(store, run_id)
    while True:
        if random.random() < 0.05:
            run = await running(store, execution_id=new_execution_id())
        events = [delta("text ") if random.random() < 0.5 else note("x" * 50) for _ in range(random.randint(1, 30))]
        stored = await report(store, run, *events)
        channel.send((run.id, stored[-1].cursor))
        if random.random() < 0.1:
            await projections.save(run.id, force=True)


async def end_until_killed(channel: Connection, store: Store, run_id: str, count: int) -> None:
    """Give runs a secret and end them until killed; say each run before its end."""
    while True:
        run = await running(store)
        secret = Checkpoint("answer", b"secret", at_end=b"over")
        await store.append(run.id, Write([note()], run.execution_id, checkpoint=secret))
        channel.send(run.id)
        await end(store, run)


async def lead(channel: Connection, store: Store, role: str, count: int) -> None:
    """Ask for a role again and again until killed; say each change of leader, and who it is itself."""
    worker, leader = await store.join(), ""
    channel.send(worker)
    while True:
        before, leader = leader, (await store.lead(role, worker)).worker
        if leader != before:
            channel.send(leader)


async def claim_all(_: Connection, store: Store, rate: str, count: int) -> list[str]:
    """Try to claim queued runs at a rate until so many others were done; return when those of this process began."""
    worker, began = await store.join(), []
    while queued := await store.queued(["paced"], limit=count):
        try:
            row = await claim(store, random.choice(queued), worker, rate=rate)
        except HeadwayError:
            await asyncio.sleep(0.005)
        else:
            began.append(row.started_at or "")
    return began


async def existing(store: Store, run_id: str) -> RunRow:
    """The run."""
    run = await store.get(run_id)
    assert run is not None
    return run


_WORK: dict[str, Callable[[Connection, Store, str, int], Awaitable[Any]]] = {
    work.__name__: work for work in (append, keyed, follow, until_killed, end_until_killed, lead, claim_all)
}


def _serve(channel: Connection, what: str, url: str, run_id: str, count: int) -> None:
    async def main() -> None:
        store = store_at(url)
        await store.open()
        channel.send("ready")
        await asyncio.to_thread(channel.recv)
        found = await _WORK[what](channel, store, run_id, count)
        await store.close()
        channel.send(found)

    asyncio.run(main())
