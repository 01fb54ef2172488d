"""Viewers whose connections are cut at every frame and at random bytes, on a run with everything in it.

Every seq arrives exactly once and in order, and the folded state is the log's, over both paths of streams and over
long-polls, also where a viewer did not read for a while. Over all parameters there are more than 1,000 cuts.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

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
from tests.wire import Cut, Stream, Viewer

pytestmark = pytest.mark.slow

CUTS = 250
BUDGET = 4_096
BULK = 60
"""Events of 4 kB each: more than uvicorn, the kernel and we together keep for a viewer that does not read."""

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
    """Items, texts, notes, more than a viewer is kept, a step tried again, and a body tried again."""
    parts = await run.map(part, range(10), phase="main", concurrency=3, retries=2)
    await run.note("naïve 🗻", kind="educational")
    for number in range(BULK):
        await run.custom("bulk", {"n": number, "text": "🗻" * 1_000}, key=f"k{number % 3}")
        await asyncio.sleep(0.004)
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
    hw.hub.settings = replace(hw.hub.settings, budget=BUDGET)
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


async def read_page(world: World, seen: Seen, size: int, limit: int = 5) -> None:
    """Read the first `size` bytes of a long-poll; a page that was cut is asked for again."""
    after = f"&after={seen.cursor}" if seen.cursor else ""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    writer.write(f"GET {world.path}/events?limit={limit}&wait=5{after} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode())
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
    """Watch a run over many connections, each cut within a few events or within so many that large ones get through."""
    seen = Seen()
    while not seen.over:
        await read(world, seen, rng.randint(1, rng.choice(sizes)))
        seen.cuts += not seen.over
    return seen


@pytest.mark.parametrize(
    ("direct", "read", "sizes"),
    [
        (True, read_stream, (1_400, 10_000)),
        (False, read_stream, (1_400, 10_000)),
        (True, read_page, (6_000, 60_000)),
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
        check(log, viewers)
        assert {event["type"] for event in log} >= {"attempt.discarded", "error", "output.appended", "item.finished"}
        assert log[-1]["type"] == "run.succeeded"


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "send"])
async def test_who_did_not_read_for_a_while(direct: bool) -> None:
    """One is given the state in place of what it missed, one that wants every event is cut and gets them all."""
    async with world(direct=direct) as here:
        path, every = f"{here.path}/stream", "?from=earliest&deliver=all"
        viewers = [Viewer(here.port, path), Viewer(here.port, path, query=every)]
        streams = [await viewer.open(receive_buffer=BUDGET) for viewer in viewers]
        log = await here.log()
        for viewer, stream in zip(viewers, streams, strict=True):
            try:
                while (frame := await stream.next()) is not None:
                    viewer.take(frame)
            except Cut:
                await viewer.follow()
            await stream.close()
        conflated, whole = viewers
        assert (conflated.resets, conflated.streams) == (["lagged"], 1)
        assert (whole.resets, whole.streams > 1) == ([], True)
        assert sorted(conflated.seqs + conflated.skipped) == whole.seqs == list(range(1, len(log) + 1))
        assert state(conflated.fold) == state(whole.fold) == folded(log)


async def test_one_event_a_page() -> None:
    """A long-poll for each event: the next one begins exactly behind it."""
    async with world(direct=True) as here:
        log = await here.log()
        seen = Seen()
        while not seen.over:
            await read_page(here, seen, 1_000_000, limit=1)
        check(log, [seen])


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
        check(log, [seen])
        assert seen.cuts >= len(log)


def folded(log: list[dict]) -> dict:
    """The state of the log."""
    fold = Fold()
    for event in log:
        fold.apply(event)
    return state(fold)


def state(fold: Fold) -> dict:
    """A snapshot without its cursor, which events as they are do not tell."""
    return {**fold.snapshot(), "cursor": None}


def check(log: list[dict], viewers: list[Seen]) -> None:
    """Everybody has seen every event once, and folds to the log's state."""
    for viewer in viewers:
        assert viewer.seqs == list(range(1, len(log) + 1))
        assert state(viewer.fold) == folded(log)
