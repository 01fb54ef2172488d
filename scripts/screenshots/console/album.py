"""The album of the console."""

from __future__ import annotations

from typing import Final

from scripts.screenshots.album import Album
from tests.e2e.console_page import Console

ALBUM: Final = Album(
    "console",
    {360: 760, 768: 1024, 1440: 900},
    {
        "console-runs-1440-light.png",
        "console-timeline-1440-dark.png",
        "console-log-1440-light.png",
        "console-form-768-light.png",
    },
)


async def shoot(view: Console, state: str) -> None:
    """Take a state of the console."""
    await ALBUM.shoot(state, view.page)
