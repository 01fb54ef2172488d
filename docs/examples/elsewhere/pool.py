"""Fifty tasks in threads or processes, one run: `python pool.py http://127.0.0.1:8000/headway run_… processes`."""

import sys
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import headway

URL, RUN_ID, KIND = [*sys.argv[1:], "threads"][:3]
TASKS = range(50)


def work(run: Any, number: int) -> int:
    """One task is one item. Done again, it begins the same item anew."""
    with run.item(f"part:{number}", title=f"Part {number}") as item:
        for step in range(4):
            item.progress(step + 1, 4)
        item.update({"square": number * number})
    return number * number


def in_process(number: int) -> int:
    """Another process attaches by itself; attaching to a run that is under way joins it."""
    with headway.attach(URL, RUN_ID) as run:
        work(run, number)
    return number * number


def main() -> None:
    """Hand the tasks out, and end the run when all are done."""
    pool: Executor
    task: Callable[[int], int]
    with headway.attach(URL, RUN_ID) as run:
        if KIND == "threads":
            pool, task = ThreadPoolExecutor(8), partial(work, run)  # the handle may be used from any thread
        else:
            pool, task = ProcessPoolExecutor(4, get_context("spawn")), in_process
        with pool:
            total = sum(pool.map(task, TASKS))
        run.finish({"sum": total})


if __name__ == "__main__":
    main()
