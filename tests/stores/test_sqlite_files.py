"""Opening the file: where it may be, whose it is, and migrations."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from headway.errors import SchemaNewer, StoreInvalid, StoreLocked, StoreUnavailable, UsageError
from headway.stores import sqlite_files
from headway.stores.location import Durability
from headway.stores.queries import Migration, migrations
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_files import APPLICATION_ID, SqliteFile, file_system
from tests.stores.builders import log, note, report, running

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
35 22 0:30 / /home rw,relatime shared:2 - nfs4 server:/home rw
36 35 0:31 / /home/ada/local\\040disk rw - xfs /dev/vdb rw
37 22 0:32 / /home rw,relatime - cifs //server/home rw
"""


def pragma(path: Path, name: str) -> object:
    """A value of the file's header."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def files_in(folder: Path) -> list[str]:
    """The names of the files."""
    return sorted(path.name for path in folder.iterdir())


async def refused(path: Path, error: type[Exception], text: str) -> None:
    """Expect that a file is not opened, twice in the same words, and that nothing of it stays open."""
    store = SqliteStore(path, patience_s=0.2)
    for _ in range(2):
        with pytest.raises(error, match=text):
            await store.open()
    await store.close()


async def test_a_new_file_is_ours_and_in_wal_mode(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Its header says whose it is and which schema it has."""
    path = tmp_path / "headway.db"
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == migrations("sqlite")[-1].number
    assert pragma(path, "journal_mode") == "wal"


async def test_a_log_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    """By another store object, too."""
    first, second = SqliteStore(tmp_path / "headway.db"), SqliteStore(tmp_path / "headway.db")
    await first.open()
    run = await running(first)
    await report(first, run, note())
    whole = await log(first, run.id)
    await first.close()
    await second.open()
    assert await log(second, run.id) == whole
    await second.close()


async def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    """Also one that means something in a URI."""
    path = tmp_path / "50 %? #1.db"
    store = SqliteStore(path)
    await store.open()
    await running(store)
    await store.close()
    assert files_in(tmp_path) == [path.name]


async def test_a_file_is_the_same_by_all_its_names(tmp_path: Path) -> None:
    """Workers that came through a link are alive for those who did not."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "real" / "headway.db")
    one, two = SqliteStore(link), SqliteStore(tmp_path / "real" / "headway.db")
    await one.open()
    await two.open()
    worker = await one.join()
    assert not (await two.workers())[worker].gone
    await one.close()
    await two.close()


@pytest.mark.parametrize(("durability", "level"), [("normal", 1), ("full", 2)])
async def test_durability_is_a_setting(tmp_path: Path, durability: Durability, level: int) -> None:
    """It says whether a commit waits for the disk."""
    with closing(SqliteFile(tmp_path / "headway.db", durability).open()) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (level,)


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """It is not made: a mistyped path would be filled in silence."""
    await refused(tmp_path / "no" / "headway.db", StoreUnavailable, r"the directory .*no does not exist \(create it")


async def test_a_directory_is_no_database(tmp_path: Path) -> None:
    """The text says so."""
    await refused(tmp_path, StoreInvalid, "is a directory")


async def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """A text, another program's database, a database cut off: nothing of them is changed."""
    text = tmp_path / "notes.txt"
    text.write_text("dear diary, " * 500)
    await refused(text, StoreInvalid, "is not an SQLite database")
    assert text.read_text() == "dear diary, " * 500
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.commit()
    await refused(other, StoreInvalid, "of another program")
    assert pragma(other, "journal_mode") == "delete"
    assert pragma(other, "application_id") == 0


async def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    """With what can be done about it."""
    path = tmp_path / "headway.db"
    store = SqliteStore(path)
    await store.open()
    run = await running(store)
    await report(store, run, *(note("x" * 500) for _ in range(200)))
    await store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    await refused(path, StoreInvalid, "damaged")


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """And left as it is."""
    path = tmp_path / "headway.db"
    SqliteFile(path).open().close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    await refused(path, SchemaNewer, f"has schema 99, this Headway knows {NEWEST}")
    assert pragma(path, "user_version") == 99


NEWEST = migrations("sqlite")[-1].number
LATER = Migration(NEWEST + 1, "ALTER TABLE settings ADD COLUMN note TEXT;\nCREATE TABLE extra (a);\n")
BROKEN = Migration(NEWEST + 2, "CREATE TABLE half (a);\nINSERT INTO nowhere VALUES (1);\n")


def further(monkeypatch: pytest.MonkeyPatch, *steps: Migration) -> None:
    """Let there be more migrations than this version has."""
    all_of_them = [*migrations("sqlite"), *steps]
    monkeypatch.setattr(sqlite_files, "migrations", lambda _: all_of_them)


