"""How things are called on a terminal: statuses with their signs, times, amounts, and text made harmless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from headway.core.clock import parse_ms


@dataclass(frozen=True, slots=True)
class Sign:
    """How a status is shown.

    Attributes:
        icon: One column wide.
        plain: The same where only ASCII can be shown.
        style: For rich.
    """

    icon: str
    plain: str
    style: str


STATUS: Final = {
    "queued": Sign("◌", ".", "dim"),
    "running": Sign("●", "*", "cyan"),
    "waiting": Sign("◐", "?", "yellow"),
    "succeeded": Sign("✓", "+", "green"),
    "partial": Sign("◑", "~", "yellow"),
    "failed": Sign("✗", "x", "red"),
    "cancelled": Sign("⊘", "-", "magenta"),
}
ENTRY: Final = {
    "planned": Sign("○", ".", "dim"),
    "running": STATUS["running"],
    "finished": STATUS["succeeded"],
    "failed": STATUS["failed"],
}

_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # titles, links, and whatever else goes on to a terminator
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES: Final = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return text of a run without what a terminal would obey: escapes, control characters, changes of direction."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text)).expandtabs(4)


def one_line(text: Any) -> str:
    """Return any value as clean text in one line; empty for None."""
    return "" if text is None else _SPACES.sub(" ", clean(str(text))).strip()


def percent(value: float | None) -> str:
    """Return a percentage in whole numbers, rounded down: 100 is for what is done."""
    return "-" if value is None else f"{int(value)} %"


def amount(value: float) -> str:
    """Return a quantity as short as it can be said."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def counted(number: int, one: str, more: str) -> str:
    """Return a number with what it counts: ``1 run is``, ``1,200 runs are``."""
    return f"{number:,} {one if number == 1 else more}"


def done_of(done: float, total: float | None, unit: str | None = None) -> str:
    """Return how much is done: ``3/9 days``, ``3 days``; nothing where nothing is counted."""
    if total is None and not done:
        return ""
    text = amount(done) if total is None else f"{amount(done)}/{amount(total)}"
    return f"{text} {one_line(unit)}" if unit else text


def clock(seconds: float) -> str:
    """Return a duration as a clock shows it: ``0:07``, ``12:34``, ``1:02:03``, ``2d 03:04``."""
    whole = max(0, int(seconds))
    days, hours, minutes, rest = whole // 86_400, whole // 3_600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{days}d {hours:02d}:{minutes:02d}"
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def age(seconds: float) -> str:
    """Return how long ago something was, roughly: ``now``, ``40 s``, ``5 min``, ``3 h``, ``12 d``."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= 2 * length or (unit == "s" and seconds >= 1):
            return f"{int(seconds // length)} {unit}"
    return "now"


def size(bytes: int) -> str:
    """Return a number of bytes, roughly: ``640 B``, ``12.3 kB``, ``1.5 GB``."""
    amount, units = float(bytes), ["kB", "MB", "GB", "TB"]
    if bytes < 1000:
        return f"{bytes} B"
    while units[1:] and amount >= 999_950:
        amount /= 1000
        units.pop(0)
    return f"{amount / 1000:.1f} {units[0]}"


def seconds_of(time: str | None) -> float | None:
    """Return a time of the wire as seconds since the epoch; None when there is none."""
    ms = parse_ms(time)
    return None if ms is None else ms / 1000


def trouble_of(status: str, live: Mapping[str, Any]) -> str:
    """Return what keeps a run from going on, by what is true beside its log; empty when nothing is known."""
    if live.get("trouble"):
        return one_line(live["trouble"])
    if not live.get("degraded"):
        return ""
    return "no worker is there to take it" if status == "queued" else "the server cannot read its store"


def notice_text(told: Mapping[str, Any]) -> str:
    """Return what an operator says as one line."""
    text = told.get("text") or told.get("message") or ", ".join(f"{name} {value}" for name, value in told.items())
    return one_line(text)
