import asyncio

import orjson
import pytest

from headway.core.cursor import Cursor
from headway.core.events import StoredEvent, encode, new_event
from headway.core.fold import Fold
from headway.core.sse import Parser
from headway.hub import folded as module
from headway.hub.folded import Folded
from headway.hub.frames import DEFAULT, Block, Encoded, form_of
from headway.hub.recent import Recent


def _deltas(first: int, last: int, text: str = "abc") -> list[Encoded]:
    new = new_event("output.appended", {"key": "text", "delta": text})
    made, total = [], 0
    for seq in range(first, last + 1):
        body = encode(
            new, run_id="run_1", seq=seq, time="2026-01-01T00:00:00.000Z", execution_id=None, correlation_id=None
        )
        total += len(body)
        made.append(Encoded(StoredEvent(seq, "tag", new.type, body, total)))
    return made


def _recent(events: list[Encoded]) -> Recent:
    recent = Recent(Cursor(0, "0"), 0, limit=10**9)
    recent.extend(events)
    return recent


def _data(block: Block) -> dict[str, object]:
    data: dict[str, object] = orjson.loads(Parser().feed(block.raw)[0].data)
    return data


def _new() -> Folded:
    fold = Fold()
    fold.apply(
        {
            "run_id": "run_1",
            "seq": 1,
            "type": "run.queued",
            "time": "2026-01-01T00:00:00.000Z",
            "execution_id": "exe_1",
            "step": None,
            "data": {"attempt": 1, "reason": "created", "run": None},
        },
        "1.a",
    )
    return Folded("run_1", fold, None)


async def test_a_hundred_thousand_deltas_are_folded_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others run in between; the state is that of all of them."""
    monkeypatch.setattr(module, "SLICE_S", 0)
    folded, turns, done = _new(), 0, False

    async def count() -> None:
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await folded.take(_deltas(2, 100_000))
    done = True
    await counting
    assert folded.seq == 100_000
    assert turns > 1_000
    text = folded.fold.snapshot()["outputs"]["text"]["text"]
    assert text == "abc" * 99_999


async def test_a_small_snapshot_is_always_new() -> None:
    """It costs nothing to make."""
    folded, events = _new(), _deltas(2, 3)
    recent = _recent([*_deltas(1, 1), *events])
    await folded.take(events[:1])
    first, block = folded.snapshot(DEFAULT, recent)
    assert folded.snapshot(DEFAULT, recent)[1] is block
    await folded.take(events[1:])
    second, other = folded.snapshot(DEFAULT, recent)
    assert (first.seq, second.seq) == (2, 3)
    assert _data(other)["seq"] == 3


async def test_a_large_snapshot_is_used_again_while_little_came_after_it() -> None:
    """Who joins then gets it and what came after it; not when that would be much, or is not in memory any more."""
    folded = _new()
    large = _deltas(2, 2, "x" * 200_000)
    later = _deltas(3, 400)
    await folded.take(large)
    recent = _recent([*_deltas(1, 1), *large, *later[:10]])
    _, block = folded.snapshot(DEFAULT, recent)
    await folded.take(later[:10])
    assert folded.snapshot(DEFAULT, recent) == (Cursor(2, "tag"), block)
    forgotten = Recent(Cursor(12, "tag"), 0, limit=0)
    assert folded.snapshot(DEFAULT, forgotten)[0].seq == 12
    await folded.take(later[10:])
    recent.extend(later[10:])
    assert folded.snapshot(DEFAULT, recent)[0].seq == 400


async def test_forms_of_snapshots() -> None:
    """Only the id knows whether several runs share the connection."""
    folded, events = _new(), _deltas(2, 2)
    await folded.take(events)
    recent = _recent([*_deltas(1, 1), *events])
    plain = Parser().feed(folded.snapshot(DEFAULT, recent)[1].raw)[0]
    prefixed = Parser().feed(folded.snapshot(form_of(prefixed=True), recent)[1].raw)[0]
    unnamed = Parser().feed(folded.snapshot(form_of(named=False), recent)[1].raw)[0]
    assert (plain.id, prefixed.id) == ("2.tag", "run_1:2.tag")
    assert plain.data == prefixed.data
    assert unnamed == plain, "a snapshot is no event of the log and keeps its name"


async def test_size_of_a_snapshot() -> None:
    """Measured once, and anew when much has happened."""
    folded = _new()
    small = folded.snapshot_size()
    assert small == len(folded.fold.snapshot_json())
    await folded.take(_deltas(2, 2, "x" * 10_000))
    assert folded.snapshot_size() == small
    await folded.take(_deltas(3, 600))
    assert folded.snapshot_size() == len(folded.fold.snapshot_json()) > 10_000


async def test_the_time_of_the_summary_is_that_of_the_last_event() -> None:
    """Not that of the clock: two servers say the same."""
    folded = _new()
    assert _data(folded.progress(DEFAULT))["timestamp"] is None
    await folded.take(_deltas(2, 2))
    assert _data(folded.progress(DEFAULT))["timestamp"] == "2026-01-01T00:00:00.000Z"
