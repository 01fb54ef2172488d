"""Bars that report: drawn like tqdm's own for every use, and seen by whoever watches the run."""

import asyncio
import contextlib
import gc
import io
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from tqdm import tqdm as real

import headway
from headway.client import Client, attach
from headway.errors import CancelRequested
from headway.testing import play
from headway.tqdm import REPORT_S, tqdm, trange
from tests.client import conftest
from tests.client.running import Running

client, server = conftest.client, conftest.server
FORMAT = "{desc}{percentage}|{bar}| {n_fmt}/{total_fmt}{postfix}"


def iterate(bar: Any, **options: Any) -> Any:
    """The commonest use."""
    return list(bar(range(5), **options))


def described(bar: Any, **options: Any) -> Any:
    """A description that changes, and a postfix."""
    made = bar(range(4), desc="reading", **options)
    for number in made:
        made.set_description(f"page {number}")
        made.set_postfix(loss=number / 2, refresh=number % 2 == 0)
    return made.n, made.total, made.desc


def manual(bar: Any, **options: Any) -> Any:
    """`with`, `update`, a step back, `reset`, `refresh`."""
    with bar(total=10, **options) as made:
        made.update()
        made.update(4)
        made.update(-1)
        made.reset(total=3)
        made.update(3)
        made.refresh()
        return made.n, made.total


def unknown(bar: Any, **options: Any) -> Any:
    """Of a generator, whose length nobody knows."""
    return list(bar((number for number in range(3)), unit="row", **options))


def nested(bar: Any, **options: Any) -> Any:
    """One inside another, which leaves nothing behind."""
    return [(a, b) for a in bar(range(2), desc="a", **options) for b in bar(range(2), desc="b", leave=False, **options)]


def broken(bar: Any, **options: Any) -> Any:
    """Left early, by `break` and by an exception; closed twice."""
    for number in bar(range(5), **options):
        if number == 2:
            break
    made = bar(total=3, **options)
    with contextlib.suppress(ZeroDivisionError), made:
        made.update()
        raise ZeroDivisionError
    made.close()
    return made.n


def written(bar: Any, **options: Any) -> Any:
    """Lines between."""
    with bar(total=2, **options) as made:
        bar.write("hello", file=options["file"])
        made.update(2)
        return made.format_dict["n"], str(made)


def initial(bar: Any, **options: Any) -> Any:
    """Begun in the middle; scaled; nothing at all; disabled."""
    list(bar(range(3), initial=2, total=5, **options))
    list(bar(range(2000), unit="B", unit_scale=True, **options))
    list(bar([], **options))
    quiet = bar(range(3), disable=True, **options)
    return list(quiet), quiet.n, len(bar(range(3), **options)), bool(bar(total=1, **options))


USES = [iterate, described, manual, unknown, nested, broken, written, initial]


def drawn(use: Callable[..., Any], bar: Any) -> tuple[str, Any]:
    """What a use draws, and what it comes to. Every move is drawn, so that time plays no part."""
    file = io.StringIO()
    result = use(bar, file=file, mininterval=0, miniters=1, ascii=True, ncols=60, bar_format=FORMAT, smoothing=0)
    return file.getvalue(), result


@pytest.mark.parametrize("use", USES)
def test_without_a_run_it_is_tqdm(use):
    """To the letter."""
    assert drawn(use, tqdm) == drawn(use, real)


@pytest.mark.parametrize("use", USES)
async def test_inside_a_run_it_is_drawn_the_same(use, client, server):
    """What is reported changes nothing about it."""
    run_id = (await client.open("x"))["id"]

    def work() -> None:
        with attach(server.url, run_id):
            seen.append(drawn(use, tqdm))

    seen: list[tuple[str, Any]] = []
    await asyncio.to_thread(work)
    assert seen == [drawn(use, real)]


async def reported(client: Client, server: Running, work: Callable[[Any], Any], **about: Any) -> dict[str, Any]:
    """Let plain code work inside a run; return its state."""
    run_id = (await client.open("x", **about))["id"]

    def inside() -> None:
        with attach(server.url, run_id) as run:
            work(run)

    await asyncio.to_thread(inside)
    return await client.get(run_id)


async def test_the_outermost_bar_moves_the_run(client, server):
    """With its description; a bar inside it is an item, the same one each time."""

    def work(_run: Any) -> None:
        for _ in tqdm(range(3), desc="epoch", file=io.StringIO()):
            for _ in trange(4, desc="batch", leave=False, file=io.StringIO()):
                pass

    state = await reported(client, server, work)
    assert (state["progress"]["percent"], state["progress"]["message"]) == (99, "epoch")
    (item,) = state["items"].values()
    assert (item["kind"], item["status"], item["progress"]["done"]) == ("bar", "finished", 4)


