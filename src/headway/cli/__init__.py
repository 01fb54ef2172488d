"""The command line: ``headway serve | worker | runs | watch | demo``. Each command is a module of this room."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry of the ``headway`` command."""
    try:
        import typer  # noqa: F401 - the extra is there
    except ModuleNotFoundError:
        print(
            "headway: the command line needs more than the base install: pip install 'headway[server]'", file=sys.stderr
        )
        raise SystemExit(2) from None
    from headway.cli.commands import run

    run()
