"""The state of one run as far as it is here: what transports write into, and what is watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headway.core.fold import Applied, Fold
from headway.core.run import ENDED, RunStatus
from headway.errors import HeadwayError


class Feed:
    """Folds what comes.

    Attributes:
        fold: The state.
        live: What is true beside the log; see `headway.client.watched.Watched.live`.
        partial: The server was asked for some event types only, so seqs have gaps.
    """

    def __init__(self) -> None:
        self.fold = Fold()
        self.live: Mapping[str, Any] = {}
        self.partial = False
        self._known = False

    @property
    def position(self) -> str | None:
        """Cursor of what is here; None: begin with a snapshot."""
        return self.fold.cursor if self._known else None

    @property
    def ended(self) -> bool:
        """Whether the run has ended, as far as is known here."""
        return self.fold.status in ENDED

    @property
    def final(self) -> bool:
        """Whether it has ended for good: what has succeeded is not tried again."""
        return self.fold.status is RunStatus.SUCCEEDED

    def replace(self, snapshot: Any) -> None:
        """Take a snapshot in place of what is here.

        Raises:
            HeadwayError: it is none.
        """
        try:
            self.fold = Fold(snapshot)
            self._known = self.fold.seq > 0
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _not_ours("snapshot") from error

    def apply(self, event: Any, cursor: str | None) -> Applied:
        """Fold an event in.

        Args:
            event: The parsed envelope.
            cursor: Its position; None inside a page, whose cursor is that of its last event.

        Raises:
            HeadwayError: it is none.
        """
        try:
            return self.fold.apply(event, cursor, partial=self.partial)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _not_ours("event") from error

    def forget(self) -> None:
        """What is here does not lead on: begin with a snapshot again."""
        self._known = False


def _not_ours(what: str) -> HeadwayError:
    return HeadwayError(
        f"what came is no {what} of a run",
        hint="is this the address of a run's stream, and the server no newer than this client?",
    )
