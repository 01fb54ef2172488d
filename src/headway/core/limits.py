"""Constants of the protocol. Both folds and all gateways use the same numbers (``PROTOCOL.md``, 3.8 and 11.4).

Text is counted in Unicode code points, never in UTF-16 units or bytes, so that Python and TypeScript cut alike.
"""

from __future__ import annotations

from typing import Final

FOLD_VERSION: Final = 2
"""Grows when the same log would fold to another snapshot; stored snapshots of another version are not used."""

OUTPUT_TEXT_MAX: Final = 1_048_576
"""Code points of text a snapshot keeps per output; ``from_offset`` says how many were dropped in front."""

ALL_TEXT_MAX: Final = 8 * OUTPUT_TEXT_MAX
"""Code points of text a snapshot keeps for all outputs together; the oldest output gives way first."""

NOTES_MAX: Final = 200
ERRORS_MAX: Final = 100
EXECUTIONS_MAX: Final = 20
PHASES_MAX: Final = 100
ITEMS_MAX: Final = 10_000
OUTPUTS_MAX: Final = 1_000
CUSTOM_MAX: Final = 10_000

EVENT_BYTES_MAX: Final = 262_144
"""Bytes of one event's ``data`` as JSON."""

BATCH_EVENTS_MAX: Final = 1_000
BODY_BYTES_MAX: Final = 4 * 1_048_576
DEPTH_MAX: Final = 32
"""Levels of nesting in any JSON a client sends."""

NAME_MAX: Final = 200
"""Code points of a key, name, title or other short string."""

PAGE_MAX: Final = 1_000
"""Events or runs in one page."""

STREAM_RUNS_MAX: Final = 64
"""Runs on one connection."""

SNAPSHOT_EVERY_EVENTS: Final = 1_000
SNAPSHOT_EVERY_BYTES: Final = 1_048_576
