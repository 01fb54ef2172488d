"""What most tests of the client begin with."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest

from headway.app import Headway
from headway.client import Client, Connection
from tests.client.running import Running, running

RUN_PATIENCE_S = 20.0


@dataclass
class Viewer:
    """Follows a run and writes down what it got.

    Attributes:
        seqs: Of the events, in order.
        replaced: How often the state came as a whole.
        state: The last one.
    """

    client: Client
    seqs: list[int] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    notices: list[Any] = field(default_factory=list)
    replaced: int = 0
    state: dict[str, Any] | None = None

    async def follow(self, run: str, *, until: Callable[["Viewer"], bool] = lambda _viewer: False) -> "Viewer":
        """Watch to the end, or until it is enough."""
        seen = self.client.watch(run, on_connection=self.connections.append, on_notice=self.notices.append)
        async with aclosing(seen):
            async for state, event in seen:
                self.statuses.append(state["status"])
                if event is None:
                    self.replaced += 1
                else:
                    self.seqs.append(event["seq"])
                    assert event["seq"] == state["seq"]
                self.state = state.snapshot()
                if until(self):
                    break
        return self

    @property
    def reasons(self) -> list[str]:
        """Why connections ended."""
        return [connection.reason or "" for connection in self.connections if connection.state == "waiting"]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client come back almost at once: what is tested is that it does, and how."""
    monkeypatch.setattr("headway.client.watch.BACKOFF_S", (0.002, 0.002))
    monkeypatch.setattr("headway.client.watch.WAIT_MIN_S", 0.001)
    monkeypatch.setattr("headway.client.stream.RETRY_MAX_S", 0.002)


@pytest.fixture
async def viewer_of() -> AsyncIterator[Callable[[str], Viewer]]:
    """Make viewers of a server; their clients are closed in the end."""
    closing: list[Callable[[], Awaitable[None]]] = []

    def make(url: str) -> Viewer:
        client = Client(url)
        closing.append(client.close)
        return Viewer(client)

    yield make
    for close in closing:
        await close()


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A Headway with its runs in memory."""
    with running(Headway("memory://", worker="none")) as server:
        yield server


@pytest.fixture
async def client(server: Running) -> AsyncIterator[Client]:
    """A client of it."""
    async with Client(server.url) as client:
        yield client
