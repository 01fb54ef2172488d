"""A real Postgres of one's own: made in a folder, on a port of its own, to be stopped, killed and started again.

For tests, and for demos that want one and find none. Its programs have to be installed (`scripts/ensure_system.sh
postgres` sees to that); nothing of the system's own server is touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 60
SETTINGS: Final = {
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
        RuntimeError: there are none; `scripts/ensure_system.sh postgres` installs them, or says how.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path is None:
        raise RuntimeError("there is no Postgres: run scripts/ensure_system.sh postgres")
    return Path(on_path).resolve().parent


def as_postgres(folder: Path) -> list[str]:
    """How a command is run that refuses to be root, with a folder of its own."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    for parent in list(folder.parents)[:4]:
        parent.chmod(parent.stat().st_mode | 0o011)  # temporary folders are made for one user alone
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class PostgresServer:
    """A server.

    Args:
        folder: Its data; made here.
        port: Where it listens, on this machine only.
        settings: Of the server, beside our own.
    """

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self._bin = programs()
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._settings = SETTINGS | settings
        self.port = port
        self._user = as_postgres(folder)
        self.process: subprocess.Popen[bytes] | None = None
        command = [*self._user, str(self._bin / "initdb"), "-D", str(self._data), "-A", "trust", "-U", "headway"]
        subprocess.run([*command, "--no-sync", "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/")

    def url(self, **query: str) -> str:
        """The address of its database."""
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return f"postgresql://headway@127.0.0.1:{self.port}/postgres" + (f"?{words}" if words else "")

    def start(self) -> None:
        """Start it, and wait until it lets one in.

        Raises:
            RuntimeError: it does not start.
        """
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [*self._user, str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port), "-k", ""]
        with self._log.open("ab") as log:  # a session of its own: Ctrl-C is for whoever stops it in its turn
            self.process = subprocess.Popen(
                [*command, *settings], stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE_S
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Postgres does not start: {self._log.read_text()}")
            time.sleep(0.02)

    def wake(self) -> None:
        """Let it and its processes go on, if somebody has stopped them with a signal."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        if (pkill := shutil.which("pkill")) is not None:
            subprocess.run([pkill, "-CONT", "-P", str(self.process.pid)], check=False)

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
