"""Where a job's questions are asked: one goes out, is waited for, and is over, before the next one's turn comes.

A question is waited for in memory for a while, with everything the body has at hand. Then the execution makes room: it
lets go of the run and unwinds its body, and whoever ends the question sends for the next attempt, which finds the
answer (`headway.engines.asking`). As long as a step of the body has other work, nothing is unwound.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import orjson

from headway.core.events import Log, NewEvent, RunWaiting, new_event
from headway.core.run import RunStatus
from headway.engines.asking import OPEN, PREFIX, Asked, Outcome, resumed
from headway.engines.patience import patiently
from headway.errors import CancelRequested, Conflict
from headway.publish.asking import AskTimedOut, Question, Unwound
from headway.publish.execution import Execution
from headway.publish.pending import sound_text
from headway.publish.publisher import STOPPING
from headway.stores.base import Release, RunRow, Store, Write
from headway.stores.tail import LOOK_EVERY_S, doorbell, rings

PAUSE_S: Final = 0.05
"""Between two looks: what other parts of the run report rings, too."""

_RELEASED: Final = Log(text="no worker holds the run while it waits for an answer")


@dataclass(slots=True)
class _Asking:
    """A question and who waits for its answer. Without an answer it is done when nobody waits any more."""

    question: Question
    refused: str | None
    asked: Asked
    answer: asyncio.Future[bytes]


class StoreDesk:
    """Asks the questions of one execution.

    Args:
        store: Where the run is.
        row: The run, claimed for the execution.
        execution: Whose body asks.
        hold_s: Seconds a question is waited for in memory.
    """

    def __init__(self, store: Store, row: RunRow, execution: Execution, *, hold_s: float) -> None:
        self._store = store
        self._row = row
        self._execution = execution
        self._hold_s = hold_s
        self._turns: deque[_Asking] = deque()
        self._clerk: asyncio.Task[None] | None = None
        self._open: Asked | None = None
        self._times = 0
        self._leaving = False
        self._was_at_work = False

    async def ask(self, question: Question, *, refused: str | None = None) -> bytes:
        """See `headway.publish.asking.Desk.ask`. Cancelled, the question is withdrawn, unless the run itself stops."""
        if self._execution.cancel_requested:
            raise _stopping()
        asked = self._next(question, refused)
        if asked.state == "answered":
            return orjson.dumps(asked.answer)
        asking = _Asking(question, refused, asked, asyncio.get_running_loop().create_future())
        self._turns.append(asking)
        if self._clerk is None or self._clerk.done():
            self._clerk = asyncio.create_task(self._take_turns(), name="headway-desk")
        return await asking.answer

    def _kept(self, key: str) -> Asked | None:
        body = (self._execution.checkpoints or {}).get(PREFIX + key)
        return None if body is None else Asked.kept(key, body)

    def _keep(self, asked: Asked) -> None:
        assert self._execution.checkpoints is not None  # noqa: S101 - a job's
        self._execution.checkpoints[PREFIX + asked.key] = asked.checkpoint().result

    def _next(self, question: Question, refused: str | None) -> Asked:
        """Return how a question goes out now, or its answer. Raises `AskTimedOut`: it was out for as long as it may."""
        asked, generation = self._kept(question.key), self._execution.generation
        if asked is None:
            return Asked(question.key, state="open", generation=generation)
        if asked.state == "answered" and refused is None:
            return asked
        same = asked.generation == generation
        due = asked.due_ms is not None and self._execution.clock.now_ms() >= asked.due_ms
        if same and (asked.state == "timed_out" or (asked.state == "open" and due)):
            raise _timed_out(question)
        if asked.state == "open":
            return asked if same else replace(asked, generation=generation, due_ms=None)
        return Asked(question.key, asked.round + 1, "open", generation, refused=refused)

    # -- its end

    def leave(self) -> None:
        """The worker stops: what is open stays open, and nothing further goes out."""
        self._was_at_work = self._execution.at_work
        self._leaving = True

    async def released(self) -> bool:
        """Let go of a run that waits, so that nobody has to take it over; False: it does not just wait.

        To be called when the body has stopped after `leave`.
        """
        await self._dismiss()
        if self._open is None or self._was_at_work:
            return False
        await self._execution.publisher.flush()
        return await self._release(self._open)

    async def close(self, *, withdraw: bool) -> None:
        """See `headway.publish.asking.Desk.close`."""
        self._leaving = True
        await self._dismiss()
        if withdraw and self._open is not None and self._execution.publisher.stopped is None:
            await self._end("withdrawn", self._open)
        self._leaving = not withdraw  # a body whose end was refused may ask what to do

    async def _dismiss(self) -> None:
        for asking in self._turns:
            asking.answer.cancel()
        if self._clerk is not None:
            await asyncio.wait([self._clerk])

    # -- one question after the other

    async def _take_turns(self) -> None:
        """See to each until it is over. What was left open is the last: its body is being stopped."""
        publisher = self._execution.publisher
        while self._turns and publisher.stopped is None and not self._leaving:
            asking = self._turns[0]
            try:
                if self._execution.cancel_requested:
                    _fail(asking, _stopping())
                elif not asking.answer.done():
                    await self._see_to(asking)
            except STOPPING as error:
                publisher.stop(error)
            except Exception as error:  # noqa: BLE001 - told to who asked
                _fail(asking, error)
            if not asking.answer.done():
                return
            self._turns.popleft()

    async def _see_to(self, asking: _Asking) -> None:
        # anew: the try of a step before may have had the turn before, with the same question
        asking.asked = self._next(asking.question, asking.refused)
        if asking.asked.state == "answered":
            asking.answer.set_result(orjson.dumps(asking.asked.answer))
            return
        await self._go_out(asking)
        hold_until = asyncio.get_running_loop().time() + self._hold_s
        with doorbell(self._store, self._row.id) as bell:
            asking.answer.add_done_callback(lambda _: bell.set())
            while not await self._is_over(asking, hold_until):
                await rings(bell, self._nap_s(asking.asked, hold_until))
                bell.clear()
                if not asking.answer.done():
                    await asyncio.sleep(PAUSE_S)

    async def _go_out(self, asking: _Asking) -> None:
        question, asked = asking.question, asking.asked
        if asked.due_ms is None and question.timeout is not None:
            now_ms = self._execution.clock.now_ms()
            asked = asking.asked = replace(asked, due_ms=now_ms + round(question.timeout * 1000))
        self._times += 1
        await self._execution.publisher.flush(self._waiting(question, asked), checkpoint=asked.checkpoint())
        self._keep(asked)
        self._open = asked

    def _waiting(self, question: Question, asked: Asked) -> NewEvent:
        prompt = question.prompt if asked.refused is None else f"{question.prompt}\n\n{asked.refused}"
        return new_event(
            "run.waiting",
            RunWaiting(ask_id=asked.ask_id, prompt=sound_text(prompt)[:10_000], schema_=dict(question.schema)),
            # so that a batch which is sent again asks once
            key=f"{PREFIX}{asked.ask_id}/{self._row.attempt}.{self._times}",
            step=question.step,
            agent=question.agent,
        )

    def _nap_s(self, asked: Asked, hold_until: float) -> float:
        naps = [LOOK_EVERY_S, hold_until - asyncio.get_running_loop().time()]
        if asked.due_ms is not None:
            naps.append((asked.due_ms - self._execution.clock.now_ms()) / 1000)
        return max(PAUSE_S, min(nap for nap in naps if nap > 0))

    async def _is_over(self, asking: _Asking, hold_until: float) -> bool:
        """Look once, and do what is due. True: nothing is left to be waited for here."""
        asked = asking.asked
        if asking.answer.done():
            stays = self._leaving or self._execution.cancel_requested or self._execution.publisher.stopped is not None
            return stays or await self._end("withdrawn", asked)
        row = await patiently(lambda: self._store.get(self._row.id))
        if row is None or row.execution_id != self._row.execution_id:
            return False  # whoever watches the execution stops it
        if row.status is RunStatus.RUNNING:
            return await self._hand_over(asking)
        if asked.due_ms is not None and self._execution.clock.now_ms() >= asked.due_ms:
            # if not, it was answered at the last moment: the next look tells
            return await self._end("timed_out", asked) and _fail(asking, _timed_out(asking.question))
        if asyncio.get_running_loop().time() >= hold_until and not self._execution.at_work:
            return await self._unwind(asked)
        return False

    async def _hand_over(self, asking: _Asking) -> bool:
        """Give the answer to who asked."""
        asked = await self._found_over(asking.question.key)
        if asked.state == "timed_out":
            return _fail(asking, _timed_out(asking.question))
        if asked.state == "withdrawn":
            return False  # the run has ended since the look, and its secrets are gone: the next look tells
        if not asking.answer.done():
            asking.answer.set_result(orjson.dumps(asked.answer))
        return True

    async def _found_over(self, key: str) -> Asked:
        """Keep what became of the open question by another hand, so that it never goes out again as it did before."""
        steps = await patiently(lambda: self._store.steps(self._row.id))
        asked = Asked.kept(key, steps[PREFIX + key])
        self._keep(asked)
        self._open = None
        return asked

    async def _end(self, state: Outcome, asked: Asked) -> bool:
        """End the open question without an answer; False: somebody else has, and who asked is still to be told."""
        over = replace(asked, state=state)
        write = Write(
            events=[resumed(over)],
            execution_id=self._row.execution_id,
            statuses=OPEN,
            fresh=True,
            checkpoint=over.checkpoint(),
        )
        try:
            await patiently(lambda: self._store.append(self._row.id, write))
        except Conflict:  # it was answered, or this write was done before, and nobody heard of it
            if state != "withdrawn":
                return False
            await self._found_over(asked.key)
        else:
            self._keep(over)
            self._open = None
        return True

    # -- making room

    async def _unwind(self, asked: Asked) -> bool:
        await self._execution.publisher.flush()
        if self._execution.at_work or not await self._release(asked):
            return False
        if not self._execution.cancel_requested:
            self._execution.publisher.stop(Unwound(f"run {self._row.id} made room while it waits for an answer"))
        return True

    async def _release(self, asked: Asked) -> bool:
        """Let go of the run, if it still waits."""
        event = new_event("log", _RELEASED, key=f"headway/released/{self._row.attempt}")
        release = Release(asked.due_ms)
        write = Write(events=[event], execution_id=self._row.execution_id, statuses=OPEN, release=release)
        try:
            run = (await patiently(lambda: self._store.append(self._row.id, write))).run
        except Conflict:
            return False  # it was answered
        if run.cancel_requested:  # asked of this execution while it held the run: it is the one to confirm
            self._execution.cancel()
        return True


def _timed_out(question: Question) -> AskTimedOut:
    within = "" if question.timeout is None else f" within {question.timeout:g} s"
    return AskTimedOut(f"nobody answered {question.key!r}{within}", hint="retry the run to ask again")


def _stopping() -> CancelRequested:
    return CancelRequested("somebody asked the run to stop", hint="ask nothing more")


def _fail(asking: _Asking, error: BaseException) -> bool:
    if not asking.answer.done():
        asking.answer.set_exception(error)
        asking.answer.exception()  # somebody may have stopped waiting
    return True
