"""Watching a run on a terminal: a picture that is drawn anew as the run moves on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live

from headway.cli.rows import Pen
from headway.cli.view import Picture, closing, connection_text, draw
from headway.cli.words import notice_text
from headway.client import Connection, Watched

FRAME_S: Final = 0.125
"""Shortest time between two pictures."""

IDLE_FRAMES: Final = 8
"""Frames after which a picture is drawn anew although no event came: clocks move."""


class Screen:
    """Draws the run; everything happens on the event loop's thread.

    Args:
        console: The terminal.
        well: What is said of a connection with which all is well.
    """

    def __init__(self, console: Console, well: str = "connected") -> None:
        self._well = well
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._connection = Connection("connecting")
        self._retry_at = 0.0
        self._state: Watched | None = None
        self._notice = ""
        self._standing: dict[str, str] = {}
        self._dirty = True

    def take(self, state: Watched, _event: Mapping[str, Any] | None) -> None:
        """Note that the state has moved on."""
        self._state = state
        self._dirty = True

    def connected(self, connection: Connection) -> None:
        """Note how the connection stands."""
        self._connection = connection
        self._retry_at = time.time() + connection.wait_s
        self._dirty = True

    def notice(self, told: Mapping[str, Any]) -> None:
        """Show what an operator says, until it is over."""
        text = notice_text(told)
        if "id" in told:
            self._standing.pop(told["id"], None)
            if not told.get("over"):
                self._standing[told["id"]] = text
            text = next(reversed(self._standing.values()), "")
        self._notice = text
        self._dirty = True

    async def show(self) -> None:
        """Draw until cancelled; then leave the terminal as it was."""
        with self._live:
            idle = 0
            while True:
                idle += 1
                if self._dirty or idle >= IDLE_FRAMES or self._moves():
                    self._dirty, idle = False, 0
                    self._live.update(self._picture(), refresh=True)
                await asyncio.sleep(FRAME_S)

    def close(self) -> None:
        """Print how the run stands now, to stay."""
        if self._state is None:
            return
        state = self._state.snapshot()
        pen = self._pen()
        picture = Picture(state, live=self._state.live)
        rows = draw(picture, pen)
        self._console.print(*rows, *(closing(state, pen) if picture.ended else ()), sep="\n", soft_wrap=True)

    def _picture(self) -> Group:
        pen = self._pen()
        if self._state is None:
            return Group(pen.row(connection_text(self._connection, self._retry_at - pen.now)))
        picture = Picture(
            self._state.snapshot(), self._connection, self._state.live, self._retry_at, self._notice, self._well
        )
        return Group(*draw(picture, pen, max(10, self._console.height - 1)))

    def _moves(self) -> bool:
        """Whether something in the picture moves by itself: nobody knows how much there is to do."""
        state = self._state
        return state is not None and state["status"] == "running" and state["progress"]["percent"] is None

    def _pen(self) -> Pen:
        return Pen(max(20, self._console.width), _shows_unicode(self._console), time.time())


def _shows_unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "").startswith("utf")
