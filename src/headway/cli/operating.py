"""``headway connections``, ``notice`` and ``transports``: what an operator does while servers run."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headway.cli.locating import explained, locate
from headway.cli.terminal import bare_table, err, out
from headway.cli.words import age, counted, one_line, seconds_of, size
from headway.client import Client
from headway.core.age import parse_age
from headway.errors import NoticeNotFound, StoreUnavailable, UsageError

WIDE: Final = 120
LEVEL: Final = {"info": "cyan", "warning": "yellow", "critical": "bold red"}


@dataclass(frozen=True, slots=True)
class At:
    """Which server is asked.

    Attributes:
        url: Where its routes are.
        token: Sent along.
    """

    url: str
    token: str | None = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Give a client of it; a server that is away is an error that says how to find one."""
        async with Client(await locate(self.url, self.token), token=self.token) as client:
            try:
                yield client
            except StoreUnavailable as error:
                raise explained(error) from error


# -- connections


def list_connections(at: At, which: Mapping[str, Any], *, as_json: bool) -> None:
    """Print who watches."""

    async def ask() -> dict[str, Any]:
        async with at.client() as client:
            return await client.connections(**which)

    found = asyncio.run(ask())
    if as_json:
        _print_json(found)
    else:
        show(found, out())


def close_connection(at: At, connection_id: str) -> None:
    """Close a connection."""

    async def close() -> None:
        async with at.client() as client:
            await client.close_connection(connection_id)

    asyncio.run(close())
    err().print(f"{one_line(connection_id)} is closed; its client comes back.", soft_wrap=True)


def show(found: Mapping[str, Any], console: Console, now: float | None = None) -> None:
    """Print who watches as a table, and who did not answer."""
    connections = found["connections"]
    if connections:
        console.print(table(connections, console.width, time.time() if now is None else now))
    else:
        console.print("Nobody watches, or nobody like this.")
    if found["total"] > len(connections):
        console.print(Text(f"{found['total'] - len(connections):,} more", "dim"))
    _tell_missing(found, console)


def table(connections: Sequence[Mapping[str, Any]], width: int, now: float) -> Table:
    """Return connections as a table; what is watched has the room the others leave."""
    wide = width >= WIDE
    columns = {
        "connection": 20,
        "by": 4,
        "viewer": 10,
        "client": 12,
        "watches": 0,
        "open for": 8,
        "sent": 8,
        "from": 15,
    }
    shown = [name for name in columns if wide or name not in ("client", "open for")]
    columns["watches"] = max(8, width - sum(columns[name] + 2 for name in shown))
    made = bare_table()
    for name in shown:
        room = columns[name]
        side: Literal["left", "right"] = "right" if name in ("open for", "sent") else "left"
        made.add_column(name, no_wrap=True, overflow="ellipsis", justify=side, min_width=room, max_width=room)
    for one in connections:
        cells = _cells(one, now)
        made.add_row(*(cells[name] for name in shown))
    return made


def _cells(one: Mapping[str, Any], now: float) -> dict[str, Text]:
    opened = seconds_of(one["opened_at"])
    watched = [one_line(run) for run in one["watched"]]
    more = f"+{len(watched) - 1} " if len(watched) > 1 else ""
    return {
        "connection": Text(one_line(one["id"])),
        "by": Text(one["transport"]),
        "viewer": Text(one_line(one["viewer"])),
        "client": Text(one_line(one["client"])),
        "watches": Text(more + (watched[0] if watched else "")),
        "open for": Text("" if opened is None else age(now - opened), "dim"),
        "sent": Text("stalled", "yellow") if one["stalled"] else Text(size(one["sent_bytes"]), "dim"),
        "from": Text(one_line(one["peer"]), "dim"),
    }


