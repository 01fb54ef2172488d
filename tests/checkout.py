"""This checkout, for processes that tests start: they run its package, whichever other one is installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ROOT / "src"


def python_path(*folders: Path) -> str:
    """Return a ``PYTHONPATH`` of this checkout's package and, after it, of more folders."""
    return os.pathsep.join(str(folder) for folder in (SOURCES, *folders))
