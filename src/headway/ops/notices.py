"""What operators say to every viewer: notices that stand until they are taken away or their time is over.

They are on the store's board. Every process follows it by the doorbell: it tells its open streams of a notice that is
new, and of one that is over, and greets each stream that opens with those that stand. Long-polls, which cannot be
written to, find them in what they poll. One that was taken away stays on the board as over for a while: who was away
when it happened, and has it before them, is told when they come back.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from headway.core.clock import format_ms, parse_ms
from headway.core.ids import new_correlation_id
from headway.engines.outage import Outage
from headway.errors import Conflict, HeadwayError, NoticeNotFound, UsageError
from headway.hub import Hub
from headway.hub.which import EVERYBODY, Which
from headway.ops.connections import Level, notice
from headway.stores.base import RunRow, Store, bell_of
from headway.types import RunId

LOOK_EVERY_S: Final = 5.0
STANDING_MAX: Final = 20
"""So many may stand at once: each is sent to everybody who comes."""

FOR_MAX_S: Final = 366 * 86_400.0

OVER_S: Final = 86_400.0
"""How long who comes is told that a notice was taken away."""

OVER_MAX: Final = 50
"""Of so many, the last ones: each is told to everybody who comes."""

_log = logging.getLogger("headway.notices")


class NoticeContent(TypedDict):
    """A notice that stands, as viewers are told of it.

    Attributes:
        id: Of the notice; said again when it is over.
        text: What is said.
        level: ``info``, ``warning`` or ``critical``.
        at: When it was put there.
        until: When it is over by itself; null: when it is taken away.
    """

    id: str
    text: str
    level: str
    at: str
    until: str | None


class NoticeOver(TypedDict):
    """What viewers are told of a notice that does not stand any more."""

    id: str
    over: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that stands before viewers.

    Attributes:
        content: What viewers are told.
        which: Who is meant.
    """

    content: NoticeContent
    which: Which = EVERYBODY

    @property
    def id(self) -> str:
        """Its id."""
        return self.content["id"]

    def shown(self) -> dict[str, Any]:
        """Return it as JSON for operators."""
        meant = {name: value for name, value in asdict(self.which).items() if value is not None}
        return {**self.content, "to": meant}


