"""The library: texts of this application's own, beside Headway's log.

A text is kept under the hash of its content: writing it again changes nothing, and the same input gives the same ids.
Steps keep ids instead of texts, and read the texts here.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from examples.strategy.errors import TextGone
from examples.strategy.models import Document
from examples.strategy.reading.plain import words_in

T = TypeVar("T")

_BUSY_S: Final = 10.0
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS text (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID"
)
_ADD: Final = "INSERT INTO text (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"


class Library:
    """Texts in one SQLite file that several processes may use.

    Args:
        path: The file; made when it is first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def add(self, name: str, text: str) -> Document:
        """Keep a text; idempotent."""
        [document] = await self.add_all([(name, text)])
        return document

    async def add_all(self, texts: Iterable[tuple[str, str]]) -> list[Document]:
        """Keep texts, each with its name, in one transaction; idempotent."""
        pairs = [(Document(id=text_id(text), name=name[:200], words=words_in(text)), text) for name, text in texts]

        def write(database: sqlite3.Connection) -> None:
            with database:
                database.executemany(_ADD, [(document.id, text) for document, text in pairs])

        await asyncio.to_thread(self._with, write)
        return [document for document, _ in pairs]

    async def texts(self, documents: Iterable[Document]) -> list[str]:
        """Return the texts of documents, in order.

        Raises:
            TextGone: One is not there.
        """
        wanted = list(documents)

        def read(database: sqlite3.Connection) -> list[str]:
            rows = [database.execute("SELECT body FROM text WHERE id = ?", (one.id,)).fetchone() for one in wanted]
            gone = next((one.name for one, row in zip(wanted, rows, strict=True) if row is None), None)
            if gone is not None:
                raise TextGone(f"{gone} is not in the library any more", hint="upload it again")
            return [str(row[0]) for row in rows]

        return await asyncio.to_thread(self._with, read)

    def _with(self, use: Callable[[sqlite3.Connection], T]) -> T:
        with self._connected() as database:
            return use(database)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=_BUSY_S)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(_SCHEMA)
            yield database
        finally:
            database.close()


def text_id(text: str) -> str:
    """Return the id of a text."""
    return f"txt_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
