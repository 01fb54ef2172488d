"""The ``.lua`` files: every transaction of the Redis store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the name Redis knows it by."""

    text: bytes
    sha: str


@cache
def scripts() -> dict[str, Script]:
    """Return all scripts by name, each with what is common to them before it."""
    folder = files("headway.stores") / "lua"
    texts = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".lua")}
    common = texts.pop("common.lua")
    return {name.removesuffix(".lua"): _script(common + text) for name, text in texts.items()}


def _script(text: bytes) -> Script:
    return Script(text, hashlib.sha1(text, usedforsecurity=False).hexdigest())
