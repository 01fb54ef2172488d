"""Where a run is found: from its id, its address, or the address of a stream in somebody's own application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from headway.errors import UsageError

_RUN_PATH: Final = re.compile(r"(?P<run>.*/v1/runs/[^/]+?)(/stream|/events)?/?")


@dataclass(frozen=True, slots=True)
class Address:
    """The addresses of one run.

    Attributes:
        stream: Its server-sent events.
        state: Its snapshot as JSON.
        events: Pages of its log as JSON.
    """

    stream: str
    state: str
    events: str

    @classmethod
    def of(cls, run: str, url: str) -> Address:
        """Find a run.

        Args:
            run: Its id; the address of it or of its stream; any other address that answers with a run's stream (it
                answers those who poll, too).
            url: Where Headway's routes are mounted; counts for ids only.

        Raises:
            UsageError: it is none of these.
        """
        if "://" not in run:
            return cls.below(f"{url.rstrip('/')}/v1/runs/{quote(run, safe='')}")
        parts = urlsplit(run)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{run!r} is no address of a run", hint="write http://host/... or a run's id")
        match = _RUN_PATH.fullmatch(parts.path)
        if match is None or parts.query:
            return cls(run, run, run)
        return cls.below(f"{parts.scheme}://{parts.netloc}{match['run']}")

    @classmethod
    def below(cls, state: str) -> Address:
        """Return the addresses of a run among Headway's own routes."""
        return cls(f"{state}/stream", state, f"{state}/events")
