"""Questions of jobs, as they are kept in the store: asked, answered, timed out, withdrawn, and never asked twice.

The protocol knows one open question of a run. Those that come while one is open wait for their turn.

A question is kept among the run's steps from the moment it goes out, so that whatever dies, the next attempt finds it:
with its answer, or still open under the same id. Whoever ends a question does so in one transaction with what it leaves
behind, and only while it is open, so that of two who do, one is first and the other is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import orjson

from headway.core.answer import has_secrets, unfit, without_secrets
from headway.core.complaints import path_of
from headway.core.events import NewEvent, RunQueued, RunResumed, new_event
from headway.core.ids import new_execution_id
from headway.core.limits import EVENT_BYTES_MAX
from headway.core.run import ENDED, RunStatus
from headway.errors import Conflict, EventTooLarge, InvalidInput, RunError
from headway.stores.base import Checkpoint, Requeue, RunRow, Store, Write
from headway.stores.projection import Projections
from headway.types import RunId

PREFIX: Final = "headway/ask/"
"""Before the keys under which questions are kept among a run's steps."""

OPEN: Final = (RunStatus.WAITING,)

Outcome: TypeAlias = Literal["open", "answered", "timed_out", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is kept.

    Attributes:
        key: Of the question, unique in the run.
        round: How often it was asked anew: after nobody answered, it was withdrawn, or the answer was refused.
        state: How it stands.
        generation: Attempt since which the body that asked runs without having failed.
        due_ms: When its time is over; None: never.
        refused: Why the answer before was refused, which whoever answers now is told.
        answer: As it was given, secrets included.
        secret: Something of the answer is not in the log, and is forgotten with the end of the run.
    """

    key: str
    round: int = 1
    state: Outcome = "open"
    generation: int | None = None
    due_ms: int | None = None
    refused: str | None = None
    answer: Any = None
    secret: bool = False

    @property
    def ask_id(self) -> str:
        """Its id on the wire."""
        return self.key if self.round == 1 else f"{self.key}#{self.round}"

    def checkpoint(self) -> Checkpoint:
        """Return what is kept of it: a secret until the run ends. Reopened, the run asks again."""
        over = replace(self, state="withdrawn", answer=None, secret=False)._body() if self.secret else None
        return Checkpoint(PREFIX + self.key, self._body(), at_end=over)

    def _body(self) -> bytes:
        return orjson.dumps({name: getattr(self, name) for name in self.__slots__ if name != "key"})

    @classmethod
    def kept(cls, key: str, body: bytes) -> Asked:
        """Read what was kept of it."""
        return cls(key, **orjson.loads(body))


async def questions(store: Store, run_id: RunId) -> list[Asked]:
    """Return all questions of a run, as they are kept."""
    steps = await store.steps(run_id)
    return [Asked.kept(key.removeprefix(PREFIX), body) for key, body in steps.items() if key.startswith(PREFIX)]


def resumed(asked: Asked, **said: Any) -> NewEvent:
    """Return the event that ends a question. By its key, there is one for each."""
    payload = RunResumed(ask_id=asked.ask_id, outcome=asked.state, **said)
    return new_event("run.resumed", payload, key=f"headway/answer/{asked.ask_id}")


def ending(asked: Asked, row: RunRow, **said: Any) -> Write:
    """Return the control write that ends a run's open question; where no worker holds the run, one is sent for."""
    events, requeue = [resumed(asked, **said)], None
    if row.worker is None and not row.external:
        events.append(new_event("run.queued", RunQueued(attempt=row.attempt + 1, reason="resumed")))
        requeue = Requeue(new_execution_id())
    return Write(
        events=events,
        statuses=OPEN,
        attempt=row.attempt,
        held=row.worker is not None,
        fresh=True,
        requeue=requeue,
        checkpoint=asked.checkpoint(),
    )


async def answer(
    store: Store, projections: Projections, row: RunRow, ask_id: str, data: Any, *, by: str | None
) -> RunRow | None:
    """Try once to answer a question; return the row, or None: the run has changed meanwhile, look again.

    Raises:
        InvalidInput: the answer does not fit; ``extra["errors"]`` lists where and why.
        EventTooLarge: it is too large.
        Conflict: no such question is open. The very answer that was given before is no conflict.
    """
    fold = await projections.current(row.id)
    ask, status, open_asks = fold.get("asks").get(ask_id), str(fold.status), list(fold.get("asks"))
    asked = next((each for each in await questions(store, row.id) if each.ask_id == ask_id), None)
    if ask is None or asked is None or asked.state != "open":
        if asked is not None and asked.state == "answered" and _bytes(asked.answer) == _bytes(data):
            return await store.get(row.id)
        if ask is not None and asked is not None:
            return None  # it was ended between the two looks
        raise _not_open(ask_id, asked, status, open_asks)
    _check(ask["schema"], ask_id, data)
    done = replace(asked, state="answered", answer=data, secret=has_secrets(ask["schema"], data))
    try:
        write = ending(done, row, answer=without_secrets(ask["schema"], data), by=by)
    except ValueError as error:
        raise InvalidInput(f"answer to {ask_id!r}: {error}", errors=[]) from error
    try:
        return (await store.append(row.id, write)).run
    except Conflict:
        return None


def _bytes(answer: Any) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)


def _check(schema: Any, ask_id: str, data: Any) -> None:
    size = len(orjson.dumps(data))
    if size > EVENT_BYTES_MAX:
        raise EventTooLarge(f"the answer has {size} bytes", limit=EVENT_BYTES_MAX, hint="answer with a reference to it")
    wrong = unfit(schema, data)
    if wrong:
        text = ": ".join(filter(None, [f"answer to {ask_id!r}", path_of(wrong[0]["loc"]), wrong[0]["msg"]]))
        raise InvalidInput(text, errors=wrong, hint="see `schema` of the question")


def _not_open(ask_id: str, asked: Asked | None, status: str, open_asks: list[str]) -> Conflict:
    told = f"the run does not wait for an answer to {ask_id[:64]!r}"
    hint = None
    if asked is not None and asked.state == "open" and status not in ENDED:
        hint = "its worker was lost; the question is asked again under the same id as soon as another has the run"
    elif asked is not None and asked.state != "open":
        told = f"{told}: it was {asked.state.replace('_', ' ')}"
    return Conflict(told, current=status, asks=open_asks, hint=hint)


async def time_out(store: Store, row: RunRow) -> bool:
    """End the question of a run that nobody holds, because its time is over; tell whether it was open."""
    for asked in await questions(store, row.id):
        if asked.state == "open" and asked.due_ms == row.due_ms:  # others wait for their turn
            try:
                await store.append(row.id, ending(replace(asked, state="timed_out"), row))
            except RunError:
                return False  # somebody was faster
            return True
    return False
