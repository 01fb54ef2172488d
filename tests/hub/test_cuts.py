"""Streams cut anywhere: whoever comes back with its cursor gets what is missing, once."""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator

import pytest

from headway.core.events import NewEvent, new_event
from headway.core.fold import Fold
from headway.core.run import RunStatus
from headway.hub import HubSettings
from headway.stores.base import Requeue, RunRow, Write
from tests.serving import FAILED, SUCCEEDED, Server, serving
from tests.stores.builders import started
from tests.wire import Viewer

ALL_EVENTS = HubSettings(tail_min=100_000_000)
"""Nobody is behind by so much that a snapshot is shorter."""


def _history(rounds: int) -> Iterator[list[NewEvent]]:
    """Batches of a life: items, texts beyond the BMP, notes, a step that died in mid-text."""
    yield [new_event("run.planned", {"phases": [{"id": "plan", "weight": 7}, {"id": "write", "weight": 3}]})]
    for number in range(rounds):
        key, text = f"day {number}", f"text {number % 5}"
        yield [
            new_event("item.planned", {"key": key, "title": "Tag \u00fc", "phase": "plan"}),
            new_event("item.started", {"key": key}),
        ]
        yield [new_event("output.appended", {"key": text, "delta": f"\U0001f600{number} \u65e5\u672c\r\n"}, step="s")]
        if number % 7 == 3:
            kept = {"text": "kept", "from_offset": 0, "finished": False, "attempt": 1, "seq": 5}
            discarded = {"attempt": 1, "step": "s", "set": {"phases": {}, "items": {}, "outputs": {text: kept}}}
            yield [new_event("attempt.discarded", discarded)]
        yield [new_event("item.finished", {"key": key, "data": {"stops": [number, "x" * (number * 37 % 900)]}})]


async def _write(server: Server, run: RunRow, rounds: int, pause_s: float) -> RunRow:
    """Live a life: fail, be retried, succeed."""
    for batch in _history(rounds):
        run = await server.append(run, *batch)
        await asyncio.sleep(pause_s)
    run = await server.append(run, FAILED)
    reopen = Write(
        events=[
            new_event("run.reopened", {"by": "ada"}),
            new_event("run.queued", {"attempt": 2, "reason": "reopened"}),
        ],
        statuses=(RunStatus.FAILED,),
        requeue=Requeue("exe_2"),
    )
    run = (await server.do(lambda: server.app.store.append(run.id, reopen))).run
    run = await server.append(run, started(2))
    for batch in itertools.islice(_history(rounds), 1, 20):
        run = await server.append(run, *batch)
        await asyncio.sleep(pause_s)
    return await server.append(run, SUCCEEDED)


async def _log(server: Server, run: RunRow) -> Fold:
    fold = Fold()
    for event in (await server.do(lambda: server.app.store.read(run.id, limit=100_000, max_bytes=10**9))).events:
        fold.apply(event.envelope(), event.cursor)
    return fold


def _has_more_than(events: int) -> Callable[[Viewer], bool]:
    return lambda viewer: len(viewer.seqs) > events


@pytest.mark.parametrize("direct", [True, False])
async def test_at_every_frame_boundary(direct: bool) -> None:
    """A client that comes back after each single frame gets every event exactly once."""
    with serving(direct=direct, settings=ALL_EVENTS) as server:
        run = await _write(server, await server.run(), rounds=20, pause_s=0)
        path, query = f"/v1/runs/{run.id}/stream", "?from=earliest"
        viewer = Viewer(server.port, path, query=query)
        while not viewer.done:
            await viewer.follow(until=_has_more_than(len(viewer.seqs)))
        assert viewer.seqs == list(range(1, run.seq + 1))
        assert viewer.streams >= run.seq
        assert viewer.fold.snapshot() == (await _log(server, run)).snapshot()


@pytest.mark.parametrize("loop", [pytest.param("asyncio", marks=pytest.mark.soak), "uvloop"])
@pytest.mark.parametrize("direct", [True, False])
async def test_at_random_bytes(direct: bool, loop: str) -> None:
    """While the run lives: five clients are cut at least 250 times; over all parameters 1,000 times."""
    chance = random.Random(f"{direct}{loop}")
    with serving(direct=direct, loop=loop, settings=ALL_EVENTS) as server:
        run = await server.run()
        viewers = [Viewer(server.port, f"/v1/runs/{run.id}/stream") for _ in range(5)]

        async def cut_until_the_end(viewer: Viewer) -> None:
            left = 90

            def cut() -> int | None:
                nonlocal left
                left -= 1
                return chance.randrange(1, 4_000) if left >= 0 else None

            await viewer.follow(cut=cut)

        writing = asyncio.create_task(_write(server, run, rounds=300, pause_s=0.003))
        await asyncio.gather(*(cut_until_the_end(viewer) for viewer in viewers))
        run = await writing
        log = (await _log(server, run)).snapshot()
        for viewer in viewers:
            assert viewer.resets == []
            assert sorted(viewer.seqs + viewer.skipped) == list(range(1, run.seq + 1))
            assert viewer.fold.snapshot() == log
        assert sum(viewer.streams - 1 for viewer in viewers) >= 250
        await server.settled(lambda found: found["open"] == 0)


@pytest.mark.parametrize("direct", [True, False])
async def test_with_conflation(direct: bool) -> None:
    """As it is by default: some tails are replaced by the state, and the state is right all the same."""
    chance = random.Random(7)
    with serving(direct=direct, settings=HubSettings(tail_min=0, recent_bytes=5_000)) as server:
        run = await server.run()
        viewer = Viewer(server.port, f"/v1/runs/{run.id}/stream")
        writing = asyncio.create_task(_write(server, run, rounds=100, pause_s=0.003))
        await viewer.follow(
            cut=lambda: chance.randrange(1, 6_000) if viewer.streams < 80 else None,
        )
        run = await writing
        assert sorted(viewer.seqs + viewer.skipped) == list(range(1, run.seq + 1))
        assert set(viewer.resets) <= {"behind"}
        assert viewer.fold.snapshot() == (await _log(server, run)).snapshot()
