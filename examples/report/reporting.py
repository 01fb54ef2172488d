"""What the application does: asking for reports, and telling how they stand, also while queue and database are away."""

from __future__ import annotations

import asyncio
import logging
import re
import statistics
from collections import OrderedDict
from typing import Final

from examples.report.job import JOB, USUAL_S
from examples.report.models import Order
from examples.report.patience import Patience
from examples.report.status import StatusAnswer, answer_of
from examples.report.tables.reports import Project, Tables
from headway import Headway, RunHandle, RunStatus, errors

KNOWN_MAX: Final = 1_000
_ID: Final = re.compile(r"[\w.:-]{1,100}")
_OPEN: Final = {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING, RunStatus.SUCCEEDED}

log = logging.getLogger(__name__)


class UnknownProject(Exception):
    """There is no such project."""


class Reporting:
    """Asks for reports, and knows how they stand.

    Args:
        hw: Whose queue they wait in.
        tables: Projects and reports.
        patience: For calls to either.
    """

    def __init__(self, hw: Headway, tables: Tables, patience: Patience) -> None:
        self._hw = hw
        self._tables = tables
        self.patience = patience
        self._known: OrderedDict[str, StatusAnswer] = OrderedDict()

    async def project(self, project_id: str) -> Project:
        """Return a project.

        Raises:
            UnknownProject: There is none.
        """
        project = await self._tables.project(project_id) if _ID.fullmatch(project_id) else None
        if project is None:
            self._known.pop(project_id, None)
            raise UnknownProject(project_id)
        return project

    async def found(self, project_id: str) -> Project:
        """Return a project, in time.

        Raises:
            UnknownProject: There is none.
            Away: Its table does not answer.
        """
        return await self.patience(lambda: self.project(project_id))

    async def start(self, project: Project, correlation_id: str | None) -> RunHandle:
        """Ask for the initial report of a project; asked again, it is the same one. May be done again after a failure.

        Args:
            project: Of which.
            correlation_id: Stands in every event and log line of it, in every process.
        """
        report = await self._tables.add_report(project.id, await self._expected_s())
        expected_s = report.context["expected_s"]  # of the first who asked: the same order, however often it is given
        order = Order(
            project_id=project.id,
            report_id=report.id,
            name=project.name,
            product=project.product,
            competitors=list(project.competitors),
            expected_s=expected_s,
        )
        metadata = {"project_id": project.id, "report_id": report.id, "expected_s": expected_s}
        # the owner is the project: no stream of another project shows it, and its viewers have limits of their own
        handle = await self._begun(report.run_id) or await self._hw.start(
            JOB,
            order,
            key=report.id,
            owner=project.id,
            group=project.id,
            metadata=metadata,
            correlation_id=correlation_id,
        )
        if handle.id != report.run_id:
            await self._tables.add_run(report.id, handle.id)
        log.info("report %s of project %s was asked for", report.id, project.id)
        return handle

    async def _begun(self, run_id: str | None) -> RunHandle | None:
        if run_id is None:
            return None
        try:
            return await self._hw.get(run_id)
        except errors.RunNotFound:
            return None

    async def retry(self, project: Project) -> RunHandle | None:
        """Try a report again that failed or is partial; None when there is nothing to try again."""
        handle = await self._begun(project.report.run_id if project.report else None)
        if handle is None or RunStatus((await handle.snapshot())["status"]) in _OPEN:
            return None
        await handle.retry()
        return handle

    async def _expected_s(self) -> float:
        """Return how long a report takes: the median of the last ones, and without any what the requirement says."""
        took = await self._tables.durations_s()
        return round(statistics.median(took), 1) if took else USUAL_S

    async def status(self, project_id: str) -> StatusAnswer:
        """Return how the report of a project stands, as it is now.

        Raises:
            UnknownProject: There is no such project.
        """
        project = await self.project(project_id)
        report = project.report
        handle = await self._begun(report.run_id if report else None)
        if report is None or handle is None:
            answer = answer_of(project, None, None, None)
        else:
            snapshot, live, (_, captured_at) = await asyncio.gather(
                handle.snapshot(), handle.live(), self._tables.captured(report.id)
            )
            answer = answer_of(project, snapshot, live, captured_at)
        self._remember(answer)
        return answer

    def known(self, project_id: str) -> StatusAnswer | None:
        """Return what was known last of a project's report, marked as that; None when nothing was."""
        known = self._known.get(project_id)
        return None if known is None else known.model_copy(update={"degraded": True})

    def _remember(self, answer: StatusAnswer) -> None:
        self._known[answer.project_id] = answer
        self._known.move_to_end(answer.project_id)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
