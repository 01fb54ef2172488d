"""A log as lines: from a server and from a store the same, byte for byte."""

import asyncio
import os
import signal
import sys
from dataclasses import replace

import orjson
import pytest
from typer.testing import CliRunner, Result

from headway.app import Headway
from headway.cli.archive import archive_of_store
from headway.cli.commands import app
from headway.errors import Trimmed
from headway.stores.base import RunRow
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections
from headway.stores.retention import Part, Retention
from headway.stores.sqlite import SqliteStore
from tests.cli.terminals import environment, piped
from tests.client.running import running as serving
from tests.stores.builders import delta, end, log, note, report, running, save


async def invoke(*arguments: str) -> Result:
    """Run the command where it has no event loop around it."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["export", *arguments], env={"HEADWAY_URL": None})


@pytest.fixture
def path(tmp_path):
    """Of the store."""
    return tmp_path / "headway.db"


async def test_the_same_from_a_server_and_from_a_store(sqlite: SqliteStore, path):
    """Exactly what is kept, of more than a page; with the state as a last line if that is wanted."""
    run = await running(sqlite, title="Zürich \u2028 北京")
    for n in range(13):
        await report(sqlite, run, *(note(f"{n} {m}\n\u2028🏔") for m in range(100)))
    run = await end(sqlite, run)
    kept = b"".join(event.body + b"\n" for event in await log(sqlite, run.id))
    with serving(Headway(str(path), worker="none"), prefix="/headway") as server:
        base = server.url.removesuffix("/headway")
        for where in (("--url", base), ("--store", str(path))):
            result = await invoke(run.id, *where)
            assert result.exit_code == 0, result.stderr
            assert result.stdout_bytes == kept
            assert f"exported {run.seq:,} events of {run.id} (" in result.stderr
            assert result.stderr.endswith("the log is complete\n")
            with_state = await invoke(run.id, "--snapshot", *where)
            assert with_state.stdout_bytes.startswith(kept)
            state = orjson.loads(with_state.stdout_bytes[len(kept) :])
            assert state == {"snapshot": (await Projections(sqlite).current(run.id)).snapshot()}
        by_address = await invoke(f"{server.url}/v1/runs/{run.id}/stream")
        assert by_address.stdout_bytes == kept


async def test_what_is_left_of_a_trimmed_log(sqlite: SqliteStore, path):
    """Another exit code, and what is missing; the same from both."""
    run = await running(sqlite)
    await report(sqlite, run, delta(), note(), delta(), note())
    await save(sqlite, run.id)
    await report(sqlite, run, note(), note())
    await end(sqlite, run)
    await sqlite.trim(run.id, floor=5, part=Part.TEXT)
    with serving(Headway(str(path), worker="none")) as server:
        for where in (("--url", server.url), ("--store", str(path))):
            result = await invoke(run.id, *where)
            assert result.exit_code == 3
            assert [orjson.loads(line)["seq"] for line in result.stdout_bytes.splitlines()] == [1, 2, 4, 6, 7, 8, 9]
            assert result.stderr.splitlines()[1:] == [
                "the log is partial: 2 of 9 events were trimmed, streamed text is missing in it",
                "the state is whole: --snapshot adds it as a last line",
            ]
        await sqlite.trim(run.id, floor=4)
        for where in (("--url", server.url), ("--store", str(path))):
            result = await invoke(run.id, "--snapshot", *where)
            assert result.exit_code == 3
            assert [orjson.loads(line).get("seq") for line in result.stdout_bytes.splitlines()] == [6, 7, 8, 9, None]
            assert result.stderr.splitlines()[1:] == [
                "the log is partial: 5 of 9 events were trimmed, it begins at seq 6"
            ]


async def test_a_run_that_goes_on(sqlite: SqliteStore, path):
    """Its log up to now."""
    run = await running(sqlite)
    result = await invoke(run.id, "--store", str(path))
    assert result.exit_code == 0
    assert result.stderr.splitlines()[1:] == [
        "the log is complete",
        "the run goes on (running); this is its log up to now",
    ]


async def test_a_log_that_is_pruned_meanwhile(store):
    """What is gone is gone, the rest comes; one that lost its end is not taken for the same."""
    run = await running(store)
    await report(store, run, *(note() for _ in range(600)))
    run = await end(store, run)
    await save(store, run.id)
    archive = await archive_of_store(store, run.id, snapshot=False)
    seqs = [seq for seq, _ in await anext(archive.lines)]
    await store.prune(dict.fromkeys(await store.prunable_jobs(), Retention(0, 0)))
    seqs += [seq async for lines in archive.lines for seq, _ in lines]
    assert seqs == [*range(1, 501), 603]


async def test_a_log_that_lost_its_end_meanwhile():
    """Is not taken for the whole."""
    store = Short()
    await store.open()
    archive = await archive_of_store(store, (await running(store)).id, snapshot=False)
    assert len(await anext(archive.lines)) == 2
    with pytest.raises(Trimmed, match="lost its end"):
        await anext(archive.lines)


class Short(MemoryStore):
    """A store that lost the end of a log after somebody looked at its row."""

    async def get(self, run_id: str) -> RunRow | None:
        """Return a row of before."""
        row = await super().get(run_id)
        return row and replace(row, seq=row.seq + 1)


async def test_a_file_is_whole_or_not_there(sqlite: SqliteStore, path, tmp_path):
    """A file that was there stays when the export fails."""
    run = await end(sqlite, await running(sqlite))
    target = tmp_path / "log.ndjson"
    result = await invoke(run.id, "--store", str(path), "-o", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.read_bytes() == b"".join(event.body + b"\n" for event in await log(sqlite, run.id))
    before = sorted(tmp_path.iterdir())
    missing = await invoke("run_no", "--store", str(path), "--output", str(target))
    assert missing.exit_code == 1
    assert missing.stderr.splitlines()[0] == "error: there is no run 'run_no' (run_not_found)"
    assert sorted(tmp_path.iterdir()) == before
    assert target.stat().st_size


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_told_to_stop_it_leaves_nothing(tmp_path, number, code):
    """No half a file, no traceback."""
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/headway"
    async with piped("export", "run_x", "--url", url, "-o", "x.ndjson", cwd=tmp_path) as command:
        await asyncio.wait_for(asked.wait(), 30)
        assert len(list(tmp_path.iterdir())) == 1
        command.process.send_signal(number)
        assert await command.ended() == code
    listening.close()
    assert "Traceback" not in command.output
    assert list(tmp_path.iterdir()) == []


async def test_a_reader_that_has_seen_enough(sqlite: SqliteStore, path):
    """`headway export … | head -1`."""
    run = await running(sqlite)
    await report(sqlite, run, *(note("x" * 1_000) for _ in range(900)))
    process = await asyncio.create_subprocess_shell(
        f"{sys.executable} -m headway export {run.id} --store {path} | head -1",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment()},
    )
    output, errors = await process.communicate()
    assert len(output.splitlines()) == 1
    assert b"Traceback" not in errors


async def test_where_there_is_no_run(sqlite: SqliteStore, path):
    """Wrong usage is 2."""
    for arguments, said in (
        (("http://h/v1/runs/x", "--store", str(path)), "name the run by its id"),
        (("run_x", "--store", "no.db"), "there is no file no.db"),
        (("run_x", "--store", str(path), "-o", "/dev/null"), "no ordinary file"),
    ):
        result = await invoke(*arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), result.output
    result = await invoke("run_x", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("hint: start one with `headway serve`")
