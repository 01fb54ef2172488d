"""Who watches, on all processes of a store: list them, say something to one or to many, close one.

Nothing is stored per connection. Each call asks every process (`headway.ops.processes`), and says in its answer how
many had a part in it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args

from headway.core.clock import format_ms
from headway.errors import ConnectionNotFound, ProcessesSilent, UsageError
from headway.hub import Hub
from headway.hub.connection import Connection
from headway.hub.noting import TRANSPORT
from headway.hub.which import Which
from headway.ops.processes import Answers, Processes, Reach
from headway.types import RunId

LIMIT_MAX: Final = 500
TEXT_MAX: Final = 2_000

Level: TypeAlias = Literal["info", "warning", "critical"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """Somebody who watches: a stream, or a long-poll that waits.

    Attributes:
        id: As the client was told in ``open``; a long-poll has another one each time it asks.
        process: Id of the process it is connected to.
        transport: ``sse`` or ``poll``.
        path: ``direct`` where the socket was handed over, ``send`` where the server writes for us; None for a poll.
        viewer: The user; "" for nobody in particular.
        client: Name and version of the client; "" where it does not say.
        peer: Address at the other end of the socket, which may be a proxy's; None where it is not known.
        watched: Ids of the runs; ``runs`` for a list of them.
        opened_at: When it began.
        sent_bytes: Written to it up to now.
        waiting_bytes: Of them, those the client has not read.
        stalled: It does not read, and is written to no more until it does.
    """

    id: str
    process: str
    transport: str
    path: str | None
    viewer: str
    client: str
    peer: str | None
    watched: tuple[str, ...]
    opened_at: str
    sent_bytes: int = 0
    waiting_bytes: int = 0
    stalled: bool = False

    def content(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """Some of those who watch, the newest first.

    Attributes:
        connections: At most as many as were asked for.
        total: How many there are of which these were asked.
        reach: How many processes answered.
    """

    connections: tuple[OpenConnection, ...]
    total: int
    reach: Reach

    def content(self) -> dict[str, Any]:
        """Return it as JSON."""
        listed = [connection.content() for connection in self.connections]
        return {"connections": listed, "total": self.total, **self.reach.content()}


@dataclass(frozen=True, slots=True)
class Told:
    """Whom something was said to.

    Attributes:
        reached: Streams it was written to.
        unreached: Those who were meant and not reached: streams that do not read, and long-polls, which cannot be
            written to.
        reach: How many processes answered; what a missing one did is not known.
    """

    reached: int
    unreached: int
    reach: Reach

    def content(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"reached": self.reached, "unreached": self.unreached, **self.reach.content()}


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """How many watch.

    Attributes:
        open: All of them.
        stalled: Of them, those that do not read.
        viewers: By transport and client.
        reach: How many processes answered.
    """

    open: int
    stalled: int
    viewers: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reach: Reach = field(default_factory=lambda: Reach(0, 0))


class Polls(Protocol):
    """The long-polls of this process."""

    def viewers(self) -> Counter[tuple[str, str]]:
        """Count those who wait, by transport and client."""

    def waiting(self, which: Which) -> Iterator[Mapping[str, Any]]:
        """Yield those that are meant, the newest first, with the fields of `OpenConnection`, but for the process."""

    def close(self, id: str) -> bool:
        """Answer one now; tell whether it waited."""


class Connections:
    """See the module. One per Headway, as ``hw.connections``.

    Args:
        processes: Asks all of them.
        hub: The streams of this process.
        polls: Its long-polls.
    """

    def __init__(self, processes: Processes, hub: Hub, polls: Polls) -> None:
        self._processes = processes
        self._hub = hub
        self._polls = polls
        processes.give("connections", self._list_here)
        processes.give("connection", self._find_here)
        processes.give("say", self._say_here)
        processes.give("close", self._close_here)
        processes.give("count", self._count_here)

    # -- of all processes

    async def list(
        self,
        *,
        run: RunId | None = None,
        viewer: str | None = None,
        client: str | None = None,
        group: str | None = None,
        transport: str | None = None,
        limit: int = 100,
    ) -> ConnectionPage:
        """Return who watches, the newest first.

        Args:
            run: Only who watches this run.
            viewer: Only this user; "" for nobody in particular.
            client: Only this client: its name (``ts``), or name and version (``ts/0.1.0``).
            group: Only who watches a run of this group.
            transport: Only ``sse`` or ``poll``.
            limit: At most so many; not above 500.

        Raises:
            StoreError: the store is away.
            UsageError: `limit` is not possible.
        """
        if not 0 < limit <= LIMIT_MAX:
            raise UsageError(f"limit: {limit} is not from 1 to {LIMIT_MAX}")
        which = Which(run=run, viewer=viewer, client=client, group=group)
        about = {"which": asdict(which), "transport": transport, "limit": limit}
        answers = await self._processes.ask("connections", about)
        found = [connection for given in answers.given.values() for connection in given["connections"]]
        found.sort(key=lambda connection: connection["opened_at"], reverse=True)
        total = sum(given["total"] for given in answers.given.values())
        return ConnectionPage(tuple(map(_connection, found[:limit])), total, answers.reach)

    async def get(self, connection_id: str) -> OpenConnection:
        """Return one of those who watch.

        Raises:
            ConnectionNotFound: it is not open.
            ProcessesSilent: it was not found, and not every process answered.
            StoreError: the store is away.
        """
        answers = await self._processes.ask("connection", {"id": connection_id})
        return _connection(_found(connection_id, answers))

    async def send(self, connection_id: str, text: str, *, level: Level = "info") -> Told:
        """Say something to one of those who watch, as ``event: notice``.

        It is not stored, and whoever does not read it now will not hear of it; `headway.ops.notices` has what stands.

        Raises:
            ConnectionNotFound: it is not open.
            ProcessesSilent: it was not found, and not every process answered.
            StoreError: the store is away.
            UsageError: the text is empty or longer than 2,000 characters, or there is no such level.
        """
        about = {"id": connection_id, "notice": notice(text, level)}
        answers = await self._processes.ask("say", about)
        given = _found(connection_id, answers)
        return Told(given["reached"], given["unreached"], answers.reach)

    async def broadcast(
        self,
        text: str,
        *,
        level: Level = "info",
        run: RunId | None = None,
        viewer: str | None = None,
        client: str | None = None,
        group: str | None = None,
    ) -> Told:
        """Say something to everybody who watches now, or to some of them; for whom see `list`, for what it does `send`.

        Raises:
            StoreError: the store is away.
            UsageError: the text is empty or longer than 2,000 characters, or there is no such level.
        """
        which = Which(run=run, viewer=viewer, client=client, group=group)
        about = {"notice": notice(text, level), "which": asdict(which)}
        answers = await self._processes.ask("say", about)
        reached, unreached = (sum(given[name] for given in answers.given.values()) for name in ("reached", "unreached"))
        return Told(reached, unreached, answers.reach)

    async def close(self, connection_id: str) -> None:
        """End a stream, or answer a long-poll now. Its client comes back and goes on where it was: this bars nobody.

        Raises:
            ConnectionNotFound: it is not open.
            ProcessesSilent: it was not found, and not every process answered.
            StoreError: the store is away.
        """
        _found(connection_id, await self._processes.ask("close", {"id": connection_id}))

    async def status(self) -> ConnectionStatus:
        """Return how many watch, by transport and client.

        Raises:
            StoreError: the store is away.
        """
        answers = await self._processes.ask("count", {})
        viewers: Counter[tuple[str, str]] = Counter()
        for given in answers.given.values():
            for transport, client, count in given["viewers"]:
                viewers[transport, client] += count
        stalled = sum(given["stalled"] for given in answers.given.values())
        return ConnectionStatus(viewers.total(), stalled, dict(viewers), answers.reach)

    # -- of this process

    def viewers(self) -> Counter[tuple[str, str]]:
        """Count those who watch through this process, by transport and client."""
        return self._hub.viewers() + self._polls.viewers()

    async def _list_here(self, about: Mapping[str, Any]) -> dict[str, Any]:
        which, transport, limit = Which(**about["which"]), about["transport"], about["limit"]
        streams = [one async for one in self._hub.each() if transport in (None, TRANSPORT) and one.is_of(which)]
        polls = [] if transport == TRANSPORT else list(self._polls.waiting(which))
        shown = [self._stream(one) for one in streams[: -limit - 1 : -1]] + [self._poll(one) for one in polls[:limit]]
        return {"connections": shown, "total": len(streams) + len(polls)}

    async def _find_here(self, about: Mapping[str, Any]) -> dict[str, Any] | None:
        stream = self._hub.connections.get(about["id"])
        if stream is not None:
            return self._stream(stream)
        return next((self._poll(one) for one in self._polls.waiting(Which()) if one["id"] == about["id"]), None)

    async def _say_here(self, about: Mapping[str, Any]) -> dict[str, int] | None:
        if "id" in about:
            stream = self._hub.connections.get(about["id"])
            if stream is None:
                found = await self._find_here(about)
                return None if found is None else {"reached": 0, "unreached": 1}
            reached = self._hub.tell(stream, about["notice"])
            return {"reached": int(reached), "unreached": int(not reached)}
        which = Which(**about["which"])
        told = await self._hub.notice(about["notice"], which)
        return {"reached": told.reached, "unreached": told.passed_over + sum(1 for _ in self._polls.waiting(which))}

    async def _close_here(self, about: Mapping[str, Any]) -> bool | None:
        return (self._hub.close(about["id"]) or self._polls.close(about["id"])) or None

    async def _count_here(self, _about: Mapping[str, Any]) -> dict[str, Any]:
        stalled = sum([1 async for connection in self._hub.each() if connection.stalled])
        return {"viewers": [[*labels, count] for labels, count in self.viewers().items()], "stalled": stalled}

    def _stream(self, connection: Connection) -> dict[str, Any]:
        return {
            "id": connection.id,
            "process": self._processes.me or "",
            "transport": TRANSPORT,
            "path": "direct" if connection.chunked else "send",
            "viewer": connection.viewer,
            "client": connection.client,
            "peer": connection.peer(),
            "watched": connection.watched(),
            "opened_at": at(connection.opened_at),
            "sent_bytes": connection.sent_bytes(),
            "waiting_bytes": connection.buffered(),
            "stalled": connection.stalled,
        }

    def _poll(self, waiting: Mapping[str, Any]) -> dict[str, Any]:
        return {**waiting, "process": self._processes.me or ""}


def notice(text: str, level: str, **more: Any) -> dict[str, Any]:
    """Return what is sent of an operator's words.

    Raises:
        UsageError: the text is empty or too long, or there is no such level.
    """
    text = text.strip()
    if not 0 < len(text) <= TEXT_MAX:
        raise UsageError(f"text: it has {len(text)} characters", hint=f"say something in 1 to {TEXT_MAX}")
    if level not in LEVELS:
        raise UsageError(f"there is no level {level!r}", hint=f"there are {', '.join(LEVELS)}")
    return {"text": text, "level": level, "at": at(time.time()), **more}


def at(seconds: float) -> str:
    """Return a time of this process's clock as it stands on the wire."""
    return format_ms(round(seconds * 1000))


def _found(connection_id: str, answers: Answers) -> Any:
    """Return what the process answered that has the connection.

    Raises:
        ConnectionNotFound: none has it.
        ProcessesSilent: none of those that answered has it.
    """
    for given in answers.given.values():
        if given is not None:
            return given
    if answers.missing:
        raise ProcessesSilent(
            f"{len(answers.missing)} of {answers.reach.asked} processes did not answer in time",
            hint="the connection may be one of theirs: try again in a moment",
            missing=sorted(answers.missing),
        )
    raise ConnectionNotFound(f"there is no connection {connection_id[:64]!r}", hint="it may have ended just now")


def _connection(content: Mapping[str, Any]) -> OpenConnection:
    known = {name: content[name] for name in OpenConnection.__dataclass_fields__ if name in content}
    return OpenConnection(**{**known, "watched": tuple(content["watched"])})
