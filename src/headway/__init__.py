"""Headway: live, durable, resumable progress for long-running jobs and AI agents.

::

    hw = Headway()
    app = FastAPI(lifespan=hw.lifespan)

The public names are these; everything else may change between minor versions.
"""

from typing import TYPE_CHECKING, Any

from headway import errors
from headway.core.events import Error, ItemPlanned, PhasePlan
from headway.core.run import RunStatus
from headway.errors import HeadwayError
from headway.publish.context import Context, current
from headway.publish.item import Item
from headway.publish.mapping import Failed
from headway.publish.output import Output
from headway.publish.phase import Phase
from headway.publish.reporter import Agent
from headway.publish.run import Run
from headway.publish.steps import Step

if TYPE_CHECKING:
    from headway import testing
    from headway.app import Headway
    from headway.client import Client, attach
    from headway.config import Settings
    from headway.engines.handle import RunHandle, State
    from headway.security.principal import Principal

__version__ = "0.1.0"

__all__ = [
    "Agent",
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

_HEAVY = {
    "Client": "headway.client",
    "Headway": "headway.app",
    "Principal": "headway.security.principal",
    "RunHandle": "headway.engines.handle",
    "Settings": "headway.config",
    "State": "headway.engines.handle",
    "attach": "headway.client",
}
"""Loaded when first asked for: a script that only reports needs neither FastAPI nor the hub."""


def __getattr__(name: str) -> Any:
    import importlib

    if name == "testing":
        return importlib.import_module("headway.testing")
    if name in _HEAVY:
        return getattr(importlib.import_module(_HEAVY[name]), name)
    raise AttributeError(f"module 'headway' has no attribute {name!r}")
