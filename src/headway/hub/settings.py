"""What can be set about fan-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from headway.hub.sinks import BUDGET


class Options(Protocol):
    """What an application sets; the rest is ours."""

    @property
    def ping_s(self) -> float:
        """See `HubSettings`."""

    @property
    def lifetime_s(self) -> float:
        """See `HubSettings`."""

    @property
    def direct(self) -> bool:
        """See `HubSettings`."""

    @property
    def max_connections(self) -> int:
        """See `HubSettings`."""


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Limits and times of the hub. Times are seconds unless the name says otherwise.

    Attributes:
        ping_s: How often each viewer gets an ``event: ping``.
        lifetime_s: A connection is ended after 80 to 100 % of this time, so that viewers spread over new servers.
        retry_ms: Middle of the ``retry:`` a connection is given, which is between half and one and a half times it.
        budget: Bytes kept for a viewer that does not read.
        stall_s: A viewer that has not read for so long is cut off.
        reset_s: A viewer is not sent more than one ``reset`` in this time.
        tail_min: A tail of up to so many bytes is always sent as events, however small the snapshot.
        recent_bytes: How much of the log's end a feed keeps in memory.
        look_s: How often a feed looks into the log without being told.
        looks_max: Looks per second over all feeds; with more feeds each of them looks less often.
        linger_s: How long a feed outlives its last viewer.
        live_s: ``event: live`` is sent at most this often.
        drain_s: When the server exits, viewers that do not read are cut off after this time.
        drain_rate: Viewers per second that are asked to come back when the server exits.
        direct: Hand connections over where that can be done.
        max_connections: Streams this process serves at once; 0: any number.
        viewer_max: Streams one viewer (user) may have at once; nobody in particular ("") is not limited.
    """

    ping_s: float = 15
    lifetime_s: float = 600
    retry_ms: int = 2_000
    budget: int = BUDGET
    stall_s: float = 60
    reset_s: float = 5
    tail_min: int = 16_384
    recent_bytes: int = 524_288
    look_s: float = 1
    looks_max: int = 500
    linger_s: float = 5
    live_s: float = 10
    drain_s: float = 2
    drain_rate: int = 1_000
    direct: bool = True
    max_connections: int = 20_000
    viewer_max: int = 200

    @classmethod
    def of(cls, options: Options | None) -> HubSettings:
        """Return settings with what an application has set."""
        if options is None or isinstance(options, cls):
            return options or cls()
        return cls(
            ping_s=options.ping_s,
            lifetime_s=options.lifetime_s,
            direct=options.direct,
            max_connections=options.max_connections,
        )
