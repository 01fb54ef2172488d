"""A job's question to a person or another program, from inside the job: what goes out with it, and what comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from headway.core.answer import has_secrets
from headway.core.complaints import complaints, path_of
from headway.errors import Fenced, HeadwayError, UsageError

if TYPE_CHECKING:
    from headway.publish.reporter import Reporter


_LONGEST_S: Final = 10 * 365 * 86_400


class AskTimedOut(HeadwayError, TimeoutError):
    """Nobody answered ``run.ask`` within its ``timeout``. The job may catch it, also as a `TimeoutError`."""

    code, retryable = "ask_timed_out", True


class Unwound(Fenced):
    """The execution made room while it waits for an answer; the next one goes on when that is there."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        key: Unique in the run.
        prompt: For whoever answers.
        schema: JSON Schema of the answer; what is secret in it is ``writeOnly``.
        timeout: Seconds it may stay open; None: any number.
        step: Key of the step that asks.
        agent: Dotted name of the agent that asks.
    """

    key: str
    prompt: str
    schema: Mapping[str, Any]
    timeout: float | None
    step: str | None
    agent: str | None


class Desk(Protocol):
    """Where an execution's questions are asked, one at a time."""

    async def ask(self, question: Question, *, refused: str | None = None) -> bytes:
        """Return the answer as JSON: the one that is kept, else the one that comes.

        Args:
            question: What is asked.
            refused: Why the answer that is kept is none; the question is asked again, and says so.

        Raises:
            AskTimedOut: its time is over.
        """
        ...

    async def close(self, *, withdraw: bool) -> None:
        """Ask no more. Whoever still waits for an answer is cancelled. Idempotent.

        Args:
            withdraw: The question that is open is withdrawn, so that the run can end well.
        """
        ...


async def run_ask(
    reporter: Reporter,
    schema: Any,
    prompt: str,
    *,
    key: str | None,
    timeout: float | None,
    secret: Collection[str] | bool,
) -> Any:
    """See `Reporter.ask`."""
    execution, context = reporter._execution, reporter.context
    if execution.desk is None:
        raise UsageError("this run cannot ask", hint="ask in the body of a job, registered with @hw.job")
    if timeout is not None and not 0 < timeout < _LONGEST_S:
        raise UsageError(f"timeout={timeout} is no time to wait", hint="give seconds, or None to wait for ever")
    adapter, published = _published(schema, secret)
    name = key or getattr(schema, "__name__", None) or "ask"
    full = f"{context.scope}/{name}" if context.scope else name
    if full in execution.asks_begun:
        raise UsageError(f"{full!r} was asked already in this run", hint="give each question its own `key=`")
    execution.asks_begun.add(full)
    question = Question(full, prompt, published, timeout, context.step, context.agent)
    refused = None
    with execution.asking(context.step):
        while True:
            answer = await execution.desk.ask(question, refused=refused)
            try:
                return adapter.validate_json(answer)
            except ValidationError as error:  # by a validator of the model's own, which no schema could tell of
                secret_answer = has_secrets(published, orjson.loads(answer))
                refused = "The answer was refused." if secret_answer else _complaint(error)


def _published(type: Any, secret: Collection[str] | bool) -> tuple[TypeAdapter[Any], dict[str, Any]]:
    """Return what reads an answer, and the schema that goes out, with what is secret marked in it."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(type)
        return adapter, _marked(adapter.json_schema(), secret)
    except PydanticUserError as error:
        raise UsageError(f"nobody can be told what to answer: {error}", hint="ask for what JSON can say") from error


def _marked(schema: dict[str, Any], secret: Collection[str] | bool) -> dict[str, Any]:
    if secret is True:
        return {**schema, "writeOnly": True}
    names = [secret] if isinstance(secret, str) else list(secret or ())
    fields = schema.get("properties", {})
    unknown = [name for name in names if name not in fields]
    if unknown:
        raise UsageError(f"the answer has no field {unknown[0]!r} to keep secret", hint=f"it has {', '.join(fields)}")
    marked = {name: {**fields[name], "writeOnly": True} for name in names}
    return {**schema, "properties": {**fields, **marked}} if marked else schema


def _complaint(error: ValidationError) -> str:
    first = complaints(error.errors(include_url=False, include_context=False, include_input=False))[0]
    return ": ".join(filter(None, [path_of(first["loc"]), first["msg"]]))
