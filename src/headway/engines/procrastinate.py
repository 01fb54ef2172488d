"""Procrastinate as an engine: a queue in the Postgres that holds the runs, no further server.

The queue is disposable: what is in it is a hint that a run waits in the store. So it has a schema of its own, named
after the version of Procrastinate's tables; another version begins with an empty one, and the dispatcher fills it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import psycopg
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status

from headway.engines.attempts import Attempts
from headway.engines.base import Delivery
from headway.engines.lanes import Lane
from headway.engines.outage import Outage
from headway.engines.procrastinate_schema import has_schema, make_schema, schema_of

log = logging.getLogger("headway.engine")

TASK: Final = "headway.execute"
KEEPING: Final = "headway.keep"
DEAD_AFTER_S: Final = 60
PATIENCE_S: Final = 5.0
"""For a connection of the pool; so soon is an outage told.

The pool gives up connecting after the same time, and begins anew when it is asked again: left to itself it waits twice
as long after each failure, and would be away for minutes more after an outage of minutes.
"""


class ProcrastinateEngine:
    """Delivers by rows of Procrastinate's tables; a process that waits for them is woken by NOTIFY.

    Args:
        dsn: Of the server itself: behind a pooler nobody can listen, nor keep to a schema.
        schema: Of the runs; the queue's is named after it.
    """

    name = "procrastinate"
    finds_runs = False

    def __init__(self, dsn: str, schema: str = "headway") -> None:
        self._dsn = dsn
        self._schema = schema_of(schema)
        options = {"options": f"-c search_path={self._schema}", "prepare_threshold": None}
        connector = PsycopgConnector(
            conninfo=dsn, kwargs=options, min_size=1, max_size=4, timeout=PATIENCE_S, reconnect_timeout=PATIENCE_S
        )
        self._app = App(connector=connector)
        self._app.task(name=TASK, pass_context=True)(self._execute)
        # Without any periodic task a worker whose LISTEN has died goes on deaf, instead of ending.
        self._app.periodic(cron="*/10 * * * *")(self._app.task(name=KEEPING, queue=KEEPING)(self._keep))
        self._attempts: Attempts | None = None
        self._rooms: dict[str, asyncio.Semaphore] = {}
        self._opening = asyncio.Lock()
        self._outage = Outage(log, "the queue is away", "the queue is back")
        self._is_open = False

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Put them into the queue in one statement; those that wait in it already are left.

        Raises:
            ConnectorException, psycopg.Error: the database does not answer.
        """
        await self._open()
        jobs = [_job(delivery) for delivery in deliveries]
        try:
            await self._app.job_manager.batch_defer_jobs_async(jobs)
        except AlreadyEnqueued:  # one of them; the whole statement was taken back
            for job in jobs:
                with suppress(AlreadyEnqueued):
                    await self._app.job_manager.defer_job_async(job)

    async def work(self, attempts: Attempts, lanes: Sequence[Lane]) -> None:
        """Take rows of each lane by a worker of Procrastinate's, and make another when one ends."""
        self._attempts = attempts
        for lane in lanes:
            self._rooms |= dict.fromkeys(lane.queues, asyncio.Semaphore(lane.slots))
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(self._serve(lane), name=f"headway-procrastinate-{lane}")

    async def look(self) -> str:
        """Say whether the tables are there."""
        is_there = await has_schema(self._dsn, self._schema)
        return f"its tables are in {self._schema}" if is_there else f"makes its tables in {self._schema} when it starts"

    async def close(self) -> None:
        """Close the connections."""
        if self._is_open:
            self._is_open = False
            await self._app.close_async()

    async def _open(self) -> None:
        async with self._opening:
            if not self._is_open:
                await make_schema(self._dsn, self._schema)
                try:
                    await self._app.open_async()
                except BaseException:
                    await self._app.close_async()  # else it passes for open
                    raise
                self._is_open = True

    async def _serve(self, lane: Lane) -> None:
        while True:  # a worker returns, or raises, when it cannot listen or beat any more
            outages_over = self._outage.times
            try:
                await self._open()
                if self._outage.lasts:
                    await self._app.connector.execute_query_async("SELECT 1")  # the pool is back later than the server
                    self._outage.end()
                    outages_over = self._outage.times
                await self._app.run_worker_async(
                    queues=[*lane.queues, KEEPING],
                    concurrency=lane.slots,
                    delete_jobs="always",
                    fetch_job_polling_interval=1,
                    shutdown_graceful_timeout=0,  # attempts outlive the worker
                    install_signal_handlers=False,
                )
            except (ConnectorException, psycopg.Error, OSError) as error:
                why = await self._why(error)
                if outages_over == self._outage.times:  # else another lane has told of it, and of its end
                    self._outage.note(why)
            except Exception:
                log.exception("the queue's worker failed")
            await asyncio.sleep(random.uniform(0.2, 1))  # noqa: S311 - so that not all come back at once

    async def _why(self, error: Exception) -> Exception:
        """Return what is wrong with the database: of an empty pool one only hears that it waited in vain."""
        if self._outage.lasts:
            return error  # nobody is told again
        try:
            await has_schema(self._dsn, self._schema)
        except (psycopg.Error, OSError) as found:
            return found
        return error

    async def _execute(self, context: JobContext, run_id: str, attempt: int) -> None:
        room = self._rooms.get(context.job.queue)
        if self._attempts is not None and room is not None:
            await self._attempts.see_through(run_id, attempt, room=room)

    async def _keep(self, timestamp: int) -> None:
        """Remove what dead processes were at: the rows stand for nothing, their runs are taken over by the sweeper."""
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_S):
            with suppress(ConnectorException):  # another process was first
                await self._app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


def _job(delivery: Delivery) -> Job:
    return Job(
        task_name=TASK,
        queue=delivery.queue,
        priority=delivery.priority,
        lock=None,  # the row of a dead process would hold it for ever
        queueing_lock=f"{delivery.run_id}:{delivery.attempt}",
        task_kwargs={"run_id": delivery.run_id, "attempt": delivery.attempt},
    )
