"""The composition root: a `Headway` puts a store, the hub, the gateways and an engine together.

It is the only place that picks a concrete store. It does nothing before it is started, so a module may make one at
import: ``hw = Headway()``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import Any, Literal, Self, TypeVar, overload

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from headway.config import EngineName, Settings, warn_of_unknown_variables
from headway.core.clock import format_ms
from headway.core.events import PhasePlan
from headway.engines.attempts import Attempts
from headway.engines.base import Engine
from headway.engines.child import Child, find
from headway.engines.choice import engine_of
from headway.engines.commands import About, Commands
from headway.engines.handle import RunHandle, State, watch
from headway.engines.heart import Heart
from headway.engines.job import Job, no_job
from headway.engines.lanes import DEFAULT_QUEUE, Lane, lanes_of
from headway.engines.listening import Listening
from headway.engines.live import Live
from headway.engines.preparation import StoreSink, context_of, step_discard
from headway.engines.pruner import Pruner
from headway.engines.registry import Registry
from headway.engines.retention import keep_stated
from headway.engines.runtime import Runtime
from headway.engines.scheduler import Scheduler
from headway.engines.supervision import Supervision
from headway.engines.sweeper import Sweeper
from headway.engines.workplace import Workplace
from headway.errors import HeadwayError, NotStarted, UsageError
from headway.gateways.services import Services
from headway.hub import Hub
from headway.hub.frames import View
from headway.ops.connections import Connections
from headway.ops.notices import Notices
from headway.publish.execution import Clock, Execution, RealClock
from headway.publish.publisher import Publisher
from headway.publish.run import Run
from headway.security.principal import Authenticate
from headway.stores.base import RunRow, Store
from headway.stores.location import anywhere, lock_beside, store_at
from headway.stores.projection import Projections

log = logging.getLogger("headway")

F = TypeVar("F", bound=Callable[..., Any])
Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]
WorkerMode = Literal["process", "inline", "none"]


class Headway(Registry):
    """Live, durable, resumable progress for the long-running work of an application.

    Args:
        store: A URL (``sqlite:///path``, a plain path, ``postgresql://...``, ``redis://...``, ``memory://``) or a
            store; None: ``HEADWAY_STORE``, else ``./headway.db``.
        authenticate: Recognises who asks; None: only this machine is answered.
        worker: Where jobs run; see `headway.config.Settings.worker`.
        engine: What delivers queued runs to worker processes; see `headway.config.Settings.engine`, or one of your own.
        settings: Everything else; None: read from the environment.
        clock: Waits between retries; tests bring their own.
    """

    def __init__(
        self,
        store: Store | str | None = None,
        *,
        authenticate: Authenticate | None = None,
        worker: WorkerMode | None = None,
        engine: Engine | EngineName | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        given: dict[str, Any] = {"store": store} if isinstance(store, str) else {}
        if worker is not None:
            given["worker"] = worker
        if isinstance(engine, str):
            given["engine"] = engine
        if settings is None:
            warn_of_unknown_variables()
            settings = Settings()
        self.settings = Settings(**{**settings.model_dump(), **given}) if given else settings
        super().__init__()
        if not isinstance(store, Store):
            store = store_at(self.settings.store, durability=self.settings.durability)
        self.store = store
        self.projections = Projections(self.store)
        self.commands = Commands(self.store, self.projections, _now_iso, lease_s=self.settings.lease_s)
        live = Live(self.store, self.jobs)
        self.hub = Hub(self.store, self.projections, self.settings, situation=live.of)
        self._authenticate = authenticate
        self._clock = clock or RealClock()
        self._prefix: str | None = None
        self._role = "script"
        self._running: AsyncExitStack | None = None
        self._worker_id: str | None = None
        self._supervision = Supervision(self.store)
        self.engine = engine if isinstance(engine, Engine) else self._engine()
        self._workplace: Workplace | None = None
        self.services = Services(
            store=self.store,
            projections=self.projections,
            hub=self.hub,
            commands=self.commands,
            jobs=self.jobs,
            live=live,
            settings=self.settings,
            authenticate=authenticate,
            engine=self.engine.name,
            engine_trouble=lambda: None if self._workplace is None else self._workplace.trouble,
            role=lambda: self._role,
            is_started=lambda: self._running is not None,
        )

    @cached_property
    def asgi(self) -> ASGIApp:
        """All routes as an application of their own; `mount` puts it into yours."""
        from headway.gateways.api import api  # with FastAPI, without which a worker is there a third sooner

        return api(self.services)

    def mount(self, app: Starlette, prefix: str = "/headway") -> None:
        """Mount all routes below `prefix` of an application. Its lifespan must be `lifespan`, or compose it.

        What Headway's calls raise in the application's own routes is answered as in Headway's routes, too; see
        `answer_errors`.
        """
        self._prefix = prefix.rstrip("/")
        app.mount(self._prefix, self.asgi, name="headway")
        self.answer_errors(app)

    def answer_errors(self, app: Starlette) -> None:
        """Answer what Headway's calls raise in an application's own routes: problem+json with the error's status.

        A wrong input is a 422, an unknown run a 404, a store that is away a 503 with ``Retry-After``. A handler for
        `HeadwayError` that the application has stays.
        """
        from headway.gateways.problem import answer_error

        app.exception_handlers.setdefault(HeadwayError, answer_error)

    # -- life

    @overload
    def lifespan(self, app: Starlette, /) -> AbstractAsyncContextManager[None]: ...
    @overload
    def lifespan(self, app: Lifespan, /) -> Lifespan: ...
    def lifespan(self, app: Any, /) -> Any:
        """Start and stop with the application: ``FastAPI(lifespan=hw.lifespan)``, or ``hw.lifespan(mine)``."""
        if isinstance(app, Starlette):
            return self._serving()
        mine: Lifespan = app

        @asynccontextmanager
        async def both(app: Any) -> AsyncIterator[Any]:
            async with self._serving(), mine(app) as state:
                yield state

        return both

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        import headway.gateways.response  # noqa: F401 - what `stream` needs is read before viewers wait for it

        self._role = "server"
        async with self:
            with self.hub.ending_with_the_process():
                yield

    async def __aenter__(self) -> Self:
        """Open the store and begin to work; for scripts. An application has its lifespan for it.

        Raises:
            StoreError: the store cannot be opened.
            UsageError: it was started already.
        """
        await self._start(self.settings.worker)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """End streams, hand running attempts back, close the store."""
        await self._stop()

    async def _start(self, worker: WorkerMode) -> None:
        async with self._opened() as stack:
            for listener in self.listeners.values():  # wherever they run, they hear of what happens from now on
                await self.store.add_listener(listener.name, from_beginning=listener.since == "beginning")
            await keep_stated(self.store, self.retentions)
            if self.jobs or self.listeners:
                await self._start_working(stack, worker)
            self._running = stack.pop_all()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[AsyncExitStack]:
        """Open the store and begin to look after it; what is pushed on the stack ends first."""
        if self._running is not None:
            raise UsageError("this Headway was started already", hint="one lifespan is enough")
        async with AsyncExitStack() as stack:
            await self.store.open()
            stack.push_async_callback(self.store.close)
            self._worker_id = await self.store.join()
            stack.push_async_callback(self.store.leave, self._worker_id)
            heart = Heart(self.store, self._worker_id, self.settings.lease_s / 3)
            heart.start()
            stack.push_async_callback(heart.stop)
            await self._supervision.start()
            stack.push_async_callback(self._supervision.stop)
            for keeper in (self._sweeper(), self._pruner()):
                await keeper.start()
                stack.push_async_callback(keeper.stop)
            await self.hub.start()
            stack.push_async_callback(self.hub.stop)
            await self.services.transports.start()
            stack.push_async_callback(self.services.transports.stop)
            await self._begin_answering(stack)
            yield stack

    async def _begin_answering(self, stack: AsyncExitStack) -> None:
        """Put up what operators say, and answer what other processes ask."""
        services = self.services
        await services.notices.start()
        stack.push_async_callback(services.notices.stop)
        stack.push_async_callback(services.system.stop)
        self.connections, self.notices  # noqa: B018 - each says how it is answered, before anything is asked
        await services.processes.start(self._joined())
        stack.push_async_callback(services.processes.stop)

    async def _start_working(self, stack: AsyncExitStack, mode: WorkerMode) -> None:
        workplace = await self._open_workplace(stack)
        child = self._child() if mode == "process" and self.store.caps.processes else None
        if child is not None:
            await child.start()
            stack.push_async_callback(child.stop)
        elif mode != "none":
            if self.jobs:
                workplace.work(self._runtime(), self.lanes())
            await self._start_listening(stack)
        names = ", ".join([*self.jobs, *self.listeners])
        if mode == "none":
            log.info(
                "jobs and listeners are run by worker processes elsewhere (%s engine): %s", self.engine.name, names
            )
        else:
            where = "process" if child else mode
            log.info("jobs and listeners run by the %s engine (%s): %s", self.engine.name, where, names)

    async def _start_listening(self, stack: AsyncExitStack) -> None:
        for listener in self.listeners.values():
            call = listener.caller(self._handle, asyncio.get_running_loop())
            listening = Listening(self.store, listener, self._joined(), call, lease_s=self.settings.lease_s)
            await listening.start()
            stack.push_async_callback(listening.stop, self.settings.drain_s)

    async def _open_workplace(self, stack: AsyncExitStack) -> Workplace:
        workplace = Workplace(
            self.engine,
            self.store,
            self.jobs,
            self._joined(),
            lease_s=self.settings.lease_s,
            drain_s=self.settings.drain_s,
        )
        await workplace.start()
        stack.push_async_callback(workplace.stop)
        self.commands.on_queued = workplace.submit
        scheduler = self._scheduler()
        await scheduler.start()
        stack.push_async_callback(scheduler.stop)
        self._workplace = workplace
        return workplace

    def lanes(self) -> list[Lane]:
        """Return the queues a worker process works on, and how many attempts at once.

        Raises:
            UsageError: `headway.config.Settings.queues` names what is no queue of a registered job.
        """
        queues = {job.queue for job in self.jobs.values()} or {DEFAULT_QUEUE}
        return lanes_of(self.settings.queues, self.settings.slots(self.engine.name), queues)

    def _engine(self) -> Engine:
        settings = self.settings
        return engine_of(
            settings.engine, store=self.store, store_url=settings.store, broker=settings.broker, jobs=self.jobs
        )

    def _child(self) -> Child | None:
        target = find(self)
        if target is None:
            log.warning("jobs run inside the server: no module holds this Headway at its top level")
            return None
        environment = {
            "HEADWAY_STORE": anywhere(self.settings.store),
            "HEADWAY_DURABILITY": self.settings.durability,
            "HEADWAY_WORKER": "inline",
        }
        lock = lock_beside(self.settings.store)
        return Child(target, lock, environment, self.settings.drain_s, self.store.measures)

    def _runtime(self) -> Runtime:
        return Runtime(
            self.store,
            self.projections,
            self.jobs,
            self._joined(),
            self._supervision,
            clock=self._clock,
            cancel_grace_s=self.settings.cancel_grace_s,
            ask_hold_s=self.settings.ask_hold_s,
        )

    def _scheduler(self) -> Scheduler:
        lease_s, now_ms = self.settings.lease_s, self._clock.now_ms
        return Scheduler(self.store, self.commands, self.jobs, self._joined(), lease_s=lease_s, now_ms=now_ms)

    def _sweeper(self) -> Sweeper:
        settings = self.settings
        return Sweeper(
            self.store,
            self._joined(),
            lease_s=settings.lease_s,
            takeovers_max=settings.takeovers_max,
            cancel_grace_s=settings.cancel_grace_s,
        )

    def _pruner(self) -> Pruner:
        settings = self.settings
        return Pruner(self.store, self.projections, self._joined(), settings.retention(), lease_s=settings.lease_s)

    async def _stop(self) -> None:
        if self._workplace is not None:
            await self._workplace.stop()  # jobs may start and open runs until their end
        stack, self._running = self._running, None
        if stack is not None:
            await stack.aclose()

    def _joined(self) -> str:
        if self._worker_id is None:
            raise NotStarted("this Headway was not started", hint=_HOW_TO_START)
        return self._worker_id

    def _check_started(self) -> None:
        if self._running is None:
            raise NotStarted("this Headway was not started", hint=_HOW_TO_START)

    # -- runs

    async def open(
        self,
        kind: str,
        *,
        title: str | None = None,
        owner: str = "",
        key: str | None = None,
        group: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        correlation_id: str | None = None,
        phases: Mapping[str, float] | Iterable[PhasePlan | str] | None = None,
        strict: bool = False,
        lease_s: float | None = None,
        queued: bool = False,
    ) -> Run:
        """Create a run for work that this process does by itself, and return its handle; it is running at once.

        If the process dies, the run fails with ``worker_lost``. A `queued` one is for a worker elsewhere, who begins it
        (`attach`): give it `Run.id`, and a `lease_s` by which its death is noticed. With a `key` that was used before,
        the handle belongs to the run that is there already, and entering it raises `Owned`: look at `Run.created`
        first.

        Args:
            kind: What it is (``"report"``).
            title: For people; the kind when None.
            owner: Who may see it; "" for nobody in particular.
            key: Creation key: the same key of the same owner gives the same run.
            group: Project, conversation or the like.
            metadata: Your own data about it.
            correlation_id: Ties together what one request caused; made when None.
            phases: With weights; one phase ``main`` when None.
            strict: An event that cannot be written fails the run; see `job`.
            lease_s: It fails when nothing was reported for so long; None: never.
            queued: Somebody elsewhere will work on it; entering it raises `Owned`.
        """
        about = About(title, owner, key, group, metadata or {}, correlation_id)
        self._check_started()
        worker = None if queued else self._joined()
        row, created = await self.commands.open(
            kind, about, phases=phases, worker=worker, lease_s=lease_s, queued=queued
        )
        sink = StoreSink(self.store, self.projections, row.id, row.execution_id)
        kept: dict[str, bytes] = {}
        discard = step_discard(self.store, row, kept)
        execution = Execution(
            Publisher(sink, strict=strict),
            checkpoints=kept,
            discard=discard,
            clock=self._clock,
            job=row.job,
            measures=self.store.measures,
        )
        if created and not queued:
            self._supervision.add(row, execution)
        return Run(execution, context_of(row), handle=self._handle(row), created=created, elsewhere=queued)

    async def start(
        self,
        job: Callable[..., Any] | str,
        input: Any = None,
        *,
        title: str | None = None,
        owner: str = "",
        key: str | None = None,
        group: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        correlation_id: str | None = None,
        delay: float = 0.0,
    ) -> RunHandle:
        """Start a run of a job and return at once.

        Args:
            job: The registered function, or its name.
            input: What it takes; validated.
            title: For people; the job's own when None.
            owner: Who may see it; "" for nobody in particular.
            key: Creation key: the same key of the same owner gives the same run.
            group: Project, conversation or the like.
            metadata: Your own data about it.
            correlation_id: Ties together what one request caused; made when None.
            delay: Seconds before which it is not begun.

        Raises:
            JobNotFound: it is not registered.
            InvalidInput: the input does not fit the job's model.
            KeyReused: the key was used for another job or input.
        """
        self._check_started()
        registered = self._job(job)
        about = About(title, owner, key, group, metadata or {}, correlation_id)
        row, _created = await self.commands.start(registered, registered.parse(input), about, delay_s=delay)
        return self._handle(row)

    def _job(self, job: Callable[..., Any] | str) -> Job:
        for registered in self.jobs.values():
            if job == registered.name or job is registered.fn:
                return registered
        name = job if isinstance(job, str) else getattr(job, "__name__", repr(job))
        raise no_job(name, self.jobs, "register it with @hw.job")

    def _handle(self, row: RunRow) -> RunHandle:
        job = self.jobs.get(row.job)
        return RunHandle.of(
            row,
            self._prefix,
            commands=self.commands,
            store=self.store,
            projections=self.projections,
            live=self.services.live,
            result=None if job is None else job.result,
        )

    async def get(self, run_id: str) -> RunHandle:
        """Return the handle of a run.

        Raises:
            RunNotFound: there is no such run.
        """
        self._check_started()
        row = await self.commands.row(run_id)
        return self._handle(row)

    async def watch(self, run_id: str) -> AsyncIterator[tuple[State, dict[str, Any] | None]]:
        """Yield a run's state, first as it is and then after every event with that event, until it has ended."""
        self._check_started()
        async for pair in watch(self.store, self.projections, run_id):
            yield pair

    async def stream(
        self, request: Request, run_id: str, *, viewer: str | None = None, view: View | None = None
    ) -> Response:
        """Return a response that streams a run: snapshot, tail, resume, end; also its polled form.

        Args:
            request: As the endpoint got it.
            run_id: The run.
            viewer: Who watches; a run of another owner is not found. None: whoever asks may watch.
            view: For clients that expect messages of a shape of your own: called with the snapshot and the time of its
                last event, after each change and when somebody joins. What it returns is sent as a message without a
                name (``onmessage``), in place of the events; None sends nothing. It is called once for all viewers
                whose views are equal, so give a function, or a frozen dataclass that can be called. What is polled
                stays as it is.

        A refusal is an answer, too: problem+json with its status, whatever form the application's own errors have.
        """
        from headway.gateways.response import run_response

        return await run_response(self.services, request, run_id, viewer=viewer, view=view)

    # -- who watches

    @property
    def connections(self) -> Connections:
        """Who watches, on all processes of the store: list them, say something to them, close one.

        Needs a Headway that was started.
        """
        return self.services.connections

    @property
    def notices(self) -> Notices:
        """What operators say to every viewer, until it is taken away or its time is over."""
        return self.services.notices

    # -- as a worker process

    async def work(self, stop: asyncio.Event) -> None:
        """Execute jobs and call listeners in this process until `stop` is set, then hand back what is not finished.

        Raises:
            UsageError: no job and no listener is registered, or the engine has worker processes of its own.
        """
        self._check_jobs()
        self._role = "worker"
        await self._start("inline")
        try:
            await stop.wait()
        finally:
            await self._stop()

    @asynccontextmanager
    async def attempts(self, *, at_once: int | None = None) -> AsyncIterator[Attempts]:
        """Make of this process one that executes what an engine calls it with; for engines with processes of their own.

        Args:
            at_once: No more attempts than these are executed in this process at once, so its store needs fewer
                connections; None: any number.

        Raises:
            UsageError: no job and no listener is registered.
        """
        self._check_jobs()
        self._role = "worker"
        if at_once is not None:
            self.store.expect_attempts(at_once)
        async with self._opened() as stack:
            workplace = await self._open_workplace(stack)
            await self._start_listening(stack)
            self._running = stack.pop_all()
        try:
            yield workplace.attend(self._runtime())
        finally:
            await self._stop()

    def _check_jobs(self) -> None:
        if not self.jobs and not self.listeners:
            raise UsageError("no job is registered", hint="decorate one with @hw.job before the worker starts")


_HOW_TO_START = (
    "give the application its lifespan: FastAPI(lifespan=hw.lifespan), or hw.lifespan(yours); "
    "in a script: async with hw"
)


def _now_iso() -> str:
    return format_ms(time.time_ns() // 1_000_000)
