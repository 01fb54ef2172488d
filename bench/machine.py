"""What a figure was measured on: the part of a result that makes it worth comparing."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "headway", "uvicorn", "uvloop", "httptools", "fastapi", "starlette", "orjson", "asyncpg", "redis", "procrastinate",
    "celery",
)  # fmt: skip


def describe() -> dict[str, str]:
    """Return the machine, the versions and the command of this process, as text by name."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.executable).name, *sys.orig_argv[1:]]),
        "cpu": _field("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": str(os.cpu_count()),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "load average": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "python": platform.python_version(),
        "cc": first_line("cc", "--version"),
        "packages": " ".join(f"{name} {version}" for name, version in _versions()),
        "commit": first_line("git", "describe", "--always", "--dirty"),
    }


def busy(about: dict[str, str]) -> str:
    """Say that the machine did other work before this began, or return ''."""
    began, cores = float(about["load average"].split()[0]), int(about["cores"])
    if began <= cores / 2:
        return ""
    return f"the machine was busy before this began (load {began:g} on {cores} cores): take the ratios as rough"


def first_line(*command: str) -> str:
    """Return the first line a command prints (on either stream), or '' when there is no such command."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except FileNotFoundError:
        return ""
    return (done.stdout.splitlines() or [""])[0]


def _field(file: str, name: str) -> str:
    try:
        found = re.search(rf"^{name}\s*:\s*(.+)$", Path(file).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1] if found else ""


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found
