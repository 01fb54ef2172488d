"""Creating runs and appending to them: decided here by the ledger, committed by a script if nothing came between.

A write is decided on the row as this process knows it, mostly from its own last write, and one script commits it only
if the row's revision is still the one it was decided on: one round trip. Otherwise the script answers with the row as
it is, and the write is decided anew. Nothing is refused, and nothing is answered without a write, on a remembered row.

A write whose answer was lost may have been done. `settle` looks for its revision and its last event, and takes the
revision away that a late arrival would need. Only if Redis stays away for longer than our patience the caller hears of
it; what is left open then is remembered, so that the same write handed in again is answered as done if it was.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from headway.errors import HeadwayError, StoreUnavailable
from headway.stores.base import Appended, Checkpoint, Claim, NewRun, RunRow, Write
from headway.stores.doubts import DOUBTS_MAX, Doubts
from headway.stores.ledger import Decision, birth, check_same, decide, lapses_ms
from headway.stores.redis_errors import AnswerLost, Unreached, patiently
from headway.stores.redis_indexes import index_commands
from headway.stores.redis_news import Herald
from headway.stores.redis_rows import (
    KeptRun,
    Seen,
    changed_values,
    creation_key,
    event_values,
    kept_run,
    new_values,
    seen,
)
from headway.stores.redis_wire import Argument, Wire
from headway.stores.rows import not_found
from headway.stores.turns import Turns
from headway.types import RunId

_PATIENT_TRIES: Final = 2
"""A write that came too late more often asks for the next turn."""
_NO_STEP: Final = Checkpoint("", b"")
_NOTHING_KNOWN: Final[frozenset[str]] = frozenset()


def new_revision() -> str:
    """Return bits that no revision had before."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class _Try:
    """A write on its way.

    Attributes:
        tries: How often somebody else came first.
    """

    before: KeptRun
    decision: Decision
    revision: str
    now_ms: int
    tries: int

    @property
    def last(self) -> tuple[Argument, Argument]:
        """Seq and tag of its last event."""
        events = self.decision.events
        return (events[-1].seq, events[-1].tag) if events else ("", "")


class Commit(NamedTuple):
    """What ``lua/append.lua`` is called with before what differs in number, in its order.

    Attributes:
        run: The id.
        seen_revision: On which the decision was made.
        next_revision: Which it leaves.
        tag: Of the new events.
        seq: Of the last event before them.
        total: Of the last event before them.
        events: How many follow.
        values: How many names and values of the row follow them.
        dropped: How many keys of events follow those, which were dropped because the log has them.
        indexes: Commands that move the run from list to list, as JSON, or "".
        limit: How many runs of the job may be claimed, or "".
        news: What the other processes are told, or "" where they are told later.
        keeps_step: Whether a step is checkpointed.
        step: Its key.
        result: Of the step.
        at_end: What takes its place at the end of the run, or "".
        ends: Whether the run ends.
        process: Whose write it is.
        wants_turn: Whether it came too late so often that the next turn shall be its own.
        times: How many claims of the job may be made at its rate; 0: nobody counts.
        per_ms: In how many milliseconds.
        now_ms: The store's clock.
    """

    run: Argument
    seen_revision: Argument
    next_revision: Argument
    tag: Argument
    seq: Argument
    total: Argument
    events: Argument
    values: Argument
    dropped: Argument
    indexes: Argument
    limit: Argument
    news: Argument
    keeps_step: Argument
    step: Argument
    result: Argument
    at_end: Argument
    ends: Argument
    process: Argument
    wants_turn: Argument
    times: Argument
    per_ms: Argument
    now_ms: Argument


