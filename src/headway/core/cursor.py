"""The cursor: where a reader stands in a run's log.

On the wire it is ``<seq>.<tag>``: short ASCII, because it comes back as ``Last-Event-ID`` and an unusual header value
would cost browsers a CORS preflight. The tag is random and belongs to the append batch, stored with its events. A log
that lost its tail (power loss, a restored backup) and grew again has other tags at the same seqs, so an old cursor is
noticed instead of being answered with somebody else's events. Clients never parse it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from headway.errors import InvalidCursor
from headway.types import Seq

# 15 digits stay below 2^53, so that every language reads the same seq
_PATTERN = re.compile(r"(0|[1-9][0-9]{0,14})\.([0-9a-z]{1,16})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Position after the event ``seq``, which was appended in the batch ``tag``."""

    seq: Seq
    tag: str

    def __str__(self) -> str:
        return f"{self.seq}.{self.tag}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read a cursor from the wire.

        Raises:
            InvalidCursor: the text is not one; it is quoted, cut to 64 characters.
        """
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise InvalidCursor(
                f"{text[:64]!r} is not a cursor of this server",
                hint="send back the id of the last event you received, or leave it out to begin with a snapshot",
            )
        return cls(int(match[1]), match[2])


START = Cursor(0, "0")
"""Before the first event of any log."""


def new_tag() -> str:
    """Return random bits for one append batch."""
    return secrets.token_hex(4)
