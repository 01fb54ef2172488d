import asyncio
import socket
from pathlib import Path

import psutil
import pytest

from tests.hub.processes import APP, OURS, ServerProcess, server_process
from tests.wire import LINGER_OFF

DIRECT = 3_000
SEND = 1_000
"""The same on the other path; each of its clients takes the server twice as long."""

SOAK = 10_000
"""As many as a server sees in a day; `make soak` lets them come."""


def _come_and_go(port: int, path: str, count: int) -> None:
    """Open a stream, wait for the snapshot, leave; by turns politely and rudely."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    for number in range(count):
        with socket.create_connection(("127.0.0.1", port)) as client:
            # no TIME_WAIT on our side: there are not so many ports
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
            client.sendall(request)
            received = b""
            while b"event: snapshot" not in received:
                data = client.recv(65_536)
                assert data, received
                received += data
            if number % 2:
                client.shutdown(socket.SHUT_RDWR)


def _memory_kib(process: int) -> int:
    """What the process has written to: pages of files are its own, too, once no other process has them open."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


async def _round(server: ServerProcess, path: str, count: int) -> tuple[int, int, int]:
    _come_and_go(server.port, path, count)
    await server.forgets_all()
    process = psutil.Process(server.process.pid)
    return await _tasks(server), await _descriptors(process), _memory_kib(process.pid)


async def _tasks(server: ServerProcess) -> int:
    """Tasks that stay: a connection that is being closed, or a keeper's look at the store, is one for a moment."""
    counts = []
    for _ in range(20):
        counts.append((await server.get("/statistics"))["tasks"])
        await asyncio.sleep(0.02)
    return min(counts)


async def _descriptors(process: psutil.Process) -> int:
    """Descriptors besides that of the connection we asked by, which the server closes in a moment."""
    counts = []
    for _ in range(20):
        counts.append(process.num_fds())
        await asyncio.sleep(0.02)
    return min(counts)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param((*OURS, "--loop", "uvloop"), DIRECT, id="direct"),
        pytest.param((), SEND, id="send"),
        pytest.param((*OURS, "--loop", "uvloop"), SOAK, id="direct for long", marks=pytest.mark.soak),
        pytest.param((), SOAK, id="send for long", marks=pytest.mark.soak),
    ],
)
async def test_thousands_of_clients_come_and_go_twice(options: tuple[str, ...], count: int) -> None:
    """Tasks and descriptors are back where they were; the second thousands cost no memory."""
    command = ("uvicorn", APP, "--port", "{port}", "--no-access-log", *options)
    async with server_process(*command) as server:
        path = f"/headway/v1/runs/{await server.get('/create')}/stream"
        before = await _round(server, path, 500)
        first = await _round(server, path, count)
        second = await _round(server, path, count)
        assert first[:2] == second[:2] == before[:2]
        assert second[2] - first[2] <= 2_048
        found = await server.get("/statistics")
        assert found["connections"] == 2 * count + 500
        assert found["direct"] == (found["connections"] if options else 0)
