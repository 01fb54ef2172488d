"""Which viewers are meant: what operators say, list and close is for all of them, or for some."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from headway.types import RunId


@dataclass(frozen=True, slots=True)
class Which:
    """Some viewers: all that is set must be true of them. Nothing set: everybody.

    Attributes:
        run: They watch this run.
        viewer: This user; "" for nobody in particular.
        client: The client's name (``ts``), or name and version (``ts/0.1.0``).
        group: They watch a run of this group, or the list of its runs.
    """

    run: RunId | None = None
    viewer: str | None = None
    client: str | None = None
    group: str | None = None

    def wants(self, *, viewer: str, client: str, runs: Collection[RunId], groups: Collection[str | None]) -> bool:
        """Tell whether a viewer is meant who watches these runs, which belong to these groups."""
        return (
            (self.viewer is None or self.viewer == viewer)
            and (self.client is None or self.client in (client, client.partition("/")[0]))
            and (self.run is None or self.run in runs)
            and (self.group is None or self.group in groups)
        )


EVERYBODY = Which()
