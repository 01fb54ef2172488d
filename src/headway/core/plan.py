"""Phases as users write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headway.core.events import NewEvent, PhasePlan, RunPlanned, new_event
from headway.errors import UsageError

MAIN_PHASE = PhasePlan(id="main", title="", weight=100)
"""What a run without declared phases has, so that ``run.progress(done, total)`` means something."""


def planned(phases: Iterable[PhasePlan]) -> NewEvent:
    """Return the event that declares phases."""
    return new_event("run.planned", RunPlanned(phases=list(phases)))


def as_phases(phases: Mapping[str, float] | Iterable[PhasePlan | str] | None) -> tuple[PhasePlan, ...]:
    """Read phases as users write them: ``{"read": 80, "write": 20}``, ``["read", "write"]`` or `PhasePlan` objects.

    Raises:
        UsageError: a lone string, whose letters would become phases.
        pydantic.ValidationError: an id or weight no phase can have.
    """
    if isinstance(phases, str):
        raise UsageError(f"phases={phases!r} is one text, not a list of phases", hint=f"write phases=[{phases!r}]")
    if phases is None:
        return (MAIN_PHASE,)
    if isinstance(phases, Mapping):
        plans = [PhasePlan(id=id, title=_titled(id), weight=weight) for id, weight in phases.items()]
    else:
        plans = [PhasePlan(id=phase, title=_titled(phase)) if isinstance(phase, str) else phase for phase in phases]
    return tuple(plans) or (MAIN_PHASE,)


def _titled(id: str) -> str:
    text = id.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]  # not `capitalize`, which would write "Pdf"
