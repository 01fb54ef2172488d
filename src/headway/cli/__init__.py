"""The command line: ``headway serve``, ``worker``, ``runs``, ``watch``, ``export``, ``prune``, ``doctor``, ``demo``."""

from __future__ import annotations

import io
import sys
from typing import Final

_OF_THE_EXTRA: Final = frozenset({"click", "rich", "typer"})


def main() -> None:
    """Entry of ``headway``."""
    try:
        from headway.cli.commands import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
            raise
        sys.stderr.write(f"headway: the command line needs {error.name}: pip install 'headway[server]'\n")
        raise SystemExit(2) from None
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # titles in any script, on terminals that know one
    app()
