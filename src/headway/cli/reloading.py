"""``--reload``: another process when a file changes. The socket stays open between the two, so nobody is refused."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from uvicorn.supervisors.basereload import BaseReload

from headway.config import Settings
from headway.ops.logging import configure, get_logger

_log = get_logger("headway.server")

LEFT_OUT: Final = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "dist", "build"})
"""Folders with files nobody edits, and with many of them."""


class Reloader(BaseReload):
    """Looks at the times of all Python files below the current folder."""

    def __init__(self, config: Any, target: Any, sockets: Any) -> None:
        super().__init__(config, target, sockets)
        settings = Settings()
        configure(level=settings.log_level, format=settings.log_format)
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # what it has to say, we say
        self._server = target.__self__
        self._known = dict(times(Path.cwd()))

    def should_restart(self) -> list[Path] | None:
        """Return the files that were changed, added or removed since the last look."""
        self.pause()
        now = dict(times(Path.cwd()))
        changed = [path for path in {*now, *self._known} if now.get(path) != self._known.get(path)]
        self._known = now
        return changed or None

    def restart(self) -> None:
        """End the server's process, and begin another."""
        self._server.restarted = True
        super().restart()

    def run(self) -> None:
        """Serve until told to stop."""
        self.startup()
        for changes in self:
            if changes:
                _log.info("restarting", changed=", ".join(sorted(str(_near(path)) for path in changes)))
                self.restart()
        self.shutdown()


def times(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield all Python files below a folder with the time of their last change."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith(".")]
        for name in names:
            if name.endswith(".py"):
                path = Path(place, name)
                try:
                    yield path, path.stat().st_mtime_ns
                except OSError:
                    continue  # gone since it was listed


def _near(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
