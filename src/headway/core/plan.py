"""Phases as users write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headway.core.events import NewEvent, PhasePlan, RunPlanned, new_event

MAIN_PHASE = PhasePlan(id="main", title="", weight=100)
"""What a run without declared phases has, so that ``run.progress(done, total)`` means something."""


def planned(phases: Iterable[PhasePlan]) -> NewEvent:
    """Return the event that declares phases."""
    return new_event("run.planned", RunPlanned(phases=list(phases)))


def as_phases(phases: Mapping[str, float] | Iterable[PhasePlan | str] | None) -> tuple[PhasePlan, ...]:
    """Read phases as users write them: ``{"read": 80, "write": 20}``, ``["read", "write"]`` or `PhasePlan` objects."""
    if phases is None:
        return (MAIN_PHASE,)
    if isinstance(phases, Mapping):
        plans = [PhasePlan(id=id, title=_titled(id), weight=weight) for id, weight in phases.items()]
    else:
        plans = [PhasePlan(id=phase, title=_titled(phase)) if isinstance(phase, str) else phase for phase in phases]
    return tuple(plans) or (MAIN_PHASE,)


def _titled(id: str) -> str:
    return id.replace("_", " ").replace("-", " ").capitalize()
