"""Plain functions in threads: as many as there are, none of them able to stop anybody, and deaf ones left behind."""

import asyncio
import concurrent.futures
import os
import threading

import pytest

from headway import Item, Plain, Run, Step
from headway.errors import UsageError
from headway.testing import play


async def test_a_function_whose_time_is_over_spoils_nothing_of_the_next_try() -> None:
    """It is left behind in the middle of a text; what it writes then is refused, and the next try has it for itself."""
    tries: list[int] = []
    second_began, heard = threading.Event(), threading.Event()

    def write(run: Plain) -> str:
        tries.append(1)
        number = len(tries)
        with run.output("text") as out:
            out.write(f"try {number} ")
            if number > 1:
                second_began.set()
                assert heard.wait(20)
                return str(out.text)
            assert second_began.wait(20)
            try:
                out.write("late")
            except UsageError:
                heard.set()
                raise
        return "never"

    async def build(run: Run) -> str:
        return str(await run.step(write, options=Step(retries=1, timeout=1.5)))

    log = await play(build)
    assert (log.snapshot["error"], log.result) == (None, "try 2 ")
    assert log.snapshot["outputs"]["text"]["text"] == "try 2 "
    assert log.snapshot["outputs"]["text"]["finished"]


async def test_what_a_function_waited_for_ends_with_it() -> None:
    """A step inside a step that is given up does not go on beside its next try."""
    begun: list[str] = []
    told: list[BaseException] = []
    stopped, done = asyncio.Event(), threading.Event()

    async def inner() -> str:
        begun.append("inner")
        if len(begun) > 1:
            return "right"
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return "never"

    def outer(run: Plain) -> str:
        try:
            return str(run.step(inner))
        except concurrent.futures.CancelledError as error:
            told.append(error)
            done.set()
            raise

    async def build(run: Run) -> str:
        result = await run.step(outer, options=Step(retries=1, timeout=1.5))
        await asyncio.to_thread(done.wait, 20)
        return str(result)

    log = await play(build)
    assert (log.snapshot["error"], log.result, begun) == (None, "right", ["inner", "inner"])
    assert stopped.is_set()
    assert len(told) == 1


async def test_functions_that_wait_for_others_do_not_wait_for_ever() -> None:
    """More of them at once than a pool has threads, each waiting for a further one."""
    count = 2 * min(32, (os.cpu_count() or 1) + 4)
    all_there = threading.Barrier(count)

    def solve() -> int:
        return 1

    def work(item: Item, number: int) -> int:
        all_there.wait(30)
        return int(item.step(solve))  # type: ignore[call-overload]

    async def build(run: Run) -> int:
        return sum(await run.map(work, range(count), concurrency=count))

    log = await play(build)
    assert (log.snapshot["error"], log.result) == (None, count)


@pytest.mark.parametrize("error", [StopIteration("no more"), ValueError("wrong")])
async def test_whatever_a_function_raises_is_told(error: Exception) -> None:
    """Also what no future takes."""

    def build(run: Plain) -> None:
        raise error

    log = await play(build)
    assert log.status == "failed"
    assert str(error) in log.snapshot["error"]["message"]
