"""Python, packages, and whether connections can be handed over on this machine."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from headway.cli.doctor.findings import Finding, ok, warn
from headway.version import VERSION

EXTRAS: Final = {
    "server": ("uvicorn", "httptools", "uvloop", "typer", "rich", "structlog", "prometheus-client"),
    "postgres": ("asyncpg",),
    "redis": ("redis",),
    "procrastinate": ("procrastinate", "psycopg"),
    "celery": ("celery", "kombu"),
    "schedule": ("croniter", "tzdata"),
    "demo": ("ortools", "astral"),
}
"""Packages by the extra that brings them; those of `server` are wanted."""

_NEEDED_BY: Final = {
    "postgres": "runs in Postgres need it",
    "redis": "runs in Redis need it",
    "procrastinate": "the engine of this name needs it",
    "celery": "the engine of this name needs it",
    "schedule": "jobs with a schedule need it",
    "demo": "`headway demo` needs it",
}

_HAND_OVER: Final = "direct path"


def machine(installed: Callable[[str], str | None] | None = None) -> Iterator[Finding]:
    """Look at what does not depend on any settings.

    Args:
        installed: Tells the version of a package, None when it is not there.
    """
    here = f"Headway {VERSION}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    yield ok("versions", f"{here}, on {platform.system()} {platform.machine()}")
    yield from _packages(installed or _installed)


def _packages(installed: Callable[[str], str | None]) -> Iterator[Finding]:
    for extra, names in EXTRAS.items():
        wanted = [name for name in names if not (name == "uvloop" and sys.platform == "win32")]
        found = {name: installed(name) for name in wanted}
        missing = [name for name, number in found.items() if number is None]
        there = ", ".join(f"{name} {number}" for name, number in found.items() if number is not None)
        if not missing:
            yield ok(f"extra {extra}", there)
        elif extra == "server":
            yield warn(f"extra {extra}", f"missing: {', '.join(missing)}", f"pip install 'headway[{extra}]'")
        else:
            yield ok(f"extra {extra}", f"not installed ({', '.join(missing)}); only {_NEEDED_BY[extra]}")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def direct_path(*, wanted: bool, why: str | None) -> Finding:
    """Look whether streams are handed over to the hub by a server on this machine.

    Args:
        wanted: By the settings.
        why: Why not, by the machine; None: it can be done.
    """
    if why is None and wanted:
        return ok(_HAND_OVER, "on: `headway serve` hands streams over to the hub")
    cost = "streams go by ASGI send(), so a viewer costs more time and memory"
    if not wanted or (why or "").startswith("switched off"):
        return warn(_HAND_OVER, f"off, by HEADWAY_DIRECT: {cost}", "take HEADWAY_DIRECT away")
    return warn(_HAND_OVER, f"off: {why}; {cost}", "pip install -U 'headway[server]'")
