"""The network the browser tests are made with does what they rely on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.e2e.proxy import Proxy

PATIENCE_S = 60
BRIEFLY_S = 0.2


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send everything back."""
    while data := await reader.read(1024):
        writer.write(data)
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A network with an echo behind it."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1]) as proxy, asyncio.timeout(PATIENCE_S):
        yield proxy


async def connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect through it, and see that data gets through."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    return reader, writer


async def test_the_end_of_one_side_reaches_the_other(proxy: Proxy) -> None:
    """What was sent before it comes back first."""
    reader, writer = await connect(proxy)
    writer.write(b"bye")
    writer.write_eof()
    assert await reader.read() == b"bye"
    writer.close()


async def test_a_cut_resets_connections_and_lets_new_ones_in(proxy: Proxy) -> None:
    """The one that was open breaks; the next one works."""
    reader, writer = await connect(proxy)
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    _, writer = await connect(proxy)
    writer.close()
    assert proxy.accepted == 2


async def test_a_drop_closes_connections_and_lets_new_ones_in(proxy: Proxy) -> None:
    """What was open ends as if the other side had closed it."""
    reader, writer = await connect(proxy)
    proxy.drop()
    assert await reader.read() == b""
    writer.close()
    _, writer = await connect(proxy)
    writer.close()


async def test_a_silent_connection_is_closed(proxy: Proxy) -> None:
    """Whoever is answered in time keeps it, however long; who is not, loses it."""
    proxy.idle_s = 1
    reader, writer = await connect(proxy)
    loop = asyncio.get_running_loop()
    until = loop.time() + 2 * proxy.idle_s
    while loop.time() < until:
        writer.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        await asyncio.sleep(BRIEFLY_S)
    assert proxy.idle_cuts == 0
    assert await reader.read() == b""
    assert proxy.idle_cuts == 1
    writer.close()


async def test_a_stall_is_silent_and_loses_nothing(proxy: Proxy) -> None:
    """Nothing comes, nothing breaks; afterwards all of it comes."""
    reader, writer = await connect(proxy)
    proxy.stall()
    writer.write(b"kept")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(4), BRIEFLY_S)
    proxy.flow()
    assert await reader.readexactly(4) == b"kept"
    writer.close()


async def test_a_refusal_ends_on_the_same_port(proxy: Proxy) -> None:
    """Nobody gets in, what was open breaks; then everybody gets in again."""
    reader, writer = await connect(proxy)
    await proxy.refuse()
    with pytest.raises(ConnectionError):
        await reader.read()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    await proxy.accept()
    writer.close()
    _, writer = await connect(proxy)
    writer.close()


async def test_a_delay_holds_every_piece_back(proxy: Proxy) -> None:
    """It comes, but not yet."""
    reader, writer = await connect(proxy)
    proxy.delay_s = PATIENCE_S
    writer.write(b"later")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(5), BRIEFLY_S)
    writer.close()
