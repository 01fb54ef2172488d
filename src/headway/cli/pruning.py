"""``headway prune``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from headway.cli.opening import opened
from headway.cli.terminal import err, out
from headway.cli.words import age, one_line, parse_age, size
from headway.config import Settings
from headway.stores.base import Prunable, Retention

WHAT: Final = {False: "log", True: "text"}
JOB_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is to be pruned.

    Attributes:
        store: URL; None: as the settings say.
        older_than: Age as a person writes it; None: as the settings say.
        deltas_older_than: The same for text deltas.
        dry_run: Only tell.
        as_json: For programs.
    """

    store: str | None = None
    older_than: str | None = None
    deltas_older_than: str | None = None
    dry_run: bool = False
    as_json: bool = False

    def retention(self) -> Retention:
        """Return the retention, from the options or else from the settings.

        Raises:
            UsageError: an option is no age.
        """
        settings = Settings()
        return Retention(
            settings.retention_s if self.older_than is None else parse_age(self.older_than),
            settings.delta_retention_s if self.deltas_older_than is None else parse_age(self.deltas_older_than),
        )


def prune(pruning: Pruning) -> None:
    """Drop what has outlived its retention, or tell what would be dropped."""
    retention = pruning.retention()
    found = asyncio.run(_prune(pruning, retention))
    if pruning.as_json:
        sys.stdout.write(orjson.dumps(_content(pruning, retention, found), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        show(found, retention, out(), dry_run=pruning.dry_run)


async def _prune(pruning: Pruning, retention: Retention) -> list[Prunable]:
    async with opened(pruning.store, read_only=pruning.dry_run) as store:
        found = await store.prunable(retention)
        if not pruning.dry_run:
            with err().status("pruning, in small steps; Ctrl-C leaves the rest"):
                while await store.prune(retention):
                    pass
        return found


def _content(pruning: Pruning, retention: Retention, found: Sequence[Prunable]) -> dict[str, Any]:
    return {
        "dry_run": pruning.dry_run,
        "older_than_s": retention.log_s,
        "deltas_older_than_s": retention.delta_s,
        "jobs": [asdict(one) for one in found],
        "events": sum(one.events for one in found),
        "bytes": sum(one.bytes for one in found),
    }


def show(found: Sequence[Prunable], retention: Retention, console: Console, *, dry_run: bool) -> None:
    """Print a table, and what it means."""
    console.print(
        f"After the end of a run its log is kept {_kept(retention.log_s)}, streamed text {_kept(retention.delta_s)}."
    )
    if not found:
        console.print("There is nothing older.")
        return
    console.print()
    console.print(table(found))
    console.print()
    if dry_run:
        console.print("Nothing was changed. Without --dry-run this is dropped.")
    else:
        console.print("Dropped. The file stays as large as it is; what was freed in it is used again.")


def _kept(age_s: float | None) -> str:
    return "for ever" if age_s is None else f"for {age(age_s)}" if age_s >= 1 else "not at all"


def table(found: Sequence[Prunable]) -> Table:
    """Return what is dropped of each job as a table, the sum last."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    made.add_column("job", no_wrap=True, overflow="ellipsis", max_width=JOB_MAX)
    made.add_column("what")
    for name in ("runs", "events", "size"):
        made.add_column(name, justify="right", no_wrap=True)
    for one in found:
        made.add_row(one_line(one.job), WHAT[one.deltas_only], *_amounts(one.runs, one.events, one.bytes))
    if len(found) > 1:
        # a run that loses its log is not told again for its text
        sums = (sum(one.runs for one in found), sum(one.events for one in found), sum(one.bytes for one in found))
        made.add_row("together", "", *_amounts(*sums), style="bold")
    return made


def _amounts(runs: int, events: int, size_bytes: int) -> list[str]:
    return [f"{runs:,}", f"{events:,}", size(size_bytes)]
