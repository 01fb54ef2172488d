"""A real `redis-server` on a port of its own, to be killed and started again on the same files."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from tests.integration.servers import free_port


class RedisServer:
    """A server with an append-only file.

    Args:
        folder: Where its files and its log are kept.
        options: Beside those it is always started with.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; it has read its files then."""
        command = [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
            "--appendonly", "yes", "--appendfsync", "everysec", "--enable-debug-command", "local", *self._options,
        ]  # fmt: skip
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        with self.client() as client:
            while True:
                with suppress(redis.ConnectionError):
                    client.ping()
                    return
                assert self.process.poll() is None, (self.folder / "server.log").read_text()

    def kill(self) -> None:
        """``kill -9``."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Let it end in good order."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def stall(self) -> None:
        """Let it stand still: connections stay, and nobody answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        """A plain client, to look at it from outside."""
        client = redis.Redis.from_url(self.url)
        try:
            yield client
        finally:
            client.close()

    def back_up(self) -> Path:
        """Copy its files as they are."""
        # every answer follows its write to the file; only the disk may be a second behind
        kept = self.folder.with_name(f"{self.folder.name}-backup")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.folder, kept)
        return kept

    def restore(self, kept: Path) -> None:
        """Put back what `back_up` copied, as a failover or a lost tail would; it runs again then."""
        self.kill()
        shutil.rmtree(self.folder)
        shutil.copytree(kept, self.folder)
        self.start()
