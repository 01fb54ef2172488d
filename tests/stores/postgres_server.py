"""A real Postgres of our own: made in a folder, on a port of its own, to be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import asyncpg

from tests.integration.servers import free_port

PATIENCE_S: Final = 60
FAST: Final = {
    "fsync": "on",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


def programs() -> Path:
    """Where the server's programs are.

    Raises:
        AssertionError: there are none; `scripts/ensure_system.sh postgres` installs them, or says how.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    assert found or on_path, "there is no Postgres: run scripts/ensure_system.sh postgres"
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


def as_postgres(folder: Path) -> list[str]:
    """How a command is run that refuses to be root, with a folder of its own."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    for parent in list(folder.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)  # pytest makes its folders for one user alone
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class PostgresServer:
    """A server.

    Args:
        folder: Its data; made here.
    """

    def __init__(self, folder: Path) -> None:
        self._bin = programs()
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self.port = free_port()
        self._user = as_postgres(folder)
        self.process: subprocess.Popen[bytes] | None = None
        command = [*self._user, str(self._bin / "initdb"), "-D", str(self._data), "-A", "trust", "-U", "headway"]
        subprocess.run([*command, "--no-sync", "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/")

    def url(self, **query: str) -> str:
        """The address of its database."""
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return f"postgresql://headway@127.0.0.1:{self.port}/postgres" + (f"?{words}" if words else "")

    def start(self) -> None:
        """Start it, and wait until it lets one in."""
        settings = [part for name, value in FAST.items() for part in ("-c", f"{name}={value}")]
        command = [*self._user, str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port), "-k", ""]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([*command, *settings], stdout=log, stderr=log, cwd="/")
        deadline = time.monotonic() + PATIENCE_S
        while subprocess.run(
            [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        ).returncode:
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """Shut it down at once, clients or not; what was committed is kept."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_S)
            self.process = None

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
