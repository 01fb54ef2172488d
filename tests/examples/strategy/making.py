"""Strategies made in memory, for tests."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from examples.strategy.job import PHASES, Strategist, section_item, source_item, sources_of
from examples.strategy.library import Library
from examples.strategy.models import Brief, Document, Sources
from examples.strategy.reading.sample import sample
from examples.strategy.settings import StrategySettings
from examples.strategy.writing.plans import plans_of
from examples.strategy.writing.writer import Writer
from headway.testing import Played, play

MONDAY = dt.date(2026, 12, 7)


async def sampled(library: Library) -> tuple[list[Document], list[Document]]:
    """Both sides of the sample, in a library."""
    return await library.add_all(sample("own")), await library.add_all(sample("competitors"))


def brief(own: Sources, competitors: Sources | None = None, **options: Any) -> Brief:
    """What a strategy is asked for with."""
    sides = {"own": own, "competitors": competitors or Sources()}
    return Brief(**{"title": "Test", "start": MONDAY, **sides, **options})


async def make(folder: Path, order: Brief, model: Any = None, **settings: Any) -> Played:
    """Make a strategy in memory."""
    strategist = Strategist(Library(folder / "library.db"), StrategySettings(**settings), Writer(model))
    return await play(strategist.make, order.model_dump(mode="json"), phases=PHASES, plan=placeholders)


def placeholders(order: Brief) -> list[Any]:
    """Items of a strategy."""
    return [*map(source_item, sources_of(order)), *map(section_item, plans_of(order))]
