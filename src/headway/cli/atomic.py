"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from headway.errors import UsageError


@contextmanager
def atomic(name: str) -> Iterator[BinaryIO]:
    """Write a file that gets its name when it is whole and on the disk; a failure leaves what was there before.

    Raises:
        UsageError: it cannot be written there.
    """
    path = Path(name).resolve()
    if path.exists() and not path.is_file():
        raise UsageError(f"{name} is no ordinary file", hint="leave --output out and redirect standard output there")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        file = unfinished.open("xb")
    except OSError as error:
        raise UsageError(f"{name} cannot be written: {error.strerror}", hint="choose another place") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
