"""Fan-out inside one process: one feed per watched run, one write per viewer and tick, no task per viewer."""

from headway.hub.hub import Hub as Hub
from headway.hub.settings import HubSettings as HubSettings

__all__ = ["Hub", "HubSettings"]