class Notices:
    """See the module. One per Headway, as ``hw.notices``; followed from `start` to `stop`.

    Args:
        store: Where they stand.
        hub: The streams of this process.
        wake: Makes long-polls look again.
    """

    def __init__(self, store: Store, hub: Hub, wake: Callable[[], None]) -> None:
        self._store = store
        self._hub = hub
        self._wake = wake
        self._standing: dict[str, Notice] = {}
        self._over: set[str] = set()
        self._rung = asyncio.Event()
        self._outage = Outage(_log, "notices cannot be read", "notices are read again")
        self._task: asyncio.Task[None] | None = None
        self._unwatch: Callable[[], None] | None = None

    # -- for operators

    async def put(
        self,
        text: str,
        *,
        level: Level = "info",
        for_s: float | None = None,
        run: RunId | None = None,
        viewer: str | None = None,
        client: str | None = None,
        group: str | None = None,
    ) -> Notice:
        """Put a notice before viewers: those who watch now, and everybody who comes, until it is over.

        One that is too many because others were put at the same moment is taken back; it may be seen for a moment.

        Args:
            text: 1 to 2,000 characters.
            level: ``info``, ``warning`` or ``critical``.
            for_s: Seconds after which it is over by itself; None: when it is taken away.
            run: Only before who watches this run; the others as in `headway.ops.connections.Connections.list`.
            viewer: Only before this user.
            client: Only before this client.
            group: Only before who watches a run of this group.

        Raises:
            Conflict: twenty stand already, or would with those that are put at the same moment.
            StoreError: the store is away; nothing was put, as far as is known.
            UsageError: a value is not possible.
        """
        if for_s is not None and not 0 < for_s <= FOR_MAX_S:
            raise UsageError(f"for_s: {for_s:g} s are not possible", hint="up to a year; None: until it is taken away")
        said = notice(text, level)
        if len(await self.list()) >= STANDING_MAX:
            raise _full()
        until_ms = None if for_s is None else (parse_ms(said["at"]) or 0) + math.ceil(for_s * 1000)
        until = None if until_ms is None else format_ms(until_ms)
        put = Notice(
            {"id": f"ntc_{new_correlation_id()}", **said, "until": until},  # type: ignore[typeddict-item]
            Which(run=run, viewer=viewer, client=client, group=group),
        )
        await self._store.post("notices", put.id, put.shown(), ttl_s=for_s)
        if len(await self.list()) > STANDING_MAX:  # others were as fast: rather none of us than one too many
            await self._take_away(put.shown())
            raise _full()
        return put

    async def list(self) -> Sequence[Notice]:
        """Return the notices that stand, the oldest first.

        Raises:
            StoreError: the store is away.
        """
        standing, _ = _read(await self._store.posted("notices"))
        return standing

    async def end(self, notice_id: str) -> None:
        """Take a notice away; who has it before them is told.

        Raises:
            NoticeNotFound: it does not stand.
            StoreError: the store is away.
        """
        put = (await self._store.posted("notices")).get(notice_id)
        if put is None or put.get("over"):
            raise NoticeNotFound(f"there is no notice {notice_id[:64]!r}", hint="it may be over by now")
        await self._take_away(put)

    async def _take_away(self, put: Mapping[str, Any]) -> None:
        at = format_ms(time.time_ns() // 1_000_000)
        over = {"id": put["id"], "over": True, "at": at, "to": put["to"]}
        await self._store.post("notices", put["id"], over, ttl_s=OVER_S)

    # -- for viewers

    def meant_for(self, run: RunRow, *, viewer: str, client: str) -> Sequence[NoticeContent]:
        """Return what stands before somebody who polls a run."""
        found = self._standing.values()
        return [
            one.content
            for one in found
            if one.which.wants(viewer=viewer, client=client, runs=(run.id,), groups=(run.group,))
        ]

    async def start(self) -> None:
        """Read what stands, and follow it. Idempotent.

        Raises:
            StoreError: it cannot be read.
        """
        if self._task is None:
            self._unwatch = self._store.watch(self._ring)
            await self._apply()
            self._task = asyncio.create_task(self._follow(), name="headway: notices")

    async def stop(self) -> None:
        """Follow it no more. Idempotent."""
        task, self._task = self._task, None
        if self._unwatch is not None:
            self._unwatch()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _ring(self, runs: Collection[RunId]) -> None:
        if not runs or bell_of("notices") in runs:
            self._rung.set()

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._rung.wait()
            except TimeoutError:
                pass
            self._rung.clear()
            try:
                await self._apply()
                self._outage.end()
            except HeadwayError as error:
                self._outage.note(error)
            except Exception:  # noqa: BLE001 - logged: a mistake must not make this process deaf for ever
                _log.exception("notices could not be followed; they are looked at again")

    async def _apply(self) -> None:
        """Tell those who watch what has changed, and those who come what stands."""
        standing, over = _read(await self._store.posted("notices"))
        before, now = self._standing, {one.id: one for one in standing}
        if now == before and self._over == over.keys():
            return
        self._standing, self._over = now, set(over)
        told = [(one.which, one.content) for one in standing]
        gone = [(one.which, is_over(one.id)) for one in before.values() if one.id not in now]
        self._hub.stand([*((which, is_over(id)) for id, which in over.items()), *told])
        self._wake()
        # no turn of the loop since `stand`: whoever is there is told by this, whoever comes by that
        await self._hub.say([*gone, *(one for one in told if one[1]["id"] not in before)])


def _full() -> Conflict:
    return Conflict(f"{STANDING_MAX} notices stand already", hint="take one away first")


def is_over(notice_id: str) -> NoticeOver:
    """Return what viewers are told of a notice that does not stand any more."""
    return {"id": notice_id, "over": True}


def _read(posted: Mapping[str, Any]) -> tuple[Sequence[Notice], Mapping[str, Which]]:
    """Return the notices that stand, the oldest first, and whom those concern that were taken away."""
    standing = [_notice(one) for one in posted.values() if not one.get("over")]
    taken = sorted((one for one in posted.values() if one.get("over")), key=lambda one: str(one["at"]))
    over = {one["id"]: Which(**one["to"]) for one in taken[-OVER_MAX:]}
    return sorted(standing, key=lambda one: one.content["at"]), over


def _notice(posted: Mapping[str, Any]) -> Notice:
    meant = posted["to"]
    content: Any = {name: posted[name] for name in NoticeContent.__annotations__}
    return Notice(content, Which(**meant))
