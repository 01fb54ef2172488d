"""The servers people use, as processes: streams run on all of them, and end at once when the process should."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.hub.processes import APP, OURS, ServerProcess, server_process
from tests.wire import Cut, Stream

SERVERS: dict[str, Sequence[str]] = {
    "uvicorn": ("uvicorn", APP, "--port", "{port}"),
    "uvicorn-asyncio-h11": ("uvicorn", APP, "--port", "{port}", "--loop", "asyncio", "--http", "h11"),
    "uvicorn-ours": ("uvicorn", APP, "--port", "{port}", *OURS),
    "uvicorn-ours-asyncio": ("uvicorn", APP, "--port", "{port}", *OURS, "--loop", "asyncio"),
    "hypercorn": ("hypercorn", APP, "--bind", "127.0.0.1:{port}"),
    "hypercorn-uvloop": ("hypercorn", APP, "--bind", "127.0.0.1:{port}", "--worker-class", "uvloop"),
}


@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_from_its_start_to_its_end(name: str) -> None:
    """One process for all, because starting one takes seconds: a stream, clients that leave, a signal."""
    async with server_process(*SERVERS[name]) as server:
        await _stream_to_its_end(server, direct=name.startswith("uvicorn-ours"))
        await _clients_leave(server)
        number = signal.SIGINT if name.endswith("asyncio") else signal.SIGTERM
        await _signal_ends_streams(server, number, told=name.startswith("uvicorn"))


async def _stream_to_its_end(server: ServerProcess, *, direct: bool) -> None:
    """Snapshot, events, end, last chunk; handed over where the server allows it."""
    run_id = await server.get("/create")
    stream = await server.stream(run_id)
    await stream.until("snapshot")
    await server.get(f"/say/{run_id}")
    frame = await stream.next()
    assert frame is not None
    assert frame.event == "note"
    assert (await server.get("/statistics"))["direct"] == direct
    await server.get(f"/say/{run_id}?end=true")
    assert [frame.event for frame in await stream.rest()] == ["note", "run.succeeded", "end"]
    assert stream.complete


async def _clients_leave(server: ServerProcess) -> None:
    """Rudely or not, they are forgotten at once, without another event."""
    await server.forgets_all()
    for leave in ("close", "reset"):
        stream = await server.stream(await server.get("/create"))
        await stream.until("snapshot")
        assert (await server.get("/statistics"))["open"] == 1
        result = getattr(stream, leave)()
        if result is not None:
            await result
        await server.forgets_all()


async def _signal_ends_streams(server: ServerProcess, number: signal.Signals, *, told: bool) -> None:
    """The process does not wait for open streams: they end with `retry:` and the last chunk, and it exits.

    hypercorn's process that serves is told by no signal, so its streams are cut when its own patience ends.
    """
    run_id = await server.get("/create")
    streams = [await server.stream(run_id) for _ in range(5)]
    for stream in streams:
        await stream.until("snapshot")
    server.process.send_signal(number)
    for stream in streams:
        with contextlib.nullcontext() if told else contextlib.suppress(Cut):
            assert await stream.rest() == []
        assert stream.complete or not told
    assert len({stream.retry_ms for stream in streams}) > 1
    await server.exits()


async def test_several_workers() -> None:
    """Each process hears of it from the one that started it."""
    async with server_process("uvicorn", APP, "--port", "{port}", "--workers", "2") as server:
        streams: list[Stream] = []
        async with asyncio.timeout(30):
            while len(streams) < 4:
                stream = await server.stream(await server.get("/create"))
                if stream.status == 200:  # else the other process had the run: each has a memory of its own
                    await stream.until("snapshot")
                    streams.append(stream)
        server.process.send_signal(signal.SIGTERM)
        for stream in streams:
            assert await stream.rest() == []
            assert stream.complete
        await server.exits()


async def test_reload_with_an_open_page(tmp_path: Path) -> None:
    """An edit restarts the server at once, although a page is watching."""
    module = tmp_path / "edited.py"
    module.write_text("from tests.hub.foreign import app\nVERSION = 1\n")
    command = ("uvicorn", "edited:app", "--port", "{port}", "--reload", "--reload-dir", str(tmp_path))
    async with server_process(*command, cwd=tmp_path) as server:
        stream = await server.stream(await server.get("/create"))
        await stream.until("snapshot")
        module.write_text("from tests.hub.foreign import app\nVERSION = 2\n")
        assert await stream.rest() == []
        assert stream.complete
        await server.answers()
        assert (await server.get("/statistics"))["connections"] == 0
