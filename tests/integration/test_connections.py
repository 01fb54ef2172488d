"""Who watches, asked of several server processes: on one file and on stores of many machines; what dies meanwhile."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from headway import Client
from tests.integration.servers import ServerProcess
from tests.stores.conftest import fresh_prefix, fresh_url


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh store."""
    if request.param == "postgres":
        yield fresh_url(request.getfixturevalue("postgres_server"))
    elif request.param == "redis":
        yield fresh_prefix(request.getfixturevalue("redis_server"))
    else:
        yield f"sqlite:///{tmp_path / 'shared.db'}"


@pytest.fixture
async def servers(tmp_path: Path, store: str) -> AsyncIterator[list[ServerProcess]]:
    """Two servers on it, each a process of its own."""
    made = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(ServerProcess(folder, HEADWAY_STORE=store, HEADWAY_LEASE_S="12"))
    try:
        for server in made:
            server.spawn()
        for server in made:
            await server.ready()
        yield made
    finally:
        for server in made:
            if server.process is not None:
                server.process.send_signal(signal.SIGCONT)
            server.kill()


class Watcher:
    """Somebody who watches a run through one server, whatever happens to it."""

    def __init__(self, server: ServerProcess, run_id: str) -> None:
        self.notices: list[Any] = []
        self._client = Client(server.url)
        self._task = asyncio.create_task(self._watch(run_id))

    async def _watch(self, run_id: str) -> None:
        async for _ in self._client.watch(run_id, on_notice=self.notices.append):
            pass

    async def hears(self, text: str) -> None:
        """Wait for these words."""
        while text not in [said.get("text") for said in self.notices]:
            await asyncio.sleep(0.02)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._client.close()


async def listed(http: httpx.AsyncClient, server: ServerProcess, count: int, **of: Any) -> Any:
    """Wait until a server lists so many, and all of what else is expected of its answer."""
    while True:
        found = (await http.get(f"{server.url}/v1/connections")).raise_for_status().json()
        if len(found["connections"]) == count and all(found[name] == value for name, value in of.items()):
            return found
        await asyncio.sleep(0.05)


async def test_two_servers_know_all_who_watch(servers: list[ServerProcess]) -> None:
    """Whichever is asked; a frozen one is missing, a killed one too until it is known to be dead; notices survive."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        await stack.enter_async_context(asyncio.timeout(150))
        run_id = (await http.post(f"{servers[0].url}/v1/runs", json={"title": "shared"})).json()["id"]
        watchers = [await stack.enter_async_context(Watcher(server, run_id)) for server in servers]
        for server in servers:
            found = await listed(http, server, 2, complete=True, answered=2)
            assert len({each["process"] for each in found["connections"]}) == 2
        await http.post(f"{servers[0].url}/v1/notices", json={"text": "stands"})
        told: dict[str, Any] = {}
        while not told.get("complete"):  # on a busy machine one may not answer in time
            told = (await http.post(f"{servers[1].url}/v1/notices", json={"text": "once", "once": True})).json()
        assert told["reached"] == 2
        for watcher in watchers:
            await watcher.hears("stands")
            await watcher.hears("once")

        frozen = servers[1].process
        assert frozen is not None
        os.kill(frozen.pid, signal.SIGSTOP)
        # at once: after a lease without a beat a store that counts them takes it for dead, and it is asked no more
        found, answer = await asyncio.gather(
            listed(http, servers[0], 1, complete=False, answered=1),
            http.get(f"{servers[0].url}/v1/connections/con_of_the_frozen_one"),
        )
        (missing,) = found["missing"]
        assert missing not in [each["process"] for each in found["connections"]]
        assert (answer.status_code, answer.json()["code"]) == (503, "processes_silent")
        os.kill(frozen.pid, signal.SIGCONT)
        await listed(http, servers[0], 2, complete=True, answered=2)

        servers[1].kill()
        found = await listed(http, servers[0], 1, complete=True, asked=1)
        answer = await http.get(f"{servers[0].url}/v1/connections/con_of_the_dead_one")
        assert (answer.status_code, answer.json()["code"]) == (404, "connection_not_found")
        await servers[1].start()
        await listed(http, servers[1], 2, complete=True, answered=2)
        late = await stack.enter_async_context(Watcher(servers[1], run_id))
        await late.hears("stands")
