"""Programs of the documentation as processes of their own, in an empty folder, as a reader would start them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from headway.core.sse import Frame
from tests.checkout import ROOT, python_path
from tests.integration.servers import ServerProcess
from tests.wire import Stream

EXAMPLES = ROOT / "docs" / "examples"
HEADWAY = {"HEADWAY_WORKER": "inline"}
"""Jobs of a small application need no process of their own, which takes a second to start."""


def served(folder: Path, example: str, target: str) -> ServerProcess:
    """Return an application of docs/examples, to be served by `headway serve` with its store in `folder`."""
    return ServerProcess(folder, target, PYTHONPATH=python_path(EXAMPLES / example), **HEADWAY)


def running(server: ServerProcess) -> Iterator[ServerProcess]:
    """Start a server for all tests of a module, and kill it after them; a test that kills it starts it again."""
    asyncio.run(server.start())
    yield server
    server.kill()


async def run(*command: str, folder: Path, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run a program to its end; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": python_path(), "no_proxy": "*", **(env or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(100):
        output, _ = await process.communicate(stdin.encode())
    assert process.returncode == 0, output.decode()
    return output.decode()


async def python(program: str, *arguments: str, folder: Path, stdin: str = "", **env: str) -> str:
    """Run a Python program of docs/examples."""
    return await run(sys.executable, str(EXAMPLES / program), *arguments, folder=folder, stdin=stdin, env=env)


async def frames_until(stream: Stream, event: str, count: int = 1) -> list[Frame]:
    """Read a stream up to the n-th frame of this name."""
    frames: list[Frame] = []
    for _ in range(count):
        frames += await stream.until(event)
    return frames
