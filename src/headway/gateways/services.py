"""What the gateways work with; the application composes it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from headway.config import Settings
from headway.engines.behind import behind
from headway.engines.commands import Commands
from headway.engines.job import Job
from headway.engines.live import Live
from headway.errors import NotStarted
from headway.gateways.waiting import Waits
from headway.hub import Hub
from headway.ops.connections import Connections
from headway.ops.health import Delivering, Readiness, readiness
from headway.ops.metrics import Metrics
from headway.ops.notices import Notices
from headway.ops.processes import Processes
from headway.ops.system import Self, System
from headway.ops.transports import Transports
from headway.security.access import Gate
from headway.security.origins import Origins
from headway.security.principal import Authenticate
from headway.stores.base import Store
from headway.stores.projection import Projections


@dataclass(frozen=True)
class Services:
    """Everything a gateway may use.

    Attributes:
        jobs: Registered jobs by name; looked at on each request, so one registered later is found, too.
        live: What is true of runs now; shared with the hub.
        authenticate: The application's way to recognise who asks; None: only this machine is answered.
        engine: Name of what delivers runs.
        engine_trouble: Why it takes no deliveries at present, or None.
        role: What this process is: ``server``, ``worker`` or ``script``.
        is_started: Whether the application's lifespan ran.
    """

    store: Store
    projections: Projections
    hub: Hub
    commands: Commands
    jobs: Mapping[str, Job]
    live: Live
    settings: Settings
    authenticate: Authenticate | None = None
    engine: str = "none"
    engine_trouble: Callable[[], str | None] = lambda: None
    role: Callable[[], str] = lambda: "server"
    is_started: Callable[[], bool] = lambda: True

    @cached_property
    def gate(self) -> Gate:
        """Finds out who asks."""
        return Gate(self.authenticate, insecure=self.settings.insecure)

    @cached_property
    def origins(self) -> Origins:
        """Which pages of other sites may read and command."""
        return Origins(self.settings.cors_origins)

    @cached_property
    def waits(self) -> Waits:
        """The long-polls of this process; they end when the hub drains."""
        return Waits(self.store, limit=self.settings.max_waits, is_over=lambda: self.hub.draining)

    @cached_property
    def transports(self) -> Transports:
        """Which faces are on; follows the stored switch between its ``start`` and ``stop``."""
        return Transports(self.store, self.hub, self.settings.transports)

    @cached_property
    def processes(self) -> Processes:
        """Asks all processes on the store, and answers them between its ``start`` and ``stop``."""
        return Processes(self.store, lease_s=self.settings.lease_s)

    @cached_property
    def connections(self) -> Connections:
        """Who watches, on all processes."""
        return Connections(self.processes, self.hub, self.waits)

    @cached_property
    def notices(self) -> Notices:
        """What operators say to every viewer; followed between its ``start`` and ``stop``."""
        return Notices(self.store, self.hub, self.waits.wake)

    @cached_property
    def system(self) -> System:
        """How all processes are."""
        me = Self(self.store, self.hub, self.connections, self.transports, self.role)
        return System(me, self.processes, self.ready)

    async def ready(self) -> Readiness:
        """Look at everything an answer depends on."""
        return await readiness(
            self.store,
            started=self.is_started(),
            draining=self.hub.draining,
            engine=Delivering(self.engine, self.engine_trouble()),
            direct=self.settings.direct,
        )

    @cached_property
    def metrics(self) -> Metrics:
        """What is counted."""
        parts = {
            "store": self.store.statistics,
            "projections": self.projections.statistics,
            "hub": self.hub.statistics,
            "waits": self.waits.statistics,
        }
        return Metrics(
            self.store.measures,
            parts,
            viewers=lambda: self.hub.viewers() + self.waits.viewers(),
            listeners=lambda: behind(self.store),
        )

    def started(self) -> None:
        """Insist that the application's lifespan ran.

        Raises:
            NotStarted: it did not.
        """
        if not self.is_started():
            raise NotStarted(
                "Headway was mounted, but never started",
                hint="give the application its lifespan: FastAPI(lifespan=hw.lifespan), or hw.lifespan(yours)",
            )
