"""Reading a page while the log changes under the statement."""

import asyncio
import threading
from contextlib import closing
from pathlib import Path

from headway.core.cursor import START
from headway.stores.base import Page, Standing
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_files import SqliteFile
from headway.stores.sqlite_rows import read_page
from tests.stores.builders import end, note, report, running, save


async def test_a_trim_in_the_middle_of_a_read(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Row, cursor check and events are of one state of the database, however long the reading takes."""
    run = await running(sqlite)
    await report(sqlite, run, *(note(str(number)) for number in range(200)))
    run = await end(sqlite, run)
    await save(sqlite, run.id)
    half_way, go_on = threading.Event(), threading.Event()

    def pause() -> None:
        half_way.set()
        go_on.wait(60)

    def read() -> Page:
        with closing(SqliteFile(tmp_path / "headway.db").connect(read_only=True)) as connection:
            connection.set_progress_handler(pause, 1_000)  # instructions of SQLite's machine; a row takes some 40
            return read_page(connection, run.id, START, limit=500, max_bytes=1_000_000, partial=False)

    reading = asyncio.create_task(asyncio.to_thread(read))
    await asyncio.to_thread(half_way.wait, 60)
    await sqlite.trim(run.id, floor=150)
    trimmed = await sqlite.get(run.id)
    assert not reading.done()
    go_on.set()
    page = await reading
    assert (page.standing, page.run.floor, page.tail) == (Standing.GOOD, 0, run.total)
    assert [event.seq for event in page.events] == [*range(1, run.seq + 1)]
    assert trimmed is not None
    assert trimmed.floor == 150
    assert (await sqlite.read(run.id)).standing is Standing.TRIMMED
