"""``headway runs``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headway.cli.locating import explained, locate
from headway.cli.opening import opened
from headway.cli.terminal import bare_table, err, out
from headway.cli.words import STATUS, age, clock, one_line, percent, seconds_of
from headway.client import Client
from headway.core.run import RunStatus
from headway.errors import RunNotFound, StoreUnavailable
from headway.stores.base import RunFilter, RunRow, Store
from headway.stores.projection import Projections, with_ends
from headway.stores.searching import search
from headway.stores.summary import summary_of

Run = Mapping[str, Any]

WIDE: Final = 120
"""Columns from which there is room for everything. Below, the title must do for the job, the age for how long it took.
"""


SEARCHES_MAX: Final = 10
"""Each looks at so many runs at most (`headway.stores.searching.LOOKED_AT_MAX`)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs.

    Attributes:
        search: Words in title, job or id; None: any.
        limit: At most so many.
    """

    status: Sequence[str] = ()
    job: str | None = None
    search: str | None = None
    limit: int = 20


def list_runs(wanted: Wanted, *, url: str, token: str | None, store: str | None, as_json: bool) -> None:
    """Print the newest runs."""
    if store is not None:
        found, more = asyncio.run(_from_store(store, wanted))
    else:
        found, more = asyncio.run(_from_server(url, token, wanted))
    if as_json:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        show(found, out())
    if wanted.search and more and len(found) < wanted.limit:
        err().print("Older runs were not looked at: narrow them down by --job or --status, or name how an id begins.")


async def _from_server(url: str, token: str | None, wanted: Wanted) -> tuple[list[Run], bool]:
    async with Client(await locate(url, token), token=token) as client:
        which = {"status": list(wanted.status), "job": wanted.job, "q": wanted.search}
        runs: list[Run] = []
        page = None
        try:
            for _ in range(SEARCHES_MAX):
                answer = await client.runs(**which, limit=wanted.limit - len(runs), page=page)
                runs += answer["runs"]
                page = answer["next"]
                if page is None or not wanted.search or len(runs) >= wanted.limit:
                    break
            return list(await asyncio.gather(*(_with_percent(run, client) for run in runs))), page is not None
        except StoreUnavailable as error:
            raise explained(error) from error


async def _with_percent(run: Run, client: Client) -> Run:
    """Look into a run that goes on: a list knows only how far it was when its last snapshot was stored."""
    if run["status"] not in ("running", "waiting"):
        return run
    try:
        return {**run, "percent": (await client.get(run["id"]))["progress"]["percent"]}
    except RunNotFound:  # deleted since the list was made
        return run


async def _from_store(url: str, wanted: Wanted) -> tuple[Sequence[Run], bool]:
    which = RunFilter(status=[RunStatus(name) for name in wanted.status] or None, job=wanted.job)
    async with opened(url) as store:
        projections = Projections(store)
        found, more = await _rows(store, which, wanted)
        runs = [summary_of(row) for row in await with_ends(projections, found)]
        for run in runs:
            if run["status"] in ("running", "waiting"):
                run["percent"] = (await projections.current(run["id"])).get("progress")["percent"]
        return runs, more


async def _rows(store: Store, which: RunFilter, wanted: Wanted) -> tuple[list[RunRow], bool]:
    if not wanted.search:
        return await store.list_runs(which, limit=wanted.limit), False
    rows: list[RunRow] = []
    for _ in range(SEARCHES_MAX):
        found = await search(store, which, wanted.search, limit=wanted.limit - len(rows))
        rows += found.runs
        which = replace(which, before=found.before)
        if found.before is None or len(rows) >= wanted.limit:
            break
    return rows, which.before is not None


def show(runs: Sequence[Run], console: Console, now: float | None = None) -> None:
    """Print a table; one that is no wider than the terminal."""
    if not runs:
        console.print("There are no runs yet, or none like this.")
        return
    console.print(table(runs, console.width, time.time() if now is None else now))


def table(runs: Sequence[Run], width: int, now: float) -> Table:
    """Return runs as a table. The title has the room the others leave."""
    wide = width >= WIDE
    found = bare_table()
    job = min(20, max(len(one_line(run["job"])) for run in runs))
    columns = {"run": 36, "job": max(3, job), "title": 0, "status": 11, "done": 5, "age": 7, "took": 8}
    shown = [name for name in columns if wide or name not in ("job", "took")]
    columns["title"] = max(5, width - sum(columns[name] + 2 for name in shown))
    for name in shown:
        justify: Literal["left", "right"] = "right" if name in ("done", "age", "took") else "left"
        longest = columns[name]
        least = min(longest, 5) if name in ("job", "title") else longest
        found.add_column(name, no_wrap=True, overflow="ellipsis", justify=justify, min_width=least, max_width=longest)
    for run in runs:
        found.add_row(*_cells(run, now, wide=wide))
    return found


def _cells(run: Run, now: float, *, wide: bool) -> list[Text]:
    sign = STATUS[run["status"]]
    created, started = seconds_of(run["created_at"]), seconds_of(run["started_at"])
    ended = seconds_of(run["finished_at"])
    stopping = run["cancel_requested"] and ended is None
    status = Text.assemble((f"{sign.icon} ", sign.style), ("stopping" if stopping else run["status"], sign.style))
    return [
        Text(run["id"]),
        *([Text(one_line(run["job"]))] if wide else []),
        Text(one_line(run["title"]) or one_line(run["job"])),
        status,
        Text(percent(run.get("percent"))),
        Text("" if created is None else age(now - created), "dim"),
        *([Text("" if started is None else clock((ended or now) - started), "dim")] if wide else []),
    ]
