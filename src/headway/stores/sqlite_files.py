"""The database file: where it may be, how it is opened, whose it is, and how its schema comes up to date."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headway.errors import SchemaNewer, StoreInvalid, StoreUnavailable, UsageError
from headway.stores.location import Durability
from headway.stores.queries import migrations
from headway.stores.sqlite_errors import map_error, patiently

APPLICATION_ID: Final = 0x48454144  # "HEAD"
"""Stands in the file's header, so that another program's database is never taken for ours."""

_WAL_KEPT_BYTES: Final = 64 * 1_048_576
NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        *("afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2"),
        *("smb3", "smbfs", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs"),
    }
)
MOUNTS: Final = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """One database file and how it is to be opened.

    Attributes:
        durability: ``normal``: what was answered survives the death of the process; after a power cut the last
            moments may be missing. ``full``: survives a power cut too; each group of writes waits for the disk.
        patience_s: How long to wait for another program's lock.
        read_only: To be looked at, no more: nothing is made, brought up to date or written.
    """

    path: Path
    durability: Durability = "normal"
    patience_s: float = 5.0
    read_only: bool = False

    def connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        """Open a connection. May be used by one thread at a time.

        Raises:
            StoreError: see `map_error`.
        """
        try:
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,  # transactions are begun and ended in so many words
                timeout=0,  # waiting is ours, see `patiently`
                check_same_thread=False,
                cached_statements=256,
            )
        except sqlite3.Error as error:
            raise map_error(error, self.path) from error
        try:
            patiently(lambda: self._set_up(connection, read_only=read_only), self.patience_s)
        except sqlite3.Error as error:
            connection.close()
            raise map_error(error, self.path) from error
        return connection

    def _set_up(self, connection: sqlite3.Connection, *, read_only: bool) -> None:
        connection.execute(f"PRAGMA synchronous = {self.durability}")
        connection.execute("PRAGMA foreign_keys = 1")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
        if read_only or self.read_only:
            connection.execute("PRAGMA query_only = 1")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first look at the file itself

    def open(self) -> sqlite3.Connection:
        """Connect; make the file and bring its schema up to date if need be. Several processes may do so at once.

        Raises:
            StoreError, UsageError: it cannot be used; the text says why and how to mend it.
        """
        self._check_place()
        if not self.read_only:
            self._make()
        connection = self.connect()
        prepare = self._check_schema if self.read_only else self._upgrade
        try:
            patiently(lambda: prepare(connection), self.patience_s)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise map_error(error, self.path) from error
            raise
        return connection

    def _make(self) -> None:
        try:
            self.path.touch()
        except OSError as error:
            if not self.path.exists():
                raise StoreUnavailable(
                    f"{self.path} cannot be created: {error.strerror}",
                    hint="give this user the right to write the directory, or choose another path",
                ) from error

    def _check_place(self) -> None:
        if sqlite3.sqlite_version_info < (3, 35):
            raise UsageError(f"SQLite {sqlite3.sqlite_version} is too old; Headway needs 3.35 or newer")
        folder = self.path.parent
        if not folder.is_dir():
            raise StoreUnavailable(
                f"the directory {folder} does not exist", hint="create it, or choose another path for the database"
            )
        if self.path.is_dir():
            raise StoreInvalid(f"{self.path} is a directory", hint="give the path of a file")
        kind = file_system(folder, MOUNTS.read_text(encoding="utf-8") if MOUNTS.exists() else "")
        if kind in NETWORK_FILE_SYSTEMS:
            raise UsageError(
                f"{folder} is on a network file system ({kind}), where SQLite's locks and shared memory do not work",
                hint="put the file on a local disk, or use a store for many machines",
            )

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """Bring the schema up to date; may be begun anew whenever another process is in the way."""
        steps = migrations("sqlite")
        version = self.version(connection)
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if version == steps[-1].number:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = self.version(connection)  # another process may have been faster
            for step in steps:
                if step.number > version:
                    for statement in _statements(step.text):
                        connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {steps[-1].number}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        """Insist that there is nothing to bring up to date."""
        version, newest = self.version(connection), migrations("sqlite")[-1].number
        if version < newest:
            raise StoreUnavailable(
                f"{self.path} has schema {version}, this Headway reads {newest}",
                hint="start its server or a worker once; that brings it up to date",
            )

    def version(self, connection: sqlite3.Connection) -> int:
        """Return the version of the file's schema, 0 for a new file; make sure that it is ours.

        Raises:
            StoreInvalid: it is another program's.
            SchemaNewer: a newer Headway made it.
        """
        # in this order: another process may be making tables and header, in one transaction, just now
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if tables and application != APPLICATION_ID:
            raise StoreInvalid(
                f"{self.path} is a database of another program",
                hint="choose another path; Headway keeps its logs in a file of its own",
            )
        newest = migrations("sqlite")[-1].number
        if version > newest:
            raise SchemaNewer(
                f"{self.path} has schema {version}, this Headway knows {newest}",
                hint="upgrade Headway, or choose another path",
            )
        return int(version)


def file_system(folder: Path, mounts: str) -> str | None:
    """Return the kind of file system a directory is on, or None where it cannot be told.

    `mounts` is the text of ``/proc/self/mountinfo``.
    """
    best, kind = -1, None
    folder = folder.resolve()
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        point = Path(left.split()[4].encode().decode("unicode_escape"))  # blanks are written as \040
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), right.split()[0]
    return kind


def _statements(text: str) -> list[str]:
    """Split a script. `executescript` would commit the transaction the migration runs in."""
    statements, pending = [], ""
    for line in text.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements
