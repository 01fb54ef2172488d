"""Keyed steps: run once per run, kept in the store, tried again with what they wrote taken back."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from headway.core.events import Error, ErrorReported, NewEvent, StepFinished, new_event
from headway.errors import Fenced, HeadwayError, RunClosed, RunNotFound, UsageError
from headway.publish.asking import AskTimedOut
from headway.publish.context import Context, active
from headway.publish.execution import backoff
from headway.publish.noting import StepNotes
from headway.publish.plain import call
from headway.stores.base import Checkpoint

if TYPE_CHECKING:
    from headway.publish.reporter import Reporter

NEVER_RETRIED = (UsageError, Fenced, RunClosed, RunNotFound, AskTimedOut)


@dataclass(frozen=True, slots=True)
class Step:
    """How a step is run.

    Attributes:
        retries: Further tries after an exception, unless that says of itself ``retryable = False``.
        timeout: Seconds one try may take; None: no limit.
        backoff: Seconds before the second try; doubles with every further one, with jitter.
        max_backoff: Seconds a wait lasts at most.
    """

    retries: int = 0
    timeout: float | None = None
    backoff: float = 0.5
    max_backoff: float = 30.0


async def run_step(
    reporter: Reporter, fn: Callable[..., Any], args: Sequence[Any], *, key: str | None, options: Step | None
) -> Any:
    """See `Reporter.step`."""
    from headway.publish.run import Run

    name = key or _name(fn)
    context = reporter.context
    full = f"{context.scope}/{name}" if context.scope else name

    def bind(inner: Context) -> Reporter:
        return Run(reporter._execution, inner)

    handle = "run" if takes(fn, "run", "Run") else None
    return await keep(reporter, full, fn, args, bind=bind, handle=handle, options=options or Step())


async def keep(
    reporter: Reporter,
    key: str,
    fn: Callable[..., Any],
    args: Sequence[Any],
    *,
    bind: Callable[[Context], Reporter],
    handle: str | None,
    options: Step,
    then: Callable[[Any], Sequence[NewEvent]] | None = None,
) -> Any:
    """Run a function under a full key, or return what it returned before.

    Args:
        reporter: The handle it is called on.
        key: Unique in the run.
        fn: What to run.
        args: Its arguments after the handle.
        bind: Makes the handle that reports inside the step.
        handle: Truthy when the function takes the handle first.
        options: Retries, time-out, back-off.
        then: Further events of the result's transaction.
    """
    execution = reporter._execution
    if execution.checkpoints is None:
        raise UsageError("this run keeps no steps", hint="steps work in jobs and in runs opened by `hw.open`")
    if key in execution.steps_begun:
        raise UsageError(f"step {key!r} was begun already in this run", hint="give each its own `key=`")
    execution.steps_begun.add(key)
    kept = _adapter(fn)
    if key in execution.checkpoints:
        return kept.validate_json(execution.checkpoints[key])
    notes = StepNotes(execution.measures, execution.job, key, reporter.context.agent or "")
    with notes.timed():
        result = await _try(reporter, key, fn, args, notes, bind=bind, handle=handle, options=options)
    body = kept.dump_json(result)
    finished = new_event("step.finished", StepFinished(key=key), step=key, agent=reporter.context.agent)
    further = then(result) if then is not None else ()
    execution.checkpoints[key] = body  # at once: cancelled from here on, it is written all the same
    try:
        await execution.publisher.flush(finished, *further, checkpoint=Checkpoint(key, body))
    except HeadwayError:
        del execution.checkpoints[key]
        raise
    return result


async def _try(
    reporter: Reporter,
    key: str,
    fn: Callable[..., Any],
    args: Sequence[Any],
    notes: StepNotes,
    *,
    bind: Callable[[Context], Reporter],
    handle: str | None,
    options: Step,
) -> Any:
    from headway.publish.reporter import describe

    inner = bind(reporter.context.in_step(key))
    attempt = 1
    while True:
        token = active.set(inner)
        try:
            async with reporter._execution.allowing(key, options.timeout):
                return await call(fn, inner if handle else None, args)
        except NEVER_RETRIED:
            raise
        except Exception as error:
            notes.failed()
            if attempt > options.retries or getattr(error, "retryable", True) is False:
                raise
            told = describe(error)
            notes.tried_again(told, options.retries + 1)
            await _withdraw(reporter, key, told, f"try {attempt} of {options.retries + 1}")
        finally:
            active.reset(token)
            reporter._execution.close_outputs_of(key)  # a thread that was left behind closes nothing
        await reporter._execution.clock.sleep(backoff(attempt, options.backoff, options.max_backoff))
        attempt += 1


async def _withdraw(reporter: Reporter, key: str, told: Error, which: str) -> None:
    """Tell that a step failed and is tried again, and take back what it wrote."""
    from headway.publish.item import Item

    execution, context = reporter._execution, reporter.context
    report = ErrorReported(
        severity="warning",
        category=told.category,
        code=told.code,
        message=f"{key}: {told.message} ({which})"[:10_000],
        retryable=True,
        item=reporter.key if isinstance(reporter, Item) else None,
    )
    await execution.publisher.flush()
    discarded = await execution.discard(key) if execution.discard is not None else None
    execution.forget_steps_within(key)
    events = [new_event("error", report, agent=context.agent)]
    await execution.publisher.flush(*events, *([discarded] if discarded is not None else []))


def takes(fn: Callable[..., Any], name: str, annotation: str) -> bool:
    """Tell whether a function takes a handle first: by the parameter's name, or by its annotation."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        return False  # some callables written in C do not tell
    if not parameters:
        return False
    first = parameters[0]
    hint = first.annotation if isinstance(first.annotation, str) else getattr(first.annotation, "__name__", "")
    return first.name == name or hint.rpartition(".")[2] in (annotation, "Plain")


def _name(fn: Callable[..., Any]) -> str:
    name: str = getattr(fn, "__name__", type(fn).__name__)
    return name


def _adapter(fn: Callable[..., Any]) -> TypeAdapter[Any]:
    """Return what reads and writes the function's result as JSON."""
    try:
        hint = typing.get_type_hints(fn).get("return", Any)
    except (NameError, TypeError):
        hint = Any
    return TypeAdapter(hint)
