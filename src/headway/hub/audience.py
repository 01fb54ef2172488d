"""The viewers of one run, and writing to all of them without keeping the event loop from anybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from headway.hub.frames import Block, Encoded, Form, joined
from headway.hub.noting import TRANSPORT
from headway.hub.shared import Counters
from headway.hub.subscription import Subscription
from headway.measures import SENT_BYTES, Measures
from headway.types import RunId, Seq

WRITES_A_PASS: Final = 1_000
"""Writes between two turns of the event loop."""

Members: TypeAlias = dict[Subscription, None]


class Group:
    """Live subscriptions that take the same bytes.

    Attributes:
        written: Bytes written to each of them since it was made: so nobody's are counted one by one.
    """

    __slots__ = ("members", "written")

    def __init__(self) -> None:
        self.members: Members = {}
        self.written = 0


class Audience:
    """All subscriptions of a feed; the live ones stand in groups that take the same bytes.

    Args:
        run_id: The run.
        counters: Of the hub.
        measures: What this process counts.
    """

    __slots__ = ("_counters", "_groups", "_measures", "_passed", "_run_id", "members")

    def __init__(self, run_id: RunId, counters: Counters, measures: Measures) -> None:
        self._run_id = run_id
        self._counters = counters
        self._measures = measures
        self._groups: dict[tuple[Form, bool], Group] = {}
        self._passed = 0
        self.members: Members = {}

    def enliven(self, subscription: Subscription) -> None:
        """Put a subscription that has everything among those that get what comes next."""
        subscription.live = True
        key = subscription.form, subscription.connection.chunked
        group = self._groups.setdefault(key, Group())
        group.members[subscription] = None
        subscription.base = group.written

    def quiet(self, subscription: Subscription) -> None:
        """Take a subscription from among the live ones."""
        if not subscription.live:
            return
        subscription.connection.sent += self.written(subscription)
        subscription.live = False
        key = subscription.form, subscription.connection.chunked
        group = self._groups[key]
        del group.members[subscription]
        if not group.members:
            del self._groups[key]

    def written(self, subscription: Subscription) -> int:
        """Return how many bytes were written to a subscription since it became live."""
        if not subscription.live:
            return 0
        return self._groups[subscription.form, subscription.connection.chunked].written - subscription.base

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription. Idempotent."""
        self.quiet(subscription)
        self.members.pop(subscription, None)

    async def deliver(self, events: Sequence[Encoded], before: Seq, upto: Seq) -> None:
        """Write the events between two positions to every live viewer that stands at `before`."""
        for (form, chunked), group in tuple(self._groups.items()):
            if form.progress:
                continue
            raw = joined(events, form, self._run_id)
            if raw:
                await self._write(group, raw, Block(raw).coded(chunked=chunked), before, upto)
                self._counters.deliveries += len(events) * len(group.members)
            else:
                await self.each(partial(_skip, before, upto), tuple(group.members))

    async def _write(self, group: Group, raw: bytes, data: bytes, before: Seq, upto: Seq) -> None:
        members = tuple(group.members)
        group.written += len(raw)
        self._measures.count(SENT_BYTES, TRANSPORT, by=len(raw) * len(members))
        for start in range(0, len(members), WRITES_A_PASS):
            part = members[start : start + WRITES_A_PASS]
            for subscription in part:
                if subscription.seq == before and subscription.live:
                    subscription.seq = upto
                    try:
                        subscription.write(data)
                    except Exception as error:  # noqa: BLE001 - one broken connection must not end the pass
                        subscription.connection.fail(error)
            self._counters.writes += len(part)
            await self._breathe(len(part))

    async def show(self, make: Callable[[Form], Block]) -> None:
        """Write what `make` returns to every live viewer that takes a flat summary."""
        for (form, _), group in tuple(self._groups.items()):
            if form.progress:
                block = make(form)
                if block.raw:
                    await self.each(partial(_put, block), tuple(group.members))

    async def each(self, do: Callable[[Subscription], object], members: Sequence[Subscription] | None = None) -> None:
        """Do something for each of these, or for all who are there now and still there when their turn comes."""
        for subscription in tuple(self.members) if members is None else members:
            if subscription in self.members:
                do(subscription)
                await self._breathe(1)

    async def _breathe(self, writes: int) -> None:
        """Let others run after so many writes."""
        self._passed += writes
        if self._passed >= WRITES_A_PASS:
            self._passed = 0
            await asyncio.sleep(0)

    def live_count(self) -> int:
        """Return how many are live."""
        return sum(len(group.members) for group in self._groups.values())


def _put(block: Block, subscription: Subscription) -> None:
    if subscription.live:
        subscription.connection.put(block)


def _skip(before: Seq, upto: Seq, subscription: Subscription) -> None:
    """Move on over events that a form leaves out."""
    if subscription.seq == before and subscription.live:
        subscription.seq = upto
