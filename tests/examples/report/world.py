"""The application without its processes: Headway, tables and the job in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.report.business import listen
from examples.report.job import register
from examples.report.patience import Patience
from examples.report.reporting import Reporting
from examples.report.settings import ReportSettings
from examples.report.tables.database import SqliteDatabase
from examples.report.tables.events import EventTable
from examples.report.tables.migrations import migrate
from examples.report.tables.reports import Project, Tables
from headway import Headway, Settings
from tests.examples.report.siting import allowed

RIVALS = ("heronping", "uptide", "brightbeat")


@dataclass
class World:
    """All of it.

    Attributes:
        events: What happened to reports, as the listener has written it down.
        sites: Addresses of the demo's sites.
    """

    hw: Headway
    tables: Tables
    events: EventTable
    reporting: Reporting
    sites: dict[str, str]

    async def project(self, *rivals: str, product: str = "lanternwatch") -> Project:
        """A project of the demo's companies."""
        named = [(name.title(), self.sites.get(name, name)) for name in rivals or RIVALS]
        project_id = await self.tables.add_project("Lanternwatch", self.sites.get(product, product), named)
        return await self.reporting.project(project_id)

    async def ended(self, run_id: str) -> dict[str, Any]:
        """Wait until a run has ended, and return its state."""
        handle = await self.hw.get(run_id)
        async with asyncio.timeout(60):
            async for _ in handle.watch():
                pass
        return await handle.snapshot()

    async def wire(self, project: Project) -> dict[str, Any]:
        """What the status endpoint answers."""
        return (await self.reporting.status(project.id)).wire()


@asynccontextmanager
async def world(folder: Path, sites: dict[str, str], worker: Any = "inline") -> AsyncIterator[World]:
    """One that is started."""
    hw = Headway(settings=Settings(store=f"sqlite:///{folder / 'headway.db'}", worker=worker))
    tables = Tables(SqliteDatabase(folder / "reports.db"))
    await migrate(tables.database)
    register(hw, tables, ReportSettings(allowed=allowed(sites), page_s=5))
    events = EventTable(tables.database)
    listen(hw, events)
    async with hw:
        yield World(hw, tables, events, Reporting(hw, tables, Patience()), sites)
