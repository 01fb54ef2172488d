"""The thread that writes: in groups, none too large, none too long."""

import asyncio
import sqlite3

import pytest

from headway.errors import Fenced
from headway.stores import sqlite_writer
from headway.stores.base import Write
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_work import bury
from headway.stores.sqlite_writer import GROUP_MAX
from tests.stores.builders import end, log, note, report, running, save


async def test_writes_at_once_share_transactions(sqlite: SqliteStore) -> None:
    """As many as wait, up to a full group; a refused one among them changes nothing for the others."""
    runs = [await running(sqlite) for _ in range(4)]
    before = sqlite.statistics()
    writes = [report(sqlite, runs[number % 4], note(str(number))) for number in range(3 * GROUP_MAX)]
    refused = [sqlite.append(runs[0].id, Write([note()], "exe_other")) for _ in range(10)]
    outcomes = await asyncio.gather(*writes, *refused, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes[3 * GROUP_MAX :]] == [Fenced] * 10
    after = sqlite.statistics()
    assert after["writes"] - before["writes"] == 3 * GROUP_MAX + 10
    assert after["groups"] - before["groups"] < GROUP_MAX
    assert after["largest_group"] <= GROUP_MAX
    assert (after["writes_waiting"], after["reads_waiting"]) == (0, 0)
    assert [len(await log(sqlite, run.id)) for run in runs] == [2 + 3 * GROUP_MAX // 4] * 4


async def test_a_transaction_is_not_held_for_long(sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """When its time is over it is committed, and the rest of the group goes into the next one."""
    run = await running(sqlite)
    monkeypatch.setattr(sqlite_writer, "HOLD_S", 0.0)
    before = sqlite.statistics()
    await asyncio.gather(*(report(sqlite, run, note()) for _ in range(30)))
    after = sqlite.statistics()
    assert after["groups"] - before["groups"] == after["writes"] - before["writes"] == 30
    assert len(await log(sqlite, run.id)) == 32


async def test_much_is_dropped_in_small_transactions(sqlite: SqliteStore) -> None:
    """Other writes go between them."""
    run, other = await running(sqlite), await running(sqlite)
    for _ in range(9):
        await report(sqlite, run, *(note() for _ in range(1_000)))
    await save(sqlite, run.id)
    before = sqlite.statistics()["groups"]
    trimming = asyncio.create_task(sqlite.trim(run.id, floor=4_500))
    between = 0
    while not trimming.done():
        await report(sqlite, other, note())
        between += 1
    assert sqlite.statistics()["groups"] - before >= 3
    assert between >= 2
    await end(sqlite, run)
    before = sqlite.statistics()["groups"]
    await sqlite.delete(run.id)
    assert sqlite.statistics()["groups"] - before >= 4
    assert await sqlite.get(run.id) is None


async def test_what_a_killed_deletion_left_is_pruned(sqlite: SqliteStore) -> None:
    """The run is gone from its first transaction on; the rest is dropped by whoever prunes next."""
    run = await end(sqlite, await running(sqlite))
    await save(sqlite, run.id)
    await sqlite._write(lambda transaction: bury(transaction, run.id))
    assert await sqlite.get(run.id) is None
    assert [await sqlite.prune({}, max_rows=2) for _ in range(4)] == [2, 1, 1, 0]
    for table in ("runs", "about", "events", "steps", "snapshots"):
        assert await rows(sqlite, table) == 0


async def rows(store: SqliteStore, table: str) -> int:
    """How many rows a table has."""

    def count(connection: sqlite3.Connection) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    return await store._read(count)
