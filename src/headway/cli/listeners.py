"""``headway listeners``: how far each was told, and forgetting one whose function is gone."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from headway.cli.opening import opened
from headway.cli.terminal import bare_table, err, out
from headway.cli.words import age, one_line, seconds_of
from headway.config import Settings
from headway.engines.behind import Behind, behind
from headway.engines.behind import forget as forget_in

NAME_MAX: Final = 40
WIDE: Final = 100


def list_listeners(store: str | None, *, as_json: bool) -> None:
    """Print the listeners a store knows of.

    Args:
        store: URL; None: as the settings say.
        as_json: For programs.
    """
    found = asyncio.run(_behind(store))
    if as_json:
        content = [_content(each) for each in found]
        sys.stdout.write(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        show(found, out())


def forget(store: str | None, name: str) -> None:
    """Forget a listener.

    Args:
        store: URL; None: as the settings say.
        name: Of the listener.

    Raises:
        UsageError: there is none of this name, or a process tells it.
    """
    asyncio.run(_forget(store, name))
    err().print(f"{one_line(name)} is forgotten.", soft_wrap=True)


async def _behind(url: str | None) -> list[Behind]:
    async with opened(url) as store:
        return await behind(store)


async def _forget(url: str | None, name: str) -> None:
    async with opened(url, read_only=False) as store:
        with err().status("looking whether a process tells it"):
            await forget_in(store, name, lease_s=Settings().lease_s)


def _content(each: Behind) -> dict[str, Any]:
    listener = each.listener
    return {
        "name": listener.name,
        "since": listener.since or None,
        "told_until": listener.told_until or None,
        "told_at": listener.told_at or None,
        "lag_s": round(each.lag_s(), 3),
        "oldest_run": None if each.oldest is None else each.oldest.id,
    }


def show(found: Sequence[Behind], console: Console, now: float | None = None) -> None:
    """Print a table, and what it means."""
    if not found:
        console.print("There are no listeners on this store.")
        return
    console.print(table(found, console.width, time.time() if now is None else now))


def table(found: Sequence[Behind], width: int, now: float) -> Table:
    """Return listeners as a table; the run behind which one is has a place where there is room."""
    wide = width >= WIDE
    columns = {"told until": 11, "last told": 11, "behind": 6, **({"since the end of": 36} if wide else {})}
    room = width - sum(columns.values()) - 2 * len(columns)
    made = bare_table()
    made.add_column("listener", no_wrap=True, overflow="ellipsis", max_width=min(NAME_MAX, max(8, room)))
    for name, least in columns.items():
        made.add_column(name, justify="left" if name == "since the end of" else "right", no_wrap=True, min_width=least)
    for each in found:
        listener = each.listener
        late = "" if each.oldest is None else age(each.lag_s(lambda: now))
        cells = [one_line(listener.name), _ago(listener.told_until, now), _ago(listener.told_at, now), late]
        made.add_row(*cells, *(["" if each.oldest is None else each.oldest.id] if wide else []))
    return made


def _ago(moment: str, now: float) -> str:
    at = seconds_of(moment)
    if at is None:
        return "never"
    text = age(now - at)
    return text if text == "now" else f"{text} ago"