class Writes:
    """The writes of one process.

    Args:
        wire: To Redis.
        herald: Tells the other processes.
        now_ms: The store's clock.
    """

    def __init__(self, wire: Wire, prefix: str, herald: Herald, now_ms: Callable[[], int], patience_s: float) -> None:
        self._wire = wire
        self._prefix = prefix
        self._herald = herald
        self._now_ms = now_ms
        self._patience_s = patience_s
        self._process = secrets.token_hex(4)
        self._turns: Turns[KeptRun] = Turns()
        self._doubts: Doubts[_Try] = Doubts()
        self._born: OrderedDict[RunId, str] = OrderedDict()
        self.tried_again = 0
        self.settled = 0

    async def finish(self) -> None:
        """Wait for all writes handed in."""
        await self._turns.finish()

    # -- appending

    async def append(self, run_id: RunId, write: Write) -> Appended:
        """Do one write."""
        async with self._turns.turn(run_id) as turn:
            remembered, turn.run = turn.run, None  # kept again only by what goes well
            if (made := self._doubts.of(run_id, write)) is not None:
                remembered = None
                done = await self._clear(run_id, write, made)
                if done is not None:
                    return done
            appended, turn.run = await self._decide(run_id, write, remembered)
            return appended

    async def _decide(self, run_id: RunId, write: Write, remembered: KeptRun | None) -> tuple[Appended, KeptRun]:
        """Decide a write until a decision is committed; return the answer and the row to be remembered."""
        at = Seen(remembered, _NOTHING_KNOWN, 0, (), fresh=False) if remembered else await self._load(run_id, write)
        tries = 0
        while True:
            now_ms = self._now_ms()
            decision = _decision(at, write, now_ms)
            if decision is None:
                at = await self._load(run_id, write)
                continue
            if decision.run is at.run.row and decision.checkpoint is None:
                return Appended(at.run.shown(), decision.events), at.run
            outcome = await self._commit(run_id, write, _Try(at.run, decision, new_revision(), now_ms, tries))
            if isinstance(outcome, KeptRun):
                return Appended(outcome.shown(), decision.events), outcome
            at, tries = outcome, tries + 1
            await self._give_way(tries)

    async def _give_way(self, tries: int) -> None:
        """Let another process go first that has the turn."""
        self.tried_again += 1
        if tries > _PATIENT_TRIES:
            await asyncio.sleep(random.uniform(0, 0.0002 * min(tries, 10)))  # noqa: S311 - jitter, not a secret

    async def _load(self, run_id: RunId, write: Write) -> Seen:
        keys = dict.fromkeys(event.key for event in write.events if event.key)
        return _found(run_id, await self._script("load", run_id, _rate(write.claim)[0], *keys))

    async def _commit(self, run_id: RunId, write: Write, made: _Try) -> KeptRun | Seen:
        """Commit a decision; return the run as it is then, or what the next decision is to be made on."""
        told, arguments = self._arguments(run_id, write, made)
        try:
            answer = await patiently(
                lambda: self._wire.script("append", self._prefix, *arguments), self._patience_s, despite=(Unreached,)
            )
        except AnswerLost:
            run = await self._settle_now(run_id, write, made)
            if run is None:
                return await self._load(run_id, write)
        else:
            if len(answer) > 1:
                return _found(run_id, answer)
            run = made.before.moved_to(made.decision.run, made.revision)
        if made.decision.events:
            self._herald.changed(run_id, told=told)
        return run

    def _arguments(self, run_id: RunId, write: Write, made: _Try) -> tuple[bool, list[Argument]]:
        """Return whether the script tells of the change, and what it is called with."""
        before, decision, run = made.before.row, made.decision, made.decision.run
        events, written = decision.events, set(decision.keys)
        dropped = [event.key for event in write.events if event.key and event.key not in written]
        commands = index_commands(before, run, lapses_ms(run, made.now_ms)) if decision.moved or run.external else b""
        values = changed_values(before, run)
        news = self._herald.message(run_id) if events else ""
        step = decision.checkpoint or _NO_STEP
        times, per_ms = _rate(write.claim)
        commit = Commit(
            run=run_id,
            seen_revision=made.before.revision,
            next_revision=made.revision,
            tag=events[0].tag if events else "",
            seq=before.seq,
            total=before.total,
            events=len(events),
            values=len(values),
            dropped=len(dropped),
            indexes=commands,
            limit=_limit(write.claim),
            news=news,
            keeps_step=int(step is not _NO_STEP),
            step=step.key,
            result=step.result,
            at_end=step.at_end or b"",
            ends=int(decision.ends),
            process=self._process,
            wants_turn=int(made.tries >= _PATIENT_TRIES),
            times=times,
            per_ms=per_ms,
            now_ms=made.now_ms,
        )
        return bool(news), [*commit, *event_values(events, decision.keys), *values, *dropped]

    # -- what was left open

    async def _settle_now(self, run_id: RunId, write: Write, made: _Try) -> KeptRun | None:
        """Find out whether a write was done; return the run if so. Remember it if that cannot be found out."""
        try:
            return await self._settle(run_id, made)
        except StoreUnavailable:
            self._doubts.keep(run_id, write, made)
            raise

    async def _clear(self, run_id: RunId, write: Write, made: _Try) -> Appended | None:
        """Answer for a write that is handed in again, if it was done."""
        run = await self._settle(run_id, made)
        self._doubts.settle(run_id, write)
        if run is None:
            return None
        self._herald.changed(run_id, told=False)
        return Appended(run.shown(), made.decision.events)

    async def _settle(self, run_id: RunId, made: _Try) -> KeptRun | None:
        seq, tag = made.last
        done, fields = await patiently(
            lambda: self._wire.script(
                "settle", self._prefix, run_id, made.before.revision, made.revision, new_revision(), seq, tag
            ),
            self._patience_s,
        )
        self.settled += 1
        run = kept_run(fields)
        if run is None:
            raise not_found(run_id)
        return run if done else None

    # -- creating

    async def create(self, new: NewRun) -> tuple[RunRow, bool]:
        """Create a run, unless its creation key or id stands for one already."""
        async with self._turns.turn(new.id) as turn:
            turn.run = None
            born = self._born.pop(new.id, None) or new_revision()
            try:
                run = await self._bear(new, born)
            except StoreUnavailable:
                self._born[new.id] = born
                if len(self._born) > DOUBTS_MAX:
                    self._born.popitem(last=False)
                raise
            if run.row.id == new.id and run.born == born:
                turn.run = run
                self._herald.changed(new.id, told=False)
                return run.shown(), True
        check_same(run.row, new, run.fingerprint)
        return run.shown(), False

    async def _bear(self, new: NewRun, born: str) -> KeptRun:
        """Return the run that is there now."""
        named = (new.id, creation_key(new.owner, new.key))
        now_ms = self._now_ms()
        try:
            decision = birth(new, now_ms=now_ms)
        except HeadwayError:
            # whoever creates a run again is told of it, whatever else is wrong
            known = kept_run(await self._script("create", *named, "", ""))
            if known is None:
                raise
            return known
        run, events = decision.run, decision.events
        values = new_values(new, run, new_revision(), born)
        commands = index_commands(None, run, lapses_ms(run, now_ms))
        fields = await self._script(
            "create", *named, events[0].tag, len(events), len(values), commands,
            *event_values(events, decision.keys), *values,
        )  # fmt: skip
        made = kept_run(fields)
        if made is None:
            raise not_found(new.id)  # removed by hand: its creation key is left over
        return made

    async def _script(self, name: str, *arguments: Argument) -> Any:
        return await patiently(lambda: self._wire.script(name, self._prefix, *arguments), self._patience_s)


def _decision(at: Seen, write: Write, now_ms: int) -> Decision | None:
    """Decide a write; None where that must not be decided on a remembered row: a refusal, or to write nothing."""
    try:
        decision = decide(at.run.row, write, now_ms=now_ms, known=at.known, claimed=at.claimed, begun=at.begun)
    except HeadwayError:
        if at.fresh:
            raise
        return None
    writes_nothing = decision.run is at.run.row and decision.checkpoint is None
    return None if writes_nothing and not at.fresh else decision


def _found(run_id: RunId, answer: Sequence[Any]) -> Seen:
    at = seen(answer)
    if at is None:
        raise not_found(run_id)
    return at


def _limit(claim: Claim | None) -> Argument:
    return "" if claim is None or claim.concurrency is None else claim.concurrency


def _rate(claim: Claim | None) -> tuple[Argument, Argument]:
    """Return how many claims may be made in how many milliseconds; 0 of 0: nobody counts."""
    return (0, 0) if claim is None or claim.rate is None else (claim.rate.times, claim.rate.per_ms)
