"""Headway: live, durable, resumable progress for long-running jobs and AI agents.

::

    hw = Headway()
    app = FastAPI(lifespan=hw.lifespan)

The public names are these; everything else may change between minor versions.
"""

from typing import TYPE_CHECKING, Any

from headway import errors
from headway.errors import HeadwayError
from headway.version import VERSION

if TYPE_CHECKING:
    from headway import testing
    from headway.app import Headway
    from headway.client import Client, attach
    from headway.config import Settings
    from headway.core.events import Error, ItemPlanned, PhasePlan
    from headway.core.run import RunStatus
    from headway.engines.handle import RunHandle, State
    from headway.publish.asking import AskTimedOut
    from headway.publish.context import Context, current
    from headway.publish.item import Item
    from headway.publish.mapping import Failed
    from headway.publish.output import Output
    from headway.publish.phase import Phase
    from headway.publish.plain import Plain
    from headway.publish.reporter import Agent
    from headway.publish.run import Run
    from headway.publish.steps import Step
    from headway.security.principal import Principal

__version__ = VERSION

__all__ = [
    "Agent",
    "AskTimedOut",
    "Client",
    "Context",
    "Error",
    "Failed",
    "Headway",
    "HeadwayError",
    "Item",
    "ItemPlanned",
    "Output",
    "Phase",
    "PhasePlan",
    "Plain",
    "Principal",
    "Run",
    "RunHandle",
    "RunStatus",
    "Settings",
    "State",
    "Step",
    "attach",
    "current",
    "errors",
    "testing",
]

_PLACES = {
    "Agent": "headway.publish.reporter",
    "AskTimedOut": "headway.publish.asking",
    "Client": "headway.client",
    "Context": "headway.publish.context",
    "Error": "headway.core.events",
    "Failed": "headway.publish.mapping",
    "Headway": "headway.app",
    "Item": "headway.publish.item",
    "ItemPlanned": "headway.core.events",
    "Output": "headway.publish.output",
    "Phase": "headway.publish.phase",
    "Plain": "headway.publish.plain",
    "PhasePlan": "headway.core.events",
    "Principal": "headway.security.principal",
    "Run": "headway.publish.run",
    "RunHandle": "headway.engines.handle",
    "RunStatus": "headway.core.run",
    "Settings": "headway.config",
    "State": "headway.engines.handle",
    "Step": "headway.publish.steps",
    "attach": "headway.client",
    "current": "headway.publish.context",
}
"""Loaded when first asked for: a script that only reports needs neither FastAPI nor the hub, and the core, which does
no I/O, can be imported where nothing that does I/O can be."""


def __getattr__(name: str) -> Any:
    import importlib

    if name == "testing":
        return importlib.import_module("headway.testing")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'headway' has no attribute {name!r}")
