"""Viewers whose connections are cut at every frame and at random bytes, on a run with everything in it.

Every seq arrives exactly once and in order, and the folded state is the log's, over both paths of streams and over
long-polls.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI

from headway import Headway, Item, Run, Step
from headway.config import Settings
from headway.core.cursor import START
from headway.core.fold import Fold
from headway.core.sse import Parser
from headway.engines.handle import RunHandle
from headway.stores.projection import read_log
from tests.gateways.serving import listening
from tests.wire import Cut, Stream

CUTS = 250
WORDS = ("plain", "düne", "日本", "🗻", "👩‍🚀", "e\u0301", "\u2028", '"\\\n')


async def part(item: Item, number: int) -> dict[str, object]:
    """A part that streams a text, and fails at its first try if it is odd."""
    async with item.output(f"text:{number}") as out:
        for count in range(12):
            await out.write(f"{WORDS[(number + count) % len(WORDS)]} {count} ")
            await item.progress(count, 12, message=WORDS[count % len(WORDS)])
            await asyncio.sleep(0.004)
            if count == 6 and number % 2 and number not in item_tries:
                item_tries.add(number)
                raise ConnectionError("once")
    return {"number": number, "word": WORDS[number % len(WORDS)]}


item_tries: set[int] = set()


async def everything(run: Run) -> list[object]:
    """Items, texts, notes, a step tried again, and a body tried again."""
    parts = await run.map(part, range(10), phase="main", concurrency=3, retries=2)
    await run.note("naïve 🗻", kind="educational")
    await run.custom("counter", {"n": 1})
    await run.step(unsteady, options=Step(retries=3, backoff=0.01))
    if run.context.attempt == 1:
        raise RuntimeError("the body is tried again")
    return list(parts)


async def unsteady(run: Run) -> str:
    """Writes the wrong thing twice."""
    tries.append(1)
    async with run.output("summary") as out:
        await out.write("wrong 🗻 " * 20 if len(tries) % 3 else "right 👩‍🚀 " * 20)
        await run.flush()
        if len(tries) % 3:
            raise ConnectionError("again")
    return out.text


tries: list[int] = []


@dataclass
class World:
    """A server with one run that is worked on."""

    hw: Headway
    handle: RunHandle
    port: int
    path: str

    async def log(self) -> list[dict]:
        """The whole log, when the run has ended."""
        await self.handle.result()
        return [event.envelope() async for event in read_log(self.hw.store, self.handle.id, START)]


@asynccontextmanager
async def world(*, direct: bool) -> AsyncIterator[World]:
    """Serve a Headway in memory and start the run."""
    item_tries.clear()
    tries.clear()
    hw = Headway(settings=Settings(store="memory://", worker="inline"))
    hw.job(phases={"main": 100}, retries=1)(everything)
    app = FastAPI(lifespan=hw.lifespan)
    hw.mount(app)
    async with listening(app, direct=direct) as address:
        handle = await hw.start(everything)
        port = int(address.rpartition(":")[2])
        yield World(hw, handle, port, f"/headway/v1/runs/{handle.id}")


@dataclass
class Seen:
    """What one viewer has got over all its connections."""

    fold: Fold = field(default_factory=Fold)
    seqs: list[int] = field(default_factory=list)
    cursor: str | None = None
    cuts: int = 0
    over: bool = False

    def take(self, event: dict, cursor: str) -> None:
        """Take an event that must be the next one."""
        self.fold.apply(event, cursor)
        self.seqs.append(event["seq"])
        self.cursor = cursor


async def read_stream(world: World, seen: Seen, size: int) -> None:
    """Take what is whole in the first `size` bytes of a stream, then cut it."""
    headers = {"Last-Event-ID": seen.cursor} if seen.cursor else {}
    stream = await Stream.open(world.port, f"{world.path}/stream?from=earliest&deliver=all", headers)
    parser = Parser()
    try:
        if stream.status == 204:
            seen.over = True
        while not seen.over and size > 0 and (data := await stream.read()):
            for frame in parser.feed(data[:size]):
                if frame.event == "end":
                    seen.over = True
                elif frame.id and frame.id != seen.cursor:
                    seen.take(json.loads(frame.data), frame.id)
            size -= len(data)
    except Cut:
        pass
    finally:
        stream.reset()
        await stream.close()


async def read_page(world: World, seen: Seen, size: int) -> None:
    """Read the first `size` bytes of a long-poll; a page that was cut is asked for again."""
    after = f"&after={seen.cursor}" if seen.cursor else ""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    writer.write(f"GET {world.path}/events?limit=5&wait=5{after} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode())
    writer.write(b"Connection: close\r\n\r\n")
    body = b""
    while len(body) < size and (data := await reader.read(size - len(body))):
        body += data
    writer.transport.abort()
    head, found, text = body.partition(b"\r\n\r\n")
    if not found:
        return
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    if len(text) < length:
        return
    page = json.loads(text)
    for event in page["events"]:
        seen.take(event, page["cursor"])
    seen.over = not page["more"] and page["status"] in ("succeeded", "failed")


Reader = Callable[[World, Seen, int], Awaitable[None]]


async def cut_often(world: World, read: Reader, rng: random.Random, sizes: tuple[int, int]) -> Seen:
    """Watch a run over many connections, each cut after so many bytes."""
    seen = Seen()
    while not seen.over:
        await read(world, seen, rng.randint(*sizes))
        seen.cuts += not seen.over
    return seen


@pytest.mark.parametrize(
    ("direct", "read", "sizes"),
    [
        (True, read_stream, (1, 1_400)),
        (False, read_stream, (1, 1_400)),
        (True, read_page, (1, 6_000)),
    ],
    ids=["direct", "send", "long-poll"],
)
async def test_cut_at_random_bytes(direct: bool, read: Reader, sizes: tuple[int, int]) -> None:
    """Whatever is cut wherever: each seq once, in order, and the state of the log."""
    rng = random.Random(3)
    async with world(direct=direct) as here:
        live = asyncio.gather(*(cut_often(here, read, rng, sizes) for _ in range(2)))
        log = await here.log()
        viewers = await live
        while sum(viewer.cuts for viewer in viewers) < CUTS:
            viewers.append(await cut_often(here, read, rng, sizes))
        check(here, log, viewers)
        assert {event["type"] for event in log} >= {"attempt.discarded", "error", "output.appended", "item.finished"}
        assert log[-1]["type"] == "run.succeeded"


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "send"])
async def test_cut_at_every_frame_boundary(direct: bool) -> None:
    """One connection per event: the next one begins exactly behind it."""
    async with world(direct=direct) as here:
        log = await here.log()
        seen = Seen()
        while not seen.over:
            headers = {"Last-Event-ID": seen.cursor} if seen.cursor else {}
            stream = await Stream.open(here.port, f"{here.path}/stream?from=earliest&deliver=all", headers)
            if stream.status == 204:
                seen.over = True
            while not seen.over and (frame := await stream.next()) is not None:
                if frame.event == "end":
                    seen.over = True
                elif frame.id and frame.id != seen.cursor:
                    seen.take(json.loads(frame.data), frame.id)
                    break
            stream.reset()
            await stream.close()
            seen.cuts += 1
        check(here, log, [seen])
        assert seen.cuts >= len(log)


def check(here: World, log: list[dict], viewers: list[Seen]) -> None:
    """Everybody has seen every event once, and folds to the log's state."""
    fold = Fold()
    for event in log:
        fold.apply(event)
    expected = {**fold.snapshot(), "cursor": None}
    for viewer in viewers:
        assert viewer.seqs == list(range(1, len(log) + 1))
        assert {**viewer.fold.snapshot(), "cursor": None} == expected
