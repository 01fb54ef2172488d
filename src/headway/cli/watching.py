"""``headway watch``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from rich.console import Console

from headway.cli.following import follow
from headway.cli.lines import Lines
from headway.cli.locating import HOW_TO_FIND, STORE_AWAY, locate
from headway.cli.opening import opened
from headway.cli.screen import Screen
from headway.cli.stopping import TERMINATED, stop_on_sigterm
from headway.cli.terminal import err, out, tell
from headway.client import Client, Connection, Watched
from headway.errors import HeadwayError, StoreUnavailable, UsageError

CODES: Final = {"succeeded": 0, "failed": 1, "partial": 3, "cancelled": 4}
NOT_WATCHED: Final = 5
INTERRUPTED: Final = 130

FIRST_CONTACT_S: Final = 3.0
"""A server that was never there for so long is not waited for: the address is probably wrong."""


class View(Protocol):
    """Where a run is shown."""

    def take(self, state: Watched, event: Mapping[str, Any] | None) -> None:
        """The run moved on."""

    def connected(self, connection: Connection) -> None:
        """The connection changed."""

    def notice(self, told: Mapping[str, Any]) -> None:
        """An operator says something."""

    async def show(self) -> None:
        """Show it until cancelled."""

    def close(self) -> None:
        """Leave behind what is to stay."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is.

    Attributes:
        url: Of a server; has no meaning where the run is named by its address.
        token: Sent along.
        store: Of the store to be read instead, or None.
    """

    url: str
    token: str | None = None
    store: str | None = None


def watch(run: str, place: Place) -> int:
    """Show a run until it has ended; return the exit code."""
    console = out()
    shows = console.is_terminal and not console.is_dumb_terminal
    view: View = Screen(console, _in_words(place)) if shows else Lines(console, where=_where(run, place))
    try:
        return asyncio.run(_watch(run, place, view))
    except UsageError:
        raise
    except HeadwayError as error:
        tell(error)
        return NOT_WATCHED
    except KeyboardInterrupt:
        _say_that_it_goes_on(err(), run, place)
        return INTERRUPTED


def _in_words(place: Place) -> str:
    """Say how it is when all is well."""
    return "connected" if place.store is None else f"following {place.store.rpartition('/')[2]}"


def _where(run: str, place: Place) -> str:
    """Return the options that say where it is, in another command."""
    return "" if "://" in run else f" --url {place.url}" if place.store is None else f" --store {place.store}"


def _say_that_it_goes_on(console: Console, run: str, place: Place) -> None:
    console.print(
        f"Stopped watching. The run is not touched by that; watch on: headway watch {run}{_where(run, place)}",
        soft_wrap=True,
    )


async def _watch(run: str, place: Place, view: View) -> int:
    terminated = stop_on_sigterm()
    showing = asyncio.create_task(view.show())
    try:
        status = await (_on_server(run, place, view) if place.store is None else _in_store(run, place.store, view))
    except asyncio.CancelledError:
        if terminated.is_set():
            return TERMINATED
        raise
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
        view.close()
    return CODES.get(status, NOT_WATCHED)


async def _in_store(run: str, store: str, view: View) -> str:
    if "://" in run:
        raise UsageError(f"{run} is an address, and a store is to be read", hint="name the run by its id")
    status = ""
    async with opened(store) as opened_store, aclosing(follow(opened_store, run, view.connected)) as seen:
        async for state, event in seen:
            status = state["status"]
            view.take(state, event)
    return status


async def _on_server(run: str, place: Place, view: View) -> str:
    address = place.url if "://" in run else await locate(place.url, place.token)
    async with Client(address, token=place.token) as client:
        return await _follow(client, run, view)


async def _follow(client: Client, run: str, view: View) -> str:
    contact = _FirstContact(client.url if "://" not in run else run)

    def connected(connection: Connection) -> None:
        contact.check(connection)
        view.connected(connection)

    status = ""
    async with aclosing(client.watch(run, on_connection=connected, on_notice=view.notice)) as seen:
        async for state, event in seen:
            status = state["status"]
            view.take(state, event)
    return status


class _FirstContact:
    """Gives up on a server that was never there."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._until: float | None = asyncio.get_running_loop().time() + FIRST_CONTACT_S

    def check(self, connection: Connection) -> None:
        """Take note of a connection.

        Raises:
            StoreUnavailable: it was tried for long enough.
        """
        if connection.state == "live":
            self._until = None
        given_up = self._until is not None and asyncio.get_running_loop().time() + connection.wait_s > self._until
        if connection.state == "waiting" and given_up:
            hint = STORE_AWAY if connection.code == StoreUnavailable.code else HOW_TO_FIND
            raise StoreUnavailable(f"{self._where}: {connection.reason}", hint=hint)
