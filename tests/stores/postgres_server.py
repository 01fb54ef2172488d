"""A real Postgres of our own for the tests, and PgBouncer before it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from scripts import postgres_server as own
from scripts.postgres_server import PATIENCE_S, as_postgres
from tests.integration.servers import free_port


class PostgresServer(own.PostgresServer):
    """A server on a free port.

    Args:
        folder: Its data; made here.
        settings: Of the server, beside those it is always started with.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, free_port(), **settings)

    async def run(self, sql: str) -> list[asyncpg.Record]:
        """Do a statement by a connection of its own."""
        connection = await asyncpg.connect(self.url())
        try:
            async with asyncio.timeout(PATIENCE_S):
                rows: list[asyncpg.Record] = await connection.fetch(sql)
        finally:
            await connection.close()
        return rows


class Pooler:
    """PgBouncer in transaction mode, with two servers for any number of clients.

    Args:
        folder: For its settings.
        server: What it stands before.
    """

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self.port = free_port()
        self._config = folder / "pgbouncer.ini"
        users = folder / "users.txt"
        users.write_text('"headway" ""\n')
        self._config.write_text(
            f"[databases]\npostgres = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nauth_type = trust\nauth_file = {users}\nunix_socket_dir =\n"
            "pool_mode = transaction\ndefault_pool_size = 2\n"
        )
        self._user = as_postgres(folder)

    def __enter__(self) -> Self:
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "there is no PgBouncer: run scripts/ensure_system.sh pgbouncer"
        self._process = subprocess.Popen([*self._user, program, "-q", str(self._config)], cwd="/")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                assert self._process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
