"""Asking all processes on a store at once, and collecting what they answer.

Nothing is kept of what they know: a question stands on the store's board until its time is over, each process that sees
it answers once, and answers go away by themselves. Who is to answer is known from the store, where every process has
joined. One that hangs, or died just now, does not answer in time; it is named as missing, and the rest is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from headway.core.ids import new_correlation_id
from headway.engines.outage import Outage
from headway.errors import HeadwayError
from headway.stores.base import Store, bell_of
from headway.types import RunId

PATIENCE_S: Final = 2.0
"""How long answers are waited for."""

LOOK_EVERY_S: Final = 1.0
"""How often a process looks for questions without the doorbell."""

COLLECT_EVERY_S: Final = 0.25
"""The same of who asks, for answers."""

KEPT_S: Final = 30.0
"""How long answers stand on the board; nobody waits for longer."""

Give: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Any]]
"""Answers a question in this process: takes what is asked (JSON), returns JSON."""

_log = logging.getLogger("headway.processes")


@dataclass(frozen=True, slots=True)
class Answers:
    """What processes answered.

    Attributes:
        given: By the id of the process.
        missing: Processes that did not answer in time, or could not, by id.
    """

    given: Mapping[str, Any]
    missing: Collection[str] = field(default=())

    @property
    def reach(self) -> Reach:
        """How many answered."""
        return Reach(len(self.given) + len(self.missing), len(self.given), tuple(sorted(self.missing)))


@dataclass(frozen=True, slots=True)
class Reach:
    """How many processes had a part in an answer.

    Attributes:
        asked: Processes that are alive, as far as the store knows.
        answered: Of them, those that answered in time.
        missing: The ids of the others.
    """

    asked: int
    answered: int
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all did."""
        return not self.missing

    def content(self) -> dict[str, Any]:
        """Return it as JSON."""
        asked = {"asked": self.asked, "answered": self.answered, "missing": list(self.missing)}
        return {"complete": self.complete, **asked}


class Processes:
    """This process among all that work on a store: asks them, and answers them.

    Args:
        store: Which they share.
        lease_s: A process that has shown no life for so long is not asked.
    """

    def __init__(self, store: Store, *, lease_s: float) -> None:
        self._store = store
        self._lease_s = lease_s
        self._me: str | None = None
        self._gives: dict[str, Give] = {}
        self._seen: set[str] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unwatch: Callable[[], None] | None = None
        self._outage = Outage(_log, "questions to this process cannot be read", "questions are read again")

    @property
    def me(self) -> str | None:
        """The id of this process; None before the start."""
        return self._me

    def give(self, question: str, how: Give) -> None:
        """Say how this process answers a question."""
        self._gives[question] = how

    async def start(self, me: str) -> None:
        """Begin to answer.

        Args:
            me: Id this process joined the store with.
        """
        self._me = me
        if self._task is None and self._store.caps.processes:
            self._unwatch = self._store.watch(self._ring)
            self._task = asyncio.create_task(self._follow(), name="headway: questions")

    async def stop(self) -> None:
        """Answer no more. Idempotent."""
        tasks = [*self._answering, *([self._task] if self._task else [])]
        self._me = self._task = None
        if self._unwatch is not None:
            self._unwatch()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # -- asking

    async def ask(self, question: str, about: Mapping[str, Any], *, patience_s: float = PATIENCE_S) -> Answers:
        """Ask all processes that are alive, this one too. Cancel-safe: a question nobody waits for any more expires.

        Each process answers at most once, and none that first sees the question after `patience_s`.

        Args:
            question: Its name.
            about: What it is about; JSON.
            patience_s: How long answers are waited for.

        Raises:
            StoreError: the store is away.
        """
        others = await self._others()
        id = new_correlation_id()
        if others:
            asked = {"question": question, "about": about}
            await self._store.post("questions", id, asked, ttl_s=patience_s)
        mine = {} if self._me is None else {self._me: await self._answer(question, about)}
        theirs = await self._collect(id, others, patience_s) if others else {}
        answers = {**theirs, **mine}
        given = {worker: answer["given"] for worker, answer in answers.items() if "given" in answer}
        silent = others - answers.keys()
        if silent:
            silent &= await self._others()  # who has left meanwhile owes no answer
        return Answers(given, {*silent, *(answers.keys() - given.keys())})

    async def _others(self) -> set[str]:
        """Return the other processes that may be alive."""
        return {
            worker
            for worker, state in (await self._store.workers()).items()
            if worker != self._me and not state.gone and (state.silent_s or 0) <= self._lease_s
        }

    async def _collect(self, id: str, others: Collection[str], patience_s: float) -> dict[str, Any]:
        rung, answers = asyncio.Event(), dict[str, Any]()
        bell = bell_of("answers")
        unwatch = self._store.watch(lambda runs: None if runs and bell not in runs else rung.set())
        now = asyncio.get_running_loop().time
        deadline = now() + patience_s
        try:
            while True:
                rung.clear()
                posted = await self._store.posted("answers", prefix=f"{id}/")
                answers = {key.partition("/")[2]: answer for key, answer in posted.items()}
                left_s = deadline - now()
                if left_s <= 0 or answers.keys() >= set(others):
                    return answers
                try:
                    async with asyncio.timeout(min(left_s, COLLECT_EVERY_S)):
                        await rung.wait()
                except TimeoutError:
                    pass
        finally:
            unwatch()

    # -- answering

    def _ring(self, runs: Collection[RunId]) -> None:
        if not runs or bell_of("questions") in runs:
            self._rung.set()

    async def _follow(self) -> None:
        while True:
            try:
                await self._look()
                self._outage.end()
            except HeadwayError as error:
                self._outage.note(error)
            except Exception:  # noqa: BLE001 - logged: a mistake must not make this process deaf for ever
                _log.exception("questions to this process could not be read; they are read again")
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._rung.wait()
            except TimeoutError:
                pass
            self._rung.clear()

    async def _look(self) -> None:
        posted = await self._store.posted("questions")
        fresh = posted.keys() - self._seen
        self._seen = set(posted)
        for id in fresh:
            task = asyncio.create_task(self._reply(id, posted[id]), name=f"headway: answer {id}")
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _reply(self, id: str, asked: Mapping[str, Any]) -> None:
        answer = await self._answer(str(asked["question"]), asked["about"])
        try:
            await self._store.post("answers", f"{id}/{self._me}", answer, ttl_s=KEPT_S)
        except HeadwayError as error:
            _log.warning("an answer to another process could not be given: %s", error)

    async def _answer(self, question: str, about: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer of this process, or what it has in place of one."""
        give = self._gives.get(question)
        if give is None:
            return {"trouble": f"this process does not know the question {question!r}"}
        try:
            return {"given": await give(about)}
        except Exception as error:  # noqa: BLE001 - logged here, and told to who asked
            _log.exception("the question %r could not be answered", question)
            return {"trouble": str(error)}
