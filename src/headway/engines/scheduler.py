"""The scheduler: starts a run of a job at each tick of its schedule. Of all processes with the same schedules one does.

A tick has one run whoever leads, and however often it is tried: the run's creation key is made of the job and the tick.
The store keeps up to which tick everything is done, so a process that begins knows what was missed; of several missed
ticks only the latest is made up. A schedule nobody has seen before begins now.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from headway.core.clock import format_ms, parse_ms
from headway.engines.commands import About, Commands
from headway.engines.job import Job
from headway.engines.leadership import Leadership
from headway.engines.outage import Outage
from headway.engines.schedule import Schedule
from headway.errors import HeadwayError, KeyReused, StoreError
from headway.lines import Line
from headway.stores.base import Store

log = logging.getLogger("headway.scheduler")

LOOK_EVERY_S: Final = 1.0


class Scheduler:
    """Starts what is due.

    Args:
        store: Where the runs are.
        commands: Start them.
        jobs: Registered jobs by name.
        worker: Id this process joined the store with.
        lease_s: A process that does not ask for so long starts no more.
        now_ms: The wall clock.
    """

    def __init__(
        self,
        store: Store,
        commands: Commands,
        jobs: Mapping[str, Job],
        worker: str,
        *,
        lease_s: float,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._commands = commands
        self._scheduled = [(job, job.schedule) for job in jobs.values() if job.schedule is not None]
        self._leadership = Leadership(store, _role(self._scheduled), worker, lease_s=lease_s)
        self._now_ms = now_ms
        self._outage = Outage(log, "cannot start what is scheduled", "what is scheduled is started again")
        self._quiet: dict[str, tuple[int, int]] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, if anything is scheduled."""
        if self._scheduled:
            self._task = asyncio.create_task(self._look_for_ever(), name="headway-scheduler")

    async def stop(self) -> None:
        """Stop; a tick that comes now is the next leader's. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _look_for_ever(self) -> None:
        while True:
            try:
                if await self._leadership.held():
                    await self.look()
                self._outage.end()
            except HeadwayError as error:
                self._outage.note(error)
            except Exception:
                log.exception("looking for what is scheduled failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Start what is due now.

        Raises:
            StoreError: the store is away; the rest is left for the next look.
        """
        now_ms = self._now_ms()
        for job, schedule in self._scheduled:
            since, until = self._quiet.get(job.name, (0, 0))
            if not since <= now_ms < until:  # a clock that was set back makes it look again, too
                await self._mind(job, schedule, now_ms)
                self._quiet[job.name] = now_ms, schedule.after(now_ms)

    async def _mind(self, job: Job, schedule: Schedule, now_ms: int) -> None:
        name, tick_ms = f"schedule/{job.name}/{schedule}", schedule.before(now_ms)
        done_ms = parse_ms(await self._store.setting(name))
        if done_ms is None or done_ms > now_ms:  # it is new; or whoever was here before had another idea of the time
            await self._store.put_setting(name, format_ms(now_ms))
        elif tick_ms > done_ms:
            await self._start(job, format_ms(tick_ms))
            await self._store.put_setting(name, format_ms(tick_ms))

    async def _start(self, job: Job, tick: str) -> None:
        about = About(key=f"schedule/{job.name}/{tick}", metadata={"scheduled_for": tick})
        try:
            row, created = await self._commands.start(job, job.default, about)
        except StoreError:
            raise
        except KeyReused:
            return  # by code with another default
        except Exception:
            log.exception("the run of job %r that was due at %s cannot be started", job.name, tick)
            return
        if created:
            log.info(Line("started by schedule", job=job.name, due=tick, run_id=row.id))


def _role(scheduled: Sequence[tuple[Job, Schedule]]) -> str:
    """Return what one process is the leader of: a deploy with other schedules does not wait for the old one's end."""
    names = "\0".join(sorted(f"{job.name} {schedule}" for job, schedule in scheduled))
    return f"schedule/{hashlib.sha256(names.encode()).hexdigest()[:16]}"
