"""Looking into a store."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headway.cli.doctor import storing as module
from headway.cli.doctor.findings import Finding, Level
from headway.cli.doctor.storing import storing
from headway.config import Settings
from headway.ops.transports import switch
from headway.stores.base import wall_ms
from headway.stores.queries import migrations
from headway.stores.sqlite import SqliteStore
from tests.stores.builders import claim, end, new_run, running


@pytest.fixture
def path(tmp_path):
    """Of the store."""
    return tmp_path / "headway.db"


async def found(path: Path, **settings: Any) -> dict[str, Finding]:
    """Findings by what they are about."""
    return {each.about: each async for each in storing(Settings(store=str(path), **settings))}


async def test_a_store_that_is_well(sqlite, path):
    """Everything about it is told, and nothing is changed."""
    await end(sqlite, await running(sqlite))
    findings = await found(path)
    wrong = {about for about, each in findings.items() if each.level is not Level.OK}
    assert not wrong - {"file system"}  # of a container, where this is run in one
    assert f"{path}, schema {migrations('sqlite')[-1].number}" in findings["store"].text
    assert findings["write-ahead log"].text.startswith("on, ")
    assert findings["unfinished runs"].text == "none"
    assert findings["workers"].text == "0 processes work on the store"


@pytest.mark.parametrize(("durability", "said"), [("normal", "a power cut may take"), ("full", "survives a power cut")])
async def test_what_it_survives(path, durability, said):
    """By the setting; a file that is not there yet is made by the first start, not by the doctor."""
    findings = await found(path, durability=durability)
    assert said in findings["durability"].text
    assert "not there yet" in findings["store"].text
    assert list(path.parent.iterdir()) == []


async def test_memory():
    """Everything in it is gone with its process."""
    findings = [each async for each in storing(Settings(store="memory://"))]
    assert [each.level for each in findings] == [Level.WARN]


async def test_a_folder_that_is_not_there(path):
    """Is said once."""
    findings = await found(path.parent / "no" / "headway.db")
    assert findings["folder"].level is Level.FAIL
    assert "store" not in findings


async def test_another_programs_database(path):
    """Is none of ours; a text is no database at all."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    finding = (await found(path))["store"]
    assert (finding.level, "another program" in finding.text) == (Level.FAIL, True)
    path.write_text("dear diary, " * 500)
    finding = (await found(path))["store"]
    assert (finding.level, "not an SQLite database" in finding.text) == (Level.FAIL, True)


async def test_a_schema_to_be_brought_up_to_date(path):
    """Is left to the server."""
    path.touch()
    findings = await found(path)
    assert (findings["schema"].level, path.stat().st_size) == (Level.WARN, 0)
    assert findings["store"].level is Level.FAIL


async def test_without_a_write_ahead_log(path):
    """Somebody has switched it off."""
    store = SqliteStore(path)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    assert "journal mode delete" in (await found(path))["write-ahead log"].text


async def test_runs_of_the_dead(sqlite, path):
    """Nobody takes them over, or somebody will."""
    run = await claim(sqlite, (await sqlite.create(new_run()))[0], worker="wrk_dead")
    finding = (await found(path))["workers"]
    assert (finding.level, run.id in finding.text) == (Level.WARN, True)
    assert finding.mend.startswith("start a server or a worker")
    await sqlite.join()
    finding = (await found(path))["workers"]
    assert finding.text.startswith("1 process works on the store; 1 run is held by workers that have died")
    assert finding.mend.startswith("look again")


async def test_a_queue_nobody_looks_after(sqlite, path):
    """Until somebody is there."""
    oldest, _ = await sqlite.create(new_run())
    await sqlite.create(new_run())
    finding = (await found(path))["unfinished runs"]
    assert finding.level is Level.WARN
    assert finding.text.startswith(f"2, the oldest is {oldest.id} (j, queued, ")
    assert finding.text.endswith("2 wait in the queue, and nobody is there to take them")
    await sqlite.join()
    assert (await found(path))["unfinished runs"].level is Level.OK


async def test_all_pages_of_unfinished_runs_are_looked_at(sqlite, path, monkeypatch):
    """The oldest is on the last; where there are very many, that is said."""
    runs = [await running(sqlite) for _ in range(5)]
    monkeypatch.setattr(module, "PAGE", 2)
    assert f"5, the oldest is {runs[0].id}" in (await found(path))["unfinished runs"].text
    monkeypatch.setattr(module, "UNFINISHED_MAX", 4)
    assert "4+, the oldest is" in (await found(path))["unfinished runs"].text


@pytest.mark.parametrize(
    ("days", "about", "said"), [(-3, "unfinished runs", "for 3 d"), (1, "store's clock", "set back")]
)
async def test_times_that_are_far_away(path, days, about, said):
    """A run nobody writes to, and one that was written tomorrow."""
    store = SqliteStore(path, now_ms=lambda: wall_ms() + days * 86_400_000)
    await store.open()
    await running(store)
    await store.close()
    finding = (await found(path))[about]
    assert (finding.level, said in finding.text) == (Level.WARN, True)


async def test_a_face_that_is_switched_off(sqlite, path):
    """At run time, by somebody who may have forgotten."""
    await switch(sqlite, ["poll", "ingest"])
    assert "switched off at run time: sse" in (await found(path))["transports"].text


async def test_a_listener_that_is_behind(sqlite, path, monkeypatch):
    """The oldest run it was not told to its end is named; one that keeps up is well."""
    await sqlite.add_listener("bill\ning", from_beginning=True)
    run = await end(sqlite, await running(sqlite))
    assert (await found(path))["listeners"].text == "bill ing was told of all that ended"
    monkeypatch.setattr(module, "BEHIND_S", 0.0)
    finding = (await found(path))["listeners"]
    assert finding.level is Level.WARN
    assert finding.text.startswith(f"bill ing was not told to the end of {run.id} (j), which ended ")
    assert "listener failed" in finding.mend
    assert "headway listeners forget 'bill ing'" in finding.mend
    await sqlite.move_listener("bill\ning", run.finished_at)
    assert (await found(path))["listeners"].level is Level.OK
