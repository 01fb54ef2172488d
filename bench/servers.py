"""Places to keep runs in, each a fresh one: a file, or a Postgres or Redis that is started for it as the tests do."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.processes import BenchError
from scripts.postgres_server import programs
from tests.stores.postgres_server import PostgresServer
from tests.stores.redis_server import RedisServer


@dataclass(frozen=True, slots=True)
class Kept:
    """A store nobody has used.

    Attributes:
        url: Its address, as `HEADWAY_STORE` takes it.
        pid: Of its server; None where there is none.
    """

    url: str
    pid: int | None = None

    @property
    def dsn(self) -> str:
        """The address of the server, as its own clients take it."""
        return self.url.partition("?")[0]

    @property
    def schema(self) -> str:
        """What the names of all schemas begin with that may be made."""
        return self.url.partition("schema=")[2]


class Servers:
    """Starts what is needed. Postgres is started once, and every store is a schema of its own; a Redis is a new one.

    Args:
        folder: For all files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._postgres: PostgresServer | None = None

    @contextlib.contextmanager
    def store(self, kind: str) -> Iterator[Kept]:
        """Give a store of a kind for as long as the block lasts.

        Raises:
            BenchError: its server is not installed, or does not start.
        """
        if kind == "memory":
            yield Kept("memory://")
        elif kind == "sqlite":
            yield Kept(f"sqlite:///{self.new_folder() / 'headway.db'}")
        elif kind == "redis":
            with self.redis() as server:
                yield server
        else:
            with self.postgres() as server:
                yield server

    @contextlib.contextmanager
    def redis(self) -> Iterator[Kept]:
        """Give a Redis of its own, with an append-only file that is written to the disk every second."""
        with _started("redis"):
            server = RedisServer(self.new_folder())
            server.start()
        try:
            yield Kept(server.url, server.process.pid if server.process else None)
        finally:
            server.kill()

    @contextlib.contextmanager
    def postgres(self) -> Iterator[Kept]:
        """Give a schema of its own, and all whose names begin like it; every commit waits for the disk."""
        server, schema = self._running(), f"bench_{next(self._numbers)}_"
        try:
            yield Kept(server.url(schema=schema), server.process.pid if server.process else None)
        finally:
            asyncio.run(_clear(server, schema))

    def _running(self) -> PostgresServer:
        if self._postgres is None:
            with _started("postgres"):
                server = PostgresServer(self.new_folder())
                server.start()
            self._postgres = server
        return self._postgres

    def new_folder(self) -> Path:
        """Return a folder nothing is in."""
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        return folder

    def stop(self) -> None:
        """Stop what still runs."""
        if self._postgres is not None:
            self._postgres.kill()


async def _clear(server: PostgresServer, schema: str) -> None:
    """Remove what was measured; nothing of it is written to the disk while the next one is measured."""
    found = await server.run(f"SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '{schema}')")
    for (name,) in found:
        await server.run(f"DROP SCHEMA {name} CASCADE")
    await server.run("CHECKPOINT")


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Give servers that are stopped at the end of the block."""
    made = Servers(folder)
    try:
        yield made
    finally:
        made.stop()


def facts() -> dict[str, str]:
    """Return what servers these are, for a page."""
    return {
        "Postgres": f"{machine.first_line(str(programs() / 'postgres'), '--version')}; each commit waits for the disk",
        "Redis": f"{machine.first_line('redis-server', '--version')}; appendfsync everysec",
    }


@contextlib.contextmanager
def _started(name: str) -> Iterator[None]:
    try:
        yield
    except (AssertionError, OSError, RuntimeError, subprocess.CalledProcessError) as error:
        raise BenchError(f"{name} does not start: {error}; scripts/ensure_system.sh {name} installs it") from error
