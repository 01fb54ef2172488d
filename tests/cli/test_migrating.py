"""``headway migrate``: the schema comes up to date before the servers start, or as a script for somebody else."""

import socket
from pathlib import Path

import pytest

from tests.cli.terminals import piped


async def test_a_store_is_made(folder: Path) -> None:
    """Once and again."""
    for _ in range(2):
        async with piped("migrate", "--store", "runs.db") as command:
            assert await command.ended() == 0
        assert "sqlite:///runs.db is up to date." in command.output
    assert (folder / "runs.db").is_file()


async def test_the_script(folder: Path) -> None:
    """Of the schema the address names; nothing is opened."""
    async with piped("migrate", "--sql", "--store", "postgresql://me:secret@nowhere.invalid/db?schema=runs") as command:
        assert await command.ended() == 0
    assert 'CREATE SCHEMA IF NOT EXISTS "runs";' in command.output
    assert 'CREATE TABLE "runs".runs (' in command.output
    assert "secret" not in command.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--sql",), 2, "name the Postgres: --store postgresql://..., or HEADWAY_STORE"),
        (("--sql", "--store", "runs.db"), 2, "sqlite:///runs.db is no Postgres"),
        (("--store", "postgresql://me:secret@127.0.0.1:1/db"), 1, "postgresql://me@127.0.0.1:1/db"),
        (("--store", "postgresql://me:secret@127.0.0.1:1/db"), 1, "is Postgres running there?"),
        (("--store", "redis://:secret@127.0.0.1:1/0"), 1, "is Redis running there?"),
        (("--store", "mysql://x"), 2, "there is no store 'mysql'"),
    ],
)
async def test_what_cannot_be(folder: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """In one line, without a password."""
    async with piped("migrate", *arguments) as command:
        assert await command.ended() == code
    assert said in command.output
    assert "secret" not in command.output
    assert "Traceback" not in command.output


@pytest.mark.parametrize("port", [1, None], ids=["nobody listens", "nobody answers"])
async def test_a_queue_that_is_away(folder: Path, port: int | None) -> None:
    """The tables of the runs are made; what is wrong with the queue is said, and how to mend it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"127.0.0.1:{port or silent.getsockname()[1]}"
        broker = f"postgresql://me:secret@{where}/db"
        async with piped(
            "migrate", "--store", "runs.db", HEADWAY_ENGINE="procrastinate", HEADWAY_BROKER=broker
        ) as command:
            assert await command.ended() == 1
    assert f"the queue at postgresql://me@{where}/db cannot be reached" in command.output
    assert "HEADWAY_BROKER" in command.output
    assert "secret" not in command.output
    assert "Traceback" not in command.output
    assert (folder / "runs.db").is_file()
