"""Who is working: ids of the run and execution for everything that is called inside, agents of agents included.

A context variable carries them, so that a function deep inside a job finds its run without being handed it, and so that
log lines can name it. It follows tasks and threads started by the job.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headway.errors import UsageError
from headway.types import RunId

if TYPE_CHECKING:
    from headway.publish.reporter import Reporter


@dataclass(frozen=True, slots=True)
class Context:
    """Where code runs.

    Attributes:
        run_id: The run.
        execution_id: The attempt at it; every event of the attempt carries it.
        attempt: Its number, from 1.
        correlation_id: Ties together what one request caused, across runs and services; in every event, too.
        agent: Dotted path of the agent (``planner.router``), or None for the body itself.
        step: Key of the step, or None outside steps. Towards others it serves as an idempotency key, together with
            the run id: a step that is tried again has the same one.
        scope: Path of enclosing items and agents; prefix of step keys.
    """

    run_id: RunId
    execution_id: str
    attempt: int
    correlation_id: str | None
    agent: str | None = None
    step: str | None = None
    scope: str = ""

    def inside(self, name: str) -> Context:
        """Return the context of an enclosed item or step scope."""
        return replace(self, scope=f"{self.scope}/{name}" if self.scope else name)

    def of_agent(self, name: str) -> Context:
        """Return the context of a child agent."""
        inner = self.inside(name)
        return replace(inner, agent=f"{self.agent}.{name}" if self.agent else name)

    def in_step(self, key: str) -> Context:
        """Return the context inside a step."""
        return replace(self, step=key, scope=key)

    def fields(self) -> dict[str, str]:
        """Return what belongs on every log line."""
        named = {
            "run_id": self.run_id,
            "execution_id": self.execution_id,
            "correlation_id": self.correlation_id,
            "agent": self.agent,
            "step": self.step,
        }
        return {name: value for name, value in named.items() if value is not None}


active: ContextVar[Reporter | None] = ContextVar("headway_active", default=None)


def current() -> Any:
    """Return the handle of the run, item or agent this code runs in; its plain face in plain code.

    Raises:
        UsageError: it does not run in any.
    """
    reporter = active.get()
    if reporter is None:
        raise UsageError("no run is active here", hint="call it from inside a job, a step or `async with run:`")
    return reporter


def log_fields() -> dict[str, str]:
    """Return the ids that belong on every log line; empty outside a run."""
    reporter = active.get()
    return {} if reporter is None else reporter.context.fields()
