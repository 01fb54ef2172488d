"""Making and changing the tables: the files of ``sql/<database>`` in order, each once.

A server and its workers do it when they start. By hand: ``python -m examples.report.tables.migrations URL``, with the
URL of Headway's store.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from examples.report.tables.database import Database, database_for

SQL: Final = Path(__file__).parent / "sql"


async def migrate(database: Database, *, upto: str = "9999") -> list[str]:
    """Bring the tables up to date; return what was done. Any number of processes may do it at once.

    Args:
        database: Whose tables.
        upto: Number of the last one to do, for tests.
    """
    files = sorted((SQL / database.kind).glob("*.sql"))
    return [
        file.stem
        for file in files
        if file.stem[:4] <= upto and await database.migrate(file.stem, file.read_text(encoding="utf-8"))
    ]


async def _main(url: str) -> None:
    database = database_for(url)
    try:
        done = await migrate(database)
    finally:
        await database.close()
    print("\n".join(done) or "nothing to do")  # noqa: T201 - a program


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m examples.report.tables.migrations sqlite:///headway.db | postgresql://...")
    asyncio.run(_main(sys.argv[1]))
