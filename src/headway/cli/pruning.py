"""``headway prune``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from headway.cli.opening import opened
from headway.cli.terminal import bare_table, err, out
from headway.cli.words import age, counted, one_line, size
from headway.config import Settings
from headway.core.age import parse_age
from headway.engines.pruner import fold_ends
from headway.engines.retention import retentions
from headway.stores.base import Store
from headway.stores.projection import Projections
from headway.stores.retention import Prunable, Retention

JOB_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is to be pruned.

    Attributes:
        store: URL; None: as the settings say.
        job: Only the runs of this job; None: of all.
        older_than: Age as a person writes it; None: as the settings say.
        text_older_than: The same for streamed text.
        lines_older_than: The same for the lines of the runs' own logging.
        dry_run: Only tell.
        as_json: For programs.
    """

    store: str | None = None
    job: str | None = None
    older_than: str | None = None
    text_older_than: str | None = None
    lines_older_than: str | None = None
    dry_run: bool = False
    as_json: bool = False

    def stated(self) -> dict[str, float | None]:
        """Return the ages of the options that were given.

        Raises:
            UsageError: an option is no age.
        """
        options = {"log_s": self.older_than, "text_s": self.text_older_than, "lines_s": self.lines_older_than}
        return {part: parse_age(text) for part, text in options.items() if text is not None}

    async def retention(self, store: Store) -> dict[str, Retention]:
        """Return the retention of every job that is pruned. What a job says of its own logs stands against options.

        Except where the job is named in the options: then they are meant for it. Jobs that have nothing to lose are not
        in it, nor is one that is not known.

        Raises:
            StoreError: the store is away.
        """
        stated = self.stated()
        found = await retentions(store, replace(Settings().retention(), **({} if self.job else stated)))
        if self.job is None:
            return found
        return {self.job: replace(found[self.job], **stated)} if self.job in found else {}


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was found.

    Attributes:
        default: Retention of jobs that say nothing of their logs.
        retention: By job.
        found: What has outlived it.
        job: The only one that was looked at; None: all were.
        in_file: Whether what is dropped makes room in a file that stays as large as it is.
    """

    default: Retention
    retention: Mapping[str, Retention]
    found: Sequence[Prunable]
    job: str | None = None
    in_file: bool = True


def prune(pruning: Pruning) -> None:
    """Drop what has outlived its retention, or tell what would be dropped."""
    default = replace(Settings().retention(), **pruning.stated())
    done = asyncio.run(_prune(pruning, default))
    if pruning.as_json:
        sys.stdout.write(orjson.dumps(_content(pruning, done), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        show(done, out(), dry_run=pruning.dry_run)


async def _prune(pruning: Pruning, default: Retention) -> Pruned:
    async with opened(pruning.store, read_only=pruning.dry_run) as store:
        if not pruning.dry_run:
            await fold_ends(store, Projections(store))
        retention = await pruning.retention(store)
        found = await store.prunable(retention)
        if not pruning.dry_run:
            with err().status("pruning, in small steps; Ctrl-C leaves the rest"):
                while await store.prune(retention):
                    pass
        kept = retention.get(pruning.job or "", default)
        return Pruned(kept, retention, found, pruning.job, in_file=store.caps.name == "sqlite")


def _content(pruning: Pruning, done: Pruned) -> dict[str, Any]:
    return {
        "dry_run": pruning.dry_run,
        **_ages(done.default),
        "jobs": [
            {**asdict(one), "kept_s": done.retention[one.job].of(one.part) if one.job in done.retention else None}
            for one in done.found
        ],
        "events": sum(one.events for one in done.found),
        "bytes": sum(one.bytes for one in done.found),
    }


def _ages(kept: Retention) -> dict[str, float | None]:
    return {
        "older_than_s": kept.log_s,
        "text_older_than_s": kept.text_s,
        "lines_older_than_s": kept.lines_s,
    }


def show(done: Pruned, console: Console, *, dry_run: bool) -> None:
    """Print a table, and what it means."""
    if done.job is not None and done.job not in done.retention:
        console.print(f"No run of job {one_line(done.job)!r} has anything to lose.")
        return
    console.print(_told(done))
    if not done.found:
        console.print("There is nothing older.")
        return
    console.print()
    console.print(table(done))
    console.print()
    if dry_run:
        console.print("Nothing was changed. Without --dry-run this is dropped.")
    else:
        stays = " The file stays as large as it is; what was freed in it is used again."
        console.print(f"Dropped.{stays if done.in_file else ''}")


def _told(done: Pruned) -> str:
    kept = done.default
    parts = [f"its log is kept {_kept(kept.log_s)}", f"streamed text {_kept(kept.text_s)}"]
    if kept.lines_s is not None:
        parts.append(f"log lines {_kept(kept.lines_s)}")
    others = sum(retention != kept for retention in done.retention.values())
    own = counted(others, "job has", "jobs have")
    return f"After the end of a run {', '.join(parts)}." + (f" {own} other times." if others else "")


def _kept(age_s: float | None) -> str:
    return "for ever" if age_s is None else f"for {age(age_s)}" if age_s >= 1 else "not at all"


def table(done: Pruned) -> Table:
    """Return what is dropped of each job as a table, the sum last."""
    found, made = done.found, bare_table()
    made.add_column("job", no_wrap=True, overflow="ellipsis", max_width=JOB_MAX)
    made.add_column("what")
    made.add_column("kept")
    for name in ("runs", "events", "size"):
        made.add_column(name, justify="right", no_wrap=True)
    for one in found:
        made.add_row(one_line(one.job), one.part, _age(done, one), *_amounts(one.runs, one.events, one.bytes))
    if len(found) > 1:
        # a run that loses its log is not told again for its text
        sums = (sum(one.runs for one in found), sum(one.events for one in found), sum(one.bytes for one in found))
        made.add_row("together", "", "", *_amounts(*sums), style="bold")
    return made


def _age(done: Pruned, one: Prunable) -> str:
    retention = done.retention.get(one.job)
    age_s = None if retention is None else retention.of(one.part)
    return "deleted" if age_s is None else age(age_s) if age_s >= 1 else "0 s"


def _amounts(runs: int, events: int, size_bytes: int) -> list[str]:
    return [f"{runs:,}", f"{events:,}", size(size_bytes)]
