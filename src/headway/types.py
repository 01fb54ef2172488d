"""Aliases shared by every room: what a plain ``str`` or ``int`` means where it stands."""

from __future__ import annotations

from typing import TypeAlias

RunId: TypeAlias = str
"""``run_`` and a UUIDv7 in hex: sorts by the time of creation."""

Seq: TypeAlias = int
"""Position of an event in its run's log: dense, from 1. 0 means before the first event."""

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"
