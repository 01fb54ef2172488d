"""The desk of the how-to, in a process of its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from headway import Client
from tests.docs.programs import running, served
from tests.integration.servers import ServerProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """The application, without anybody who watches."""
    yield from running(served(tmp_path, "connections", "desk:app"))


async def test_the_desk_sees_who_watches_and_speaks_to_them(server: ServerProcess) -> None:
    """Each of its routes does what its page says."""
    said: list[Any] = []
    async with Client(f"{server.url}/headway") as client, httpx.AsyncClient(base_url=server.url) as desk:
        run_id = (await client.open("report"))["id"]

        async def watch() -> None:
            async for _ in client.watch(run_id, on_notice=said.append):
                pass

        async def hears(count: int) -> Any:
            while len(said) < count:
                await asyncio.sleep(0.02)
            return said[-1]

        watching = asyncio.create_task(watch())
        async with asyncio.timeout(60):
            while (seen := (await desk.get("/desk/viewers", params={"run": run_id})).json())["watching"] == 0:
                await asyncio.sleep(0.05)
            assert seen["everybody_asked"]
            assert seen["who"][0].startswith("somebody by python/")
            assert (await desk.post(f"/desk/hello/{run_id}")).json() == {"reached": 1, "unreached": 0}
            assert (await hears(1))["text"] == "We have seen that this takes long."
            notice_id = (await desk.post("/desk/maintenance", params={"minutes": 10})).json()["id"]
            assert (await hears(2))["text"].startswith("Maintenance in 10 minutes.")
            assert (await desk.delete(f"/desk/maintenance/{notice_id}")).status_code == 204
            assert await hears(3) == {"id": notice_id, "over": True}
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
