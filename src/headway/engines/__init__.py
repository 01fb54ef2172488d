"""What makes runs happen: jobs, commands, the runtime under every engine, and the engines that deliver run ids.

Who writes an engine imports what it needs from here.
"""

from headway.engines.attempts import Attempts
from headway.engines.base import Delivery, Engine, InLoop, Opening, OwnProcesses
from headway.engines.lanes import Lane
from headway.engines.portal import Portal

__all__ = ["Attempts", "Delivery", "Engine", "InLoop", "Lane", "Opening", "OwnProcesses", "Portal"]
