"""What an application registers before it starts: its jobs, and its listeners."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, overload

from headway.core.events import PhasePlan
from headway.engines.job import Job, make_job
from headway.engines.lanes import DEFAULT_QUEUE
from headway.engines.listener import Listener, Since, make_listener
from headway.engines.retention import Age, Keep, Stated, stated
from headway.engines.schedule import UTC, Schedule
from headway.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


class Registry:
    """Jobs and listeners by their names.

    Attributes:
        jobs: Registered jobs.
        listeners: Registered listeners.
        retentions: What is said of how long logs are kept, by job or kind of run.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.listeners: dict[str, Listener] = {}
        self.retentions: dict[str, Stated] = {}

    @overload
    def job(self, fn: F, /) -> F: ...
    @overload
    def job(
        self,
        *,
        name: str | None = ...,
        phases: Mapping[str, float] | Iterable[PhasePlan | str] | None = ...,
        plan: Callable[[Any], Iterable[Any]] | None = ...,
        retries: int = ...,
        timeout: float | None = ...,
        concurrency: int | None = ...,
        rate: str | None = ...,
        schedule: str | None = ...,
        timezone: str = ...,
        queue: str = ...,
        priority: int = ...,
        http: bool = ...,
        version: str | None = ...,
        strict: bool = ...,
        estimate: Callable[[Any], float] | None = ...,
        title: Callable[[Any], str] | str | None = ...,
        retention: Keep | None = ...,
    ) -> Callable[[F], F]: ...
    def job(
        self,
        fn: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        phases: Mapping[str, float] | Iterable[PhasePlan | str] | None = None,
        plan: Callable[[Any], Iterable[Any]] | None = None,
        retries: int = 0,
        timeout: float | None = None,
        concurrency: int | None = None,
        rate: str | None = None,
        schedule: str | None = None,
        timezone: str = UTC,
        queue: str = DEFAULT_QUEUE,
        priority: int = 0,
        http: bool = True,
        version: str | None = None,
        strict: bool = False,
        estimate: Callable[[Any], float] | None = None,
        title: Callable[[Any], str] | str | None = None,
        retention: Keep | None = None,
    ) -> Any:
        """Register a function as a job: ``async def work(run: Run, input: Model) -> Result``.

        Use it as ``@hw.job`` or ``@hw.job(retries=2)``. The function stays as it is and can be called as before.

        Args:
            fn: The function.
            name: Unique among the jobs; the function's name when None.
            phases: With weights; one phase ``main`` when None.
            plan: Placeholder items for an input, written together with ``run.queued``.
            retries: Further attempts after an exception of the body.
            timeout: Seconds one attempt may take.
            concurrency: Runs of this job at once over all processes.
            rate: So many of its attempts may begin in such a time, over all processes: ``5/s``, ``10/m``, ``100/h``.
            schedule: A run of it is started at these times, with the default of its input: five fields of cron,
                ``0 7 * * 1-5``. Needs ``headway[schedule]``.
            timezone: Whose clock `schedule` means: ``Europe/Berlin``.
            queue: Where its runs wait; worker processes choose their queues.
            priority: Where several jobs wait in one queue, runs of the higher go first; 0 to 9.
            http: May be started over HTTP.
            version: When set, an attempt is not continued by code of another version.
            strict: An event that cannot be written fails the run, instead of being tried again while the store is away,
                or let go with a log line when it is refused.
            estimate: Expected seconds for an input; the median of the last successes when None.
            title: Title of a run for an input; the job's name when None.
            retention: How long after their end its runs keep their logs, ``{"log": "90d", "text": "10min"}``, where
                that is not as the settings say.

        Raises:
            UsageError: its signature is not a job's, an option is not one, or the name is taken by another function.
        """

        def register(fn: Callable[..., Any]) -> Callable[..., Any]:
            job = make_job(
                fn,
                name=name,
                phases=phases,
                plan=plan,
                retries=retries,
                timeout=timeout,
                concurrency=concurrency,
                rate=rate,
                schedule=None if schedule is None else Schedule.parse(schedule, timezone),
                queue=queue,
                priority=priority,
                http=http,
                version=version,
                strict=strict,
                estimate=estimate,
                title=title,
            )
            known = self.jobs.get(job.name)
            if known is not None and known.fn is not fn:
                raise UsageError(f"there is another job named {job.name!r}", hint="give one of them a `name=`")
            self.jobs[job.name] = job
            self.retentions[job.name] = stated(job.name, retention or {})
            return fn

        return register if fn is None else register(fn)

    def keep(self, kind: str, **ages: Age) -> None:
        """Say how long runs of a kind keep their logs after their end; for those that are of no registered job.

        Nothing said of a kind is as the settings say: `keep("build")` takes back what was said before.

        Args:
            kind: Of runs that are opened, attached or reported from elsewhere.
            ages: By part of the log, ``log="90d", text="10min", lines="7d"``: see `headway.engines.retention.Keep`.

        Raises:
            UsageError: it names what is no part of a log, or an age that is none.
        """
        self.retentions[kind] = stated(kind, ages)

    def on(
        self,
        *patterns: str,
        name: str | None = None,
        job: Callable[..., Any] | str | None = None,
        since: Since = "now",
    ) -> Callable[[F], F]:
        """Register a listener: ``async def listener(event, run)`` is told of events, also if a process dies meanwhile.

        It is told at least once of each, of each run's in order, from the log: who writes never waits for it. If it
        raises, the event is told again, ever more rarely; only this run waits for that. `event` is the event as it is
        sent, a dict; `run` its `RunHandle`. A plain ``def`` is called in a thread, with the plain face of the handle.

        Args:
            patterns: Types of events (``run.failed``), families (``item.*``), or ``*`` for all.
            name: How far it was told is kept under this name; the function's when None.
            job: Only of runs of this job, or kind of run: its function or name.
            since: A new listener is told of what happens from ``now``, its first start, on; or from the ``beginning``:
                of everything the logs still hold.

        Raises:
            UsageError: a pattern names no event, the function takes no event and run, or the name is taken.
        """
        named = job if isinstance(job, str) or job is None else self._name_of(job)

        def register(fn: F) -> F:
            listener = make_listener(fn, patterns, name=name, job=named, since=since)
            known = self.listeners.get(listener.name)
            if known is not None and known.fn is not fn:
                raise UsageError(f"there is another listener named {listener.name!r}", hint="give it a `name=`")
            self.listeners[listener.name] = listener
            return fn

        return register

    def _name_of(self, fn: Callable[..., Any]) -> str:
        for job in self.jobs.values():
            if job.fn is fn:
                return job.name
        raise UsageError(f"{fn.__name__!r} is no job", hint="register it with @hw.job before the listener")
