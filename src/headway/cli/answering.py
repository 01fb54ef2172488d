"""``headway answer``: answers the question a run waits with."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from headway.cli.forms import described, fill_in, reading
from headway.cli.locating import explained, locate
from headway.cli.opening import opened
from headway.cli.terminal import err, out
from headway.cli.words import clean, one_line
from headway.client import Client
from headway.core.complaints import path_of
from headway.engines.commands import Commands
from headway.errors import Conflict, InvalidInput, StoreUnavailable, UsageError
from headway.stores.projection import Projections


@dataclass(frozen=True, slots=True)
class Answering:
    """What is answered, and where.

    Attributes:
        run: A run's id.
        data: The answer as it was typed; ``-``: read from standard input; None: it is asked for.
        ask: Which question; None: the one that is open.
        url: Of a server.
        token: Sent along.
        store: Of a store to be written instead of asking a server.
    """

    run: str
    data: str | None
    ask: str | None
    url: str
    token: str | None = None
    store: str | None = None


def answer(answering: Answering) -> None:
    """Answer, and say what becomes of the run."""
    asks = asyncio.run(_asks(answering))
    ask_id = answering.ask or next(iter(asks))
    data = _data(answering, asks.get(ask_id))
    try:
        status = asyncio.run(_send(answering, ask_id, data))
    except InvalidInput as error:
        hint = described(asks[ask_id]["schema"]) if ask_id in asks else error.hint
        raise InvalidInput(_all_of(error), hint=hint) from error
    out().print(Text.assemble(("answered ", "green"), one_line(ask_id), (f"; the run is {status}", "dim")))


async def _asks(answering: Answering) -> Mapping[str, Any]:
    """Return the questions that are open.

    Raises:
        Conflict: there is none, and none was named.
    """
    if answering.store is not None:
        async with opened(answering.store) as store:
            state = (await Projections(store).current(answering.run)).snapshot()
    else:
        async with Client(await locate(answering.url, answering.token), token=answering.token) as client:
            try:
                state = await client.get(answering.run)
            except StoreUnavailable as error:
                raise explained(error) from error
    asks: Mapping[str, Any] = state["asks"]
    if not asks and answering.ask is None:
        raise Conflict(f"run {answering.run} is {state['status']} and waits for no answer")
    return asks


async def _send(answering: Answering, ask_id: str, data: Any) -> str:
    if answering.store is not None:
        async with opened(answering.store, read_only=False) as store:
            commands = Commands(store, Projections(store), str)
            return str((await commands.answer(answering.run, ask_id, data)).status)
    async with Client(await locate(answering.url, answering.token), token=answering.token) as client:
        status: str = (await client.answer(answering.run, ask_id, data))["status"]
        return status


def _data(answering: Answering, ask: Mapping[str, Any] | None) -> Any:
    schema = None if ask is None else ask["schema"]
    if answering.data is not None:
        text = sys.stdin.read() if answering.data == "-" else answering.data
        return reading(schema, text.strip())
    if ask is None:
        raise Conflict(f"run {answering.run} does not wait for an answer to {answering.ask!r}")
    err().print(Text(clean(ask["prompt"])), soft_wrap=True)
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on", hint=f"headway answer {answering.run} DATA, or - to read it")
    return fill_in(schema)


def _all_of(error: InvalidInput) -> str:
    """Say all that does not fit; the error's own words name the first."""
    wrong = [": ".join(filter(None, [path_of(each["loc"]), each["msg"]])) for each in error.extra.get("errors", ())]
    return "; ".join(wrong) or error.detail