# -- notices


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said, and to whom.

    Attributes:
        text: The words.
        level: Of their importance.
        lasts: An age as it was typed, or None.
        once: Only to who watches now.
        to: Who is meant.
    """

    text: str
    level: str
    lasts: str | None
    once: bool
    to: Mapping[str, str | None]


def put_notice(at: At, notice: Notice) -> None:
    """Put a notice before viewers, or say it once."""
    for_s = None if notice.lasts is None else parse_age(notice.lasts)
    if notice.once and notice.lasts is not None:
        raise UsageError("--once and --for go not together", hint="what is said once does not stand")

    async def say() -> dict[str, Any]:
        async with at.client() as client:
            return await client.notice(notice.text, level=notice.level, once=notice.once, for_s=for_s, **notice.to)

    said = asyncio.run(say())
    console = out()
    if notice.once:
        missed = said["unreached"]
        rest = (
            f"; not to {counted(missed, 'viewer who polls or does', 'viewers who poll or do')} not read"
            if missed
            else ""
        )
        console.print(f"said to {counted(said['reached'], 'viewer', 'viewers')}{rest}", soft_wrap=True)
        _tell_missing(said, console)
    else:
        until = said["until"]
        lasts = "until `headway notice --end`" if until is None else f"until {until}"
        console.print(Text.assemble((one_line(said["id"]), "bold"), f" stands before viewers {lasts}"), soft_wrap=True)


def list_notices(at: At, *, as_json: bool) -> None:
    """Print the notices that stand."""

    async def ask() -> list[dict[str, Any]]:
        async with at.client() as client:
            return await client.notices()

    found = asyncio.run(ask())
    if as_json:
        _print_json(found)
        return
    console = out()
    if not found:
        console.print("No notice stands.")
    for one in found:
        meant = ", ".join(f"{name} {one_line(value)}" for name, value in one["to"].items() if value is not None)
        rest = [f"to {meant}"] if meant else []
        rest += [f"until {one['until']}"] if one["until"] else []
        line = Text.assemble((f"{one['level']:<9}", LEVEL.get(one["level"], "")), one_line(one["text"]))
        console.print(Text.assemble((f"{one_line(one['id'])}  ", "bold"), line, (f"  {'; '.join(rest)}", "dim")))


def end_notices(at: At, notice_id: str | None) -> None:
    """Take one notice away, or all that stand."""

    async def end() -> list[str]:
        async with at.client() as client:
            if notice_id is not None:
                await client.end_notice(notice_id)
                return [notice_id]
            return [one["id"] for one in await client.notices() if await _ended(client, one["id"])]

    ended = asyncio.run(end())
    err().print("; ".join(f"{one_line(id)} is over" for id in ended) or "No notice stands.", soft_wrap=True)


async def _ended(client: Client, notice_id: str) -> bool:
    try:
        await client.end_notice(notice_id)
    except NoticeNotFound:  # its time was over meanwhile
        return False
    return True


# -- transports


def transports(at: At, *, on: Collection[str], off: Collection[str], reset: bool, as_json: bool) -> None:
    """Print which transports are on, after switching those that were named."""
    if reset and (on or off):
        raise UsageError("--reset goes with nothing else", hint="it brings back what the servers were started with")
    both = set(on) & set(off)
    if both:
        raise UsageError(f"{min(both)} cannot be on and off")

    async def switch() -> dict[str, Any]:
        async with at.client() as client:
            if reset:
                return await client.switch_transports(None)
            found = await client.transports()
            unknown = {*on, *off} - set(found["known"])
            if unknown:
                raise UsageError(
                    f"there is no transport {min(unknown)!r}", hint=f"there are {', '.join(found['known'])}"
                )
            wanted = sorted({*found["on"], *on} - set(off))
            return await client.switch_transports(wanted) if on or off else found

    found = asyncio.run(switch())
    if as_json:
        _print_json(found)
        return
    console = out()
    for name in found["known"]:
        is_on = name in found["on"]
        console.print(Text.assemble(f"{name:<8}", ("on", "green") if is_on else ("off", "yellow")))
    if found["set"]:
        console.print(Text("switched while the servers run; --reset brings back what they were started with", "dim"))


def _tell_missing(found: Mapping[str, Any], console: Console) -> None:
    if not found["complete"]:
        missing, asked = len(found["missing"]), found["asked"]
        console.print(Text(f"{missing} of {asked} processes did not answer in time; theirs are not in it", "yellow"))


def _print_json(content: Any) -> None:
    sys.stdout.write(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n")
