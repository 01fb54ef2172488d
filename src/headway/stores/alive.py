"""Who works on a store: what is known of each process that joined it, and who leads."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Leader:
    """Who does what only one process should do.

    Attributes:
        worker: Its id.
        beat: Grows whenever it asks to go on, and with every change of leader. Who else wants the role decides by its
            own clock when it has stood too long.
    """

    worker: str
    beat: int


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What is known of a registered worker.

    Attributes:
        beat: Grows with every `Store.beat`. Whoever watches it decides by its own clock when it has stood too long,
            so neither clock differences nor a suspended machine can make a live worker look dead.
        gone: It is certainly dead (its lock is free).
        silent_s: Seconds since its last beat by the store's clock, to be shown to people, and to expect no answer of a
            worker that may be dead. None where locks tell who is alive.
    """

    beat: int
    gone: bool
    silent_s: float | None = field(default=None, compare=False)