async def test_a_bar_moves_the_phase_or_item_it_stands_in(client, server):
    """Or the phase it names."""

    def work(run: Any) -> None:
        list(tqdm(range(10), phase="read", disable=None))
        with run.phase("write"):
            bar = tqdm(total=4, disable=None)
            bar.update(2)
            bar.close()
        with run.item("part:1"), tqdm(total=2, file=io.StringIO()) as one:
            one.update(2)
            list(trange(3, file=io.StringIO()))

    state = await reported(client, server, work, phases={"read": 80, "write": 20})
    phases = {phase["id"]: (phase["status"], phase["done"], phase["total"]) for phase in state["phases"]}
    assert phases == {"read": ("finished", 10, 10), "write": ("finished", 2, 4)}
    assert {key: item["status"] for key, item in state["items"].items()} == {
        "part:1": "finished",
        "part:1/tqdm/1": "finished",
    }
    assert state["items"]["part:1/tqdm/1"]["parent"] == "part:1"


async def test_a_bar_that_was_left_early_does_not_pretend(client, server):
    """Its phase stays where it is."""

    def work(_run: Any) -> None:
        for number in tqdm(range(10), phase="read", file=io.StringIO()):
            if number == 3:
                break

    state = await reported(client, server, work, phases=["read"])
    assert (state["phases"][0]["status"], state["phases"][0]["done"]) == ("running", 3)


async def test_it_does_not_flood_the_log(client, server):
    """Twenty thousand rounds, each drawn, are two events a second."""
    seconds: list[float] = []

    def work(_run: Any) -> None:
        began = time.monotonic()
        for _ in tqdm(range(20_000), mininterval=0, file=io.StringIO()):
            pass
        seconds.append(time.monotonic() - began)

    state = await reported(client, server, work)
    assert state["seq"] <= 6 + seconds[0] / REPORT_S
    assert state["progress"]["percent"] == 99


async def test_disabled_means_disabled(client, server):
    """Nothing is reported."""
    state = await reported(client, server, lambda _run: list(tqdm(range(5), disable=True)))
    assert state["progress"]["percent"] in (0, None)


async def test_bars_of_many_threads(client, server):
    """In the items they work on; two runs in one process do not meet."""

    def work(run: Any) -> None:
        def one(number: int) -> None:
            with run.item(f"part:{number}"):
                list(trange(5, disable=None))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(8)))

    states = await asyncio.gather(*(reported(client, server, work) for _ in range(2)))
    for state in states:
        assert {item["progress"]["done"] for item in state["items"].values()} == {5}
        assert len(state["items"]) == 8


async def test_a_bar_that_is_collected_while_another_begins(client, server, monkeypatch):
    """It is closed wherever the collector finds it; the place it had is free again."""

    class Collecting(WeakKeyDictionary[Any, Any]):
        def setdefault(self, key: Any, default: Any = None) -> Any:
            gc.collect()
            return super().setdefault(key, default)

    def work() -> None:
        with attach(server.url, run_id):
            circle: list[Any] = [tqdm(total=2, file=io.StringIO())]
            circle.append(circle)  # only the collector finds the bar
            del circle
            list(trange(3, file=io.StringIO()))

    monkeypatch.setattr("headway.tqdm._places", Collecting())
    run_id = (await client.open("x"))["id"]
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    await asyncio.to_thread(thread.join, 30)
    assert not thread.is_alive()
    state = await client.get(run_id)
    assert (state["progress"]["percent"], state["items"]) == (99, {})


async def test_somebody_who_wants_it_to_stop_is_heard_where_the_bar_moves(client, server, monkeypatch):
    """The loop ends there; the run is cancelled."""
    monkeypatch.setattr("headway.client.sink.BEAT_S", 0.05)
    run_id = (await client.open("x"))["id"]
    raised: list[BaseException] = []

    def work() -> None:
        with attach(server.url, run_id):
            try:
                for _ in tqdm(iter(int, 1), mininterval=0.01, file=io.StringIO()):
                    pass
            except CancelRequested as error:
                raised.append(error)
                raise

    working = asyncio.create_task(asyncio.to_thread(work))
    await client.cancel(run_id)
    await working
    assert raised
    assert (await client.get(run_id))["status"] == "cancelled"


async def test_in_a_job_plain_or_not():
    """A coroutine's bar reports in its own time, in order."""

    async def build(run: headway.Run) -> int:
        for _ in tqdm(range(3), phase="read", disable=None):
            await asyncio.sleep(0)
        return await run.step(plainly)

    def plainly() -> int:
        return len(list(trange(4, phase="write", disable=None)))

    log = await play(build, phases={"read": 1, "write": 1})
    done = {phase["id"]: (phase["status"], phase["done"]) for phase in log.snapshot["phases"]}
    assert done == {"read": ("finished", 3), "write": ("finished", 4)}
