"""A run in a list."""

from dataclasses import replace

import orjson

from headway.stores.memory import MemoryStore
from headway.stores.summary import FOLDED, summary_of
from tests.stores.builders import new_run


async def test_a_summary_is_plain_and_whole() -> None:
    """It can be sent as it is; what only a snapshot knows is null before there is one."""
    store = MemoryStore()
    await store.open()
    run, _ = await store.create(new_run(owner="ada", group="g", metadata={"order": 17}))
    summary = orjson.loads(orjson.dumps(summary_of(run)))
    assert (summary["id"], summary["status"], summary["owner"], summary["group"]) == (run.id, "queued", "ada", "g")
    assert summary["metadata"] == {"order": 17}
    assert summary["cursor"] == str(run.cursor)
    assert all(summary[name] is None for name in FOLDED)


async def test_what_was_folded_stands_in_it() -> None:
    """Flat, beside the rest."""
    store = MemoryStore()
    await store.open()
    run, _ = await store.create(new_run())
    folded = {name: number for number, name in enumerate(FOLDED)}
    summary = summary_of(replace(run, summary={**folded, "unknown": 1}))
    assert {name: summary[name] for name in FOLDED} == folded
    assert "unknown" not in summary
