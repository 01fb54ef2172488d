"""A server that sends what a test wrote down, byte by byte if need be."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(*frames: bytes) -> bytes:
    """Return each frame as one HTTP chunk."""
    return b"".join(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames)


class ScriptedServer:
    """Answers the n-th connection with the n-th script, piece by piece; `None` at its end keeps the connection."""

    def __init__(self, scripts: list[list[bytes | None]]) -> None:
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        """Stop and release the port."""
        self.stopped.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.ExitStack() as kept:
            for script in self._scripts:
                self._listener.settimeout(0.05)
                connection = self._accept()
                if connection is None:
                    return
                kept.callback(connection.close)
                self._play(connection, script)
            self.stopped.wait()

    def _accept(self) -> socket.socket | None:
        while not self.stopped.is_set():
            with contextlib.suppress(TimeoutError):
                return self._listener.accept()[0]
        return None

    def _play(self, connection: socket.socket, script: list[bytes | None]) -> None:
        connection.settimeout(10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests.append(connection.recv(65536))
        for piece in script:
            if piece is None:
                return
            connection.sendall(piece)
            time.sleep(0)
        connection.close()


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedServer]]:
    """Start scripted servers that stop with the test."""
    with contextlib.ExitStack() as stack:

        def start(*scripts: list[bytes | None]) -> ScriptedServer:
            server = ScriptedServer(list(scripts))
            stack.callback(server.stop)
            return server

        yield start
