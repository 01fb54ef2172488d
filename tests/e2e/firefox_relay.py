"""Firefox for Playwright: started in its place, with the same arguments.

Playwright drives the Firefox of a distribution by WebDriver BiDi, and sends one command before every page that releases
with long-term support do not know yet. It stands between the two and answers that command; all else it passes on.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve

UNKNOWN = {"emulation.setMediaFeaturesOverride"}
"""What is answered here: nothing in the tests of pages depends on it."""
LISTENS = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
"""How Firefox tells where it can be driven, and Playwright hears of it."""


async def main() -> int:
    """Run Firefox until it ends; return its exit code."""
    process = await asyncio.create_subprocess_exec(path(), *sys.argv[1:], stderr=PIPE)
    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, process.terminate)
    relay = await _passing_on(process)
    code = await process.wait()
    if relay is not None:
        relay.close()
    return code


def path() -> str:
    """Return where Firefox is.

    Raises:
        FileNotFoundError: it is nowhere.
    """
    found = os.environ.get("FIREFOX_BIN") or shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None:
        raise FileNotFoundError("there is no Firefox: `scripts/ensure_system.sh firefox` installs it or says how")
    return found


async def _passing_on(process: Process) -> Server | None:
    """Pass on what Firefox says, with the relay's address in place of its own, until it says no more."""
    relay = None
    assert process.stderr is not None
    async for line in process.stderr:
        said = line
        if found := LISTENS.search(line):
            relay = await _listening(found[1].decode())
            port = relay.sockets[0].getsockname()[1]
            said = line.replace(found[1], f"ws://127.0.0.1:{port}".encode())
        sys.stderr.buffer.write(said)
        sys.stderr.flush()
    return relay


async def _listening(address: str) -> Server:
    async def relay(driver: ServerConnection) -> None:
        assert driver.request is not None
        url = address + driver.request.path
        async with connect(url, max_size=None, proxy=None) as firefox, asyncio.TaskGroup() as both:
            both.create_task(_commands(driver, firefox))
            both.create_task(_answers(firefox, driver))

    return await serve(relay, "127.0.0.1", 0, max_size=None)


async def _commands(driver: ServerConnection, firefox: ClientConnection) -> None:
    async for command in driver:
        told = orjson.loads(command)
        if told["method"] in UNKNOWN:
            await driver.send(orjson.dumps({"type": "success", "id": told["id"], "result": {}}).decode())
        else:
            await firefox.send(command)
    await firefox.close()


async def _answers(firefox: ClientConnection, driver: ServerConnection) -> None:
    async for answer in firefox:
        await driver.send(answer)
    await driver.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
