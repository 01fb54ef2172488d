"""What is dropped, what would be, and how it is told."""

import asyncio
import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from headway.cli.commands import app
from headway.cli.pruning import Pruned, show
from headway.engines.retention import keep_stated
from headway.stores.postgres import PostgresStore
from headway.stores.retention import Part, Prunable, Retention
from headway.stores.sqlite import SqliteStore
from tests.stores.builders import delta, end, log, note, report, running, save
from tests.stores.conftest import fresh_url

FOUND = [
    Prunable("itinerary", Part.LOG, 12, 4_211, 1_234_567),
    Prunable("report \x1b[2J北京" * 9, Part.LINES, 1, 3, 640),
]


async def invoke(*arguments: str, **variables: str) -> Result:
    """Run the command where it has no event loop around it."""
    env = {"HEADWAY_STORE": None, "COLUMNS": "100", **variables}
    return await asyncio.to_thread(CliRunner().invoke, app, ["prune", *arguments], env=env)


@pytest.fixture
async def three(sqlite, tmp_path):
    """Two runs that have ended, and one that goes on."""
    ids: list[str] = []
    for job in ("trip", "report", "trip"):
        run = await running(sqlite, job=job)
        await report(sqlite, run, note(), delta(), delta())
        if len(ids) < 2:
            await end(sqlite, run)
        await save(sqlite, run.id)
        ids.append(run.id)
    return tmp_path / "headway.db", ids


async def seqs(store: SqliteStore, run_id: str) -> list[int]:
    """What is left of a log that may have lost its text."""
    return [event.seq for event in await log(store, run_id, partial=True)]


async def test_a_dry_run_changes_nothing_and_tells_what_goes(sqlite, three):
    """By job; the same is dropped then."""
    path, (trip, other, alive) = three
    ages = ("--older-than", "never", "--text-older-than", "0s", "--store", str(path))
    for _ in range(2):
        told = await invoke("--dry-run", *ages)
        assert told.exit_code == 0, told.output
        assert [line.split()[:6] for line in told.output.splitlines()[3:6]] == [
            ["report", "text", "0", "s", "1", "2"],
            ["trip", "text", "0", "s", "1", "2"],
            ["together", "2", "4", *told.output.splitlines()[5].split()[3:6]],
        ]
        assert told.output.endswith("Nothing was changed. Without --dry-run this is dropped.\n")
    done = await invoke("--json", *ages)
    content = json.loads(done.stdout)
    assert (content["dry_run"], content["older_than_s"], content["text_older_than_s"]) == (False, None, 0)
    assert [(job["job"], job["runs"], job["events"]) for job in content["jobs"]] == [("report", 1, 2), ("trip", 1, 2)]
    assert [await seqs(sqlite, run_id) for run_id in (trip, other)] == [[1, 2, 3, 6]] * 2
    assert await seqs(sqlite, alive) == [1, 2, 3, 4, 5]
    again = await invoke(*ages)
    assert again.output.splitlines()[-1] == "There is nothing older."


async def test_ages_and_store_come_from_the_settings(sqlite, three):
    """Where no option says otherwise."""
    path, (trip, *_) = three
    variables = {"HEADWAY_STORE": str(path), "HEADWAY_RETENTION_S": "0.001"}
    told = await invoke("--dry-run", "--json", **variables)
    assert [(job["part"], job["kept_s"]) for job in json.loads(told.stdout)["jobs"]] == [("log", 0.001)] * 2
    done = await invoke(**variables)
    assert done.output.endswith("Dropped. The file stays as large as it is; what was freed in it is used again.\n")
    row = await sqlite.get(trip)
    assert (row.floor, row.seq) == (5, 6)


async def test_an_end_without_its_snapshot_is_folded_first(sqlite, tmp_path, monkeypatch):
    """No server may ever come to it; a dry run changes nothing, and so does not tell of it."""
    monkeypatch.setattr("headway.engines.pruner.FOLDED_S", 0)
    run = await running(sqlite)
    await report(sqlite, run, note(), note())
    await end(sqlite, run)
    arguments = ("--older-than", "0s", "--store", str(tmp_path / "headway.db"))
    told = await invoke("--dry-run", *arguments)
    assert told.output.endswith("There is nothing older.\n")
    await invoke(*arguments)
    row = await sqlite.get(run.id)
    assert (row.floor, row.seq) == (4, 5)
    assert (await sqlite.snapshot(run.id)).cursor == row.cursor


async def test_what_a_job_says_of_itself_stands_unless_it_is_named(sqlite, three):
    """Ages given for all are for those that say nothing; ages given with a job are for it."""
    path, (trip, other, _) = three
    await keep_stated(sqlite, {"report": {"log": None, "text": 3_600}})
    ages = ("--older-than", "0s", "--store", str(path), "--json")
    found = json.loads((await invoke(*ages)).stdout)
    assert [(job["job"], job["part"]) for job in found["jobs"]] == [("trip", "log")]
    assert ((await sqlite.get(trip)).floor, (await sqlite.get(other)).floor) == (5, 0)
    text = await invoke("--job", "report", "--text-older-than", "0s", "--store", str(path))
    assert text.output.startswith("After the end of a run its log is kept for ever, streamed text not at all.\n")
    assert ((await sqlite.get(other)).floor, await seqs(sqlite, other)) == (0, [1, 2, 3, 6])
    done = json.loads((await invoke("--job", "report", *ages)).stdout)
    assert (done["jobs"][0]["job"], done["older_than_s"], (await sqlite.get(other)).floor) == ("report", 0, 5)
    unknown = await invoke("--job", "no such job", "--store", str(path))
    assert (unknown.exit_code, unknown.output) == (0, "No run of job 'no such job' has anything to lose.\n")


async def test_a_database_is_no_file(postgres_server):
    """What becomes of the space there is the database's business."""
    url = fresh_url(postgres_server)
    store = PostgresStore(url)
    await store.open()
    run = await running(store, job="trip")
    await end(store, run)
    await save(store, run.id)
    await store.close()
    done = await invoke("--older-than", "0s", "--store", url)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "Dropped.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--older-than", "7 moons"), "'7 moons' is no age"),
        (("--text-older-than", "-1d"), "'-1d' is no age"),
        (("--store", "memory://"), "no other process can see memory://"),
        (("--store", "no.db"), "there is no file no.db"),
    ],
)
async def test_wrong_usage(folder, arguments, said):
    """Is 2, and makes no file."""
    result = await invoke(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits(width):
    """A long name gives way; what is in it cannot command the terminal."""
    written = io.StringIO()
    show(Pruned(Retention(), {}, FOUND), Console(file=written, width=width), dry_run=True)
    lines = written.getvalue().splitlines()
    table = lines[lines.index("") + 1 :]
    assert [line.split()[-4:] for line in table[1:2]] == [["12", "4,211", "1.2", "MB"]]
    assert table[3].split() == ["together", "13", "4,214", "1.2", "MB"]
    assert all(len(line) <= width for line in table)
    assert "\x1b" not in written.getvalue()
