"""Writing to terminals: consoles, and errors as one line."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headway.cli.words import clean
from headway.errors import HeadwayError, UsageError

P = ParamSpec("P")
R = TypeVar("R")

FAILED: Final = 1
USAGE: Final = 2

_EXTRAS: Final = {
    "fastapi": "server", "httptools": "server", "prometheus_client": "server", "starlette": "server",
    "structlog": "server", "uvicorn": "server", "uvloop": "server", "ortools": "demo",
    "asyncpg": "postgres", "redis": "redis",
}  # fmt: skip


WIDTH: Final = 120
"""Columns where nobody says how many there are: in a pipe or a file."""


def out() -> Console:
    """Return the console of standard output. Made when asked for: tests and pipes exchange the stream."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH
    return Console(highlight=False, emoji=False, markup=False, width=width)


def err() -> Console:
    """Return the console of standard error."""
    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def tell(error: HeadwayError) -> None:
    """Print an error as one line, with its code and hint; no traceback."""
    line = Text.assemble(
        ("error: ", "bold red"), (clean(error.detail), "red"), (f" ({error.extra.get('code', error.code)})", "dim")
    )
    console = err()
    console.print(line, soft_wrap=True)
    if error.hint:
        console.print(Text.assemble(("hint: ", "bold"), clean(error.hint)), soft_wrap=True)


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end with one line where its user, not our code, can mend what is wrong."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except HeadwayError as error:
            tell(error)
            raise typer.Exit(USAGE if isinstance(error, UsageError) else FAILED) from error
        except ModuleNotFoundError as error:
            extra = _EXTRAS.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            tell(UsageError(f"{error.name} is not installed", hint=f"pip install 'headway[{extra}]'"))
            raise typer.Exit(USAGE) from error
        except ValueError as error:
            told = _of_settings(error)
            if told is None:
                raise
            tell(told)
            raise typer.Exit(USAGE) from error
        except BrokenPipeError:
            sys.stderr.close()  # whoever read us (head, less) has seen enough; say nothing at exit either
            raise typer.Exit(FAILED) from None

    return run


def _of_settings(error: Any) -> UsageError | None:
    """Return what is wrong with a variable of the environment, when that is what the error is about."""
    from pydantic import ValidationError

    from headway.core.complaints import complaints

    if not isinstance(error, ValidationError) or error.title != "Settings":
        return None
    first = complaints(error.errors(include_url=False, include_input=False))[0]
    name = "HEADWAY_" + ".".join(str(part) for part in first["loc"]).upper()
    return UsageError(f"{name}: {first['msg']}", hint="correct the variable or the option of that name")


def bare_table() -> Table:
    """Return a table without lines, to be filled."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