async def test_an_older_schema_is_brought_up_to_date(sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the steps it lacks, once; what was stored is there, and the version before it refuses the file."""
    run = await running(sqlite)
    await sqlite.put_setting("x", 1)
    whole = await log(sqlite, run.id)
    await sqlite.close()
    path = sqlite._file.path
    with monkeypatch.context() as patch:
        further(patch, LATER)
        for _ in range(2):
            await sqlite.open()
            assert await log(sqlite, run.id) == whole
            assert await sqlite.setting("x") == 1
            await sqlite.close()
        assert pragma(path, "user_version") == NEWEST + 1
    await refused(path, SchemaNewer, f"has schema {NEWEST + 1}, this Headway knows {NEWEST}")


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one transaction: the earlier ones are taken back, too."""
    path = tmp_path / "headway.db"
    SqliteFile(path).open().close()
    with monkeypatch.context() as patch:
        further(patch, LATER, BROKEN)
        await refused(path, StoreUnavailable, "no such table: nowhere")
    assert pragma(path, "user_version") == NEWEST
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert not tables & {"extra", "half"}
    SqliteFile(path).open().close()


async def test_a_locked_file_is_not_opened(tmp_path: Path) -> None:
    """Another program has it for itself: that is said."""
    path = tmp_path / "headway.db"
    SqliteFile(path).open().close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        await refused(path, StoreLocked, r"another program holds the lock of .*headway\.db")


async def test_memory_has_a_store_of_its_own() -> None:
    """A file in memory would not be shared by the store's threads."""
    with pytest.raises(UsageError, match="memory"):
        SqliteStore(":memory:")


async def test_an_old_sqlite_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it stumbles over a statement it does not know."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    await refused(tmp_path / "headway.db", UsageError, "too old")


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/srv/data", "ext4"),
        ("/home/ada", "cifs"),
        ("/home/ada/local disk/x", "xfs"),
        ("/homes", "ext4"),
    ],
)
def test_file_systems_are_found_by_mount_point(folder: str, kind: str) -> None:
    """The longest one counts, and of two at the same place the later."""
    assert file_system(Path(folder), MOUNTS) == kind
    assert file_system(Path(folder), "") is None


async def test_network_file_systems_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their locks and shared memory do not work, which would show as lost events much later."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS + f"40 22 0:33 / {tmp_path} rw - nfs4 server:/x rw\n")
    monkeypatch.setattr(sqlite_files, "MOUNTS", mounts)
    await refused(tmp_path / "headway.db", UsageError, r"network file system \(nfs4\)")
    assert not (tmp_path / "headway.db").exists()


OPEN = """
import asyncio, sys
from headway.stores.base import RunFilter
from headway.stores.sqlite import SqliteStore
async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(10):
        store = SqliteStore(f"{sys.argv[1]}/{number}.db")
        await store.open()
        assert await store.list_runs(RunFilter()) == []
        await store.close()
asyncio.run(main())
"""


def test_several_processes_may_make_the_same_file(tmp_path: Path) -> None:
    """All at once: one applies the migrations, the others wait for it; closing and opening do not disturb either."""
    command = (sys.executable, "-c", OPEN, str(tmp_path))
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    for number in range(10):
        assert pragma(tmp_path / f"{number}.db", "user_version") == migrations("sqlite")[-1].number


READ_ONLY = """
import asyncio, os, sys
from headway.errors import StoreError
from headway.stores.base import RunFilter
from headway.stores.sqlite import SqliteStore
from tests.stores.builders import new_run
async def main():
    warm = SqliteStore(sys.argv[2])  # after giving up its rights it may not be able to import anything any more
    await warm.open()
    await warm.create(new_run())
    await warm.close()
    os.setuid(65534)
    store = SqliteStore(sys.argv[1])
    try:
        await store.open()
        await store.create(new_run())
    except StoreError as error:
        print(type(error).__name__, error)
    finally:
        await store.close()
asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up its rights, which takes root's to begin with")
@pytest.mark.parametrize("there", [True, False])
def test_a_file_or_directory_that_cannot_be_written_is_named(tmp_path: Path, there: bool) -> None:
    """With what to do about it."""
    with tempfile.TemporaryDirectory() as folder:  # `tmp_path` is within a directory that only root may enter
        path = Path(folder) / "headway.db"
        path.parent.chmod(0o755)
        if there:
            SqliteFile(path).open().close()
            path.chmod(0o644)
        command = (sys.executable, "-c", READ_ONLY, str(path), str(tmp_path / "warm.db"))
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("StoreUnavailable"), done
    assert "give this user the right" in done.stdout


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
async def test_a_store_is_not_used_across_a_fork(sqlite: SqliteStore) -> None:
    """The child is told to open its own, before SQLite is confused."""
    run = await running(sqlite)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            sqlite._read(lambda _: None)
        except UsageError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = await asyncio.to_thread(pipe.read)
    await asyncio.to_thread(os.waitpid, child, 0)
    assert "forked" in said
    assert (await sqlite.get(run.id)) == run
