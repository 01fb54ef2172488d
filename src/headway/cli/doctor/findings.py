"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    #: works, and will hurt some day
    WARN = "warn"
    #: does not work
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: What was looked at, in a word or two.
        text: What was found, in a sentence.
        mend: How to mend it; empty where nothing is wrong.
    """

    about: str
    level: Level
    text: str
    mend: str = ""


def ok(about: str, text: str) -> Finding:
    """Return that all is well with something."""
    return Finding(about, Level.OK, text)


def warn(about: str, text: str, mend: str) -> Finding:
    """Return what works, and will hurt some day."""
    return Finding(about, Level.WARN, text, mend)


def fail(about: str, text: str, mend: str) -> Finding:
    """Return what does not work."""
    return Finding(about, Level.FAIL, text, mend)
