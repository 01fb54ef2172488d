"""What a run, an item and an agent have in common: they report, and work goes on inside them."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from pydantic import ValidationError

from headway.core.events import Error, NewEvent, Payload, new_event
from headway.errors import HeadwayError, InvalidEvent
from headway.publish.context import Context, active
from headway.publish.execution import Execution
from headway.publish.pending import sound_text

if TYPE_CHECKING:
    from headway.publish.item import Item
    from headway.publish.mapping import Failed
    from headway.publish.output import Output
    from headway.publish.phase import Phase
    from headway.publish.steps import Step

T = TypeVar("T")
V = TypeVar("V")

_REPLAYED = ("phase.", "item.", "note", "log", "error", "custom")
"""Reported outside a step these are written once, however often the body is replayed after a crash."""


class Reporter:
    """Reports into one run. Every verb is a coroutine, may wait for room (backpressure), and is cancel-safe.

    Verbs raise `Fenced`, `RunClosed` or `RunNotFound` when the run is not this execution's any more, and
    `InvalidEvent` for what an event cannot carry. An unreachable store makes them wait, never fail.

    Attributes:
        context: Ids of run, execution, agent and step.
    """

    def __init__(self, execution: Execution, context: Context) -> None:
        self._execution = execution
        self.context = context

    @property
    def id(self) -> str:
        """Id of the run."""
        return self.context.run_id

    @property
    def plain(self) -> Any:
        """The same handle for plain code in any thread, such as a solver's callback; its verbs return when done.

        Ask for it on the event loop, and use it anywhere but there.
        """
        from headway.publish.plain import Plain

        return Plain(self, asyncio.get_running_loop())

    @property
    def step_key(self) -> str | None:
        """Key of the step this runs in; with the run's id an idempotency key towards other services."""
        return self.context.step

    @property
    def cancel_requested(self) -> bool:
        """Somebody asked the run to stop. The body is stopped at its next ``await``; plain code may look here."""
        return self._execution.cancel_requested

    # -- reporting

    async def note(self, body: str, *, kind: str = "info", title: str | None = None) -> None:
        """Tell viewers something worth reading beside the progress (``kind="educational"`` ...)."""
        await self._report("note", {"kind": kind, "title": title, "body": body})

    async def log(
        self, text: str, *, level: Literal["debug", "info", "warning", "error", "critical"] = "info", **fields: Any
    ) -> None:
        """Write a line for whoever looks into the run; it is in the log, never in the snapshot."""
        await self._report("log", {"level": level, "text": text, "fields": {**self.context.fields(), **fields}})

    async def error(
        self,
        message: str,
        *,
        code: str = "job_error",
        severity: Literal["info", "warning", "error", "critical"] = "error",
        category: str = "application",
        retryable: bool = False,
        item: str | None = None,
    ) -> None:
        """Report that something went wrong without ending the run. Leaves at once."""
        data = {"severity": severity, "category": category, "code": code, "message": message}
        await self._report("error", {**data, "retryable": retryable, "item": item}, urgent=True)

    async def custom(self, name: str, data: Any, *, key: str | None = None) -> None:
        """Report an event of your own; folds to ``custom[name][key or ""] = data``."""
        await self._report("custom", {"name": name, "key": key, "data": data})

    # -- parts

    def output(self, key: str) -> Output:
        """Return a text stream: ``async with run.output("summary") as out: await out.write(token)``."""
        from headway.publish.output import Output

        return Output(self._execution, self.context, key)

    def item(
        self, key: str, *, kind: str = "item", title: str = "", parent: str | None = None, phase: str | None = None
    ) -> Item:
        """Return a keyed part of the run with its own status, progress and data; inside an item: a part of it."""
        from headway.publish.item import Item

        return Item(self._execution, self.context, key, kind=kind, title=title, parent=parent, phase=phase)

    def phase(self, id: str, *, total: float | None = None, unit: str | None = None) -> Phase:
        """Return a phase: ``async with run.phase("read", total=10) as phase: await phase.advance()``."""
        from headway.publish.phase import Phase

        return Phase(self._execution, self.context, id, total=total, unit=unit)

    def agent(self, name: str) -> Agent:
        """Return the handle of an agent called inside: same run and ids, its name on every event, keys of its own."""
        return Agent(self._execution, self.context.of_agent(name))

    async def step(
        self, fn: Callable[..., Any], *args: Any, key: str | None = None, options: Step | None = None
    ) -> Any:
        """Run a function once per run: its result is kept, and a later attempt gets it without running it again.

        The function gets a handle first if its first parameter is named ``run`` or annotated `Run`. What it reports
        is withdrawn before it is tried again. A plain function runs in a thread, with the plain face of the handle.

        Args:
            fn: What to run. Its return annotation is the type a kept result is read as.
            args: Its further arguments.
            key: Name of the step within this run, item or agent; the function's name when None.
            options: Retries, time-out, back-off.

        Raises:
            UsageError: the key was used already, or this run cannot keep steps.
            Exception: what the function raised at its last try.
        """
        from headway.publish.steps import run_step

        return await run_step(self, fn, args, key=key, options=options)

    @overload
    async def ask(
        self,
        schema: type[T],
        prompt: str,
        *,
        key: str | None = ...,
        timeout: float | None = ...,
        secret: Collection[str] | bool = ...,
    ) -> T: ...
    @overload
    async def ask(
        self,
        schema: Any,
        prompt: str,
        *,
        key: str | None = ...,
        timeout: float | None = ...,
        secret: Collection[str] | bool = ...,
    ) -> Any: ...
    async def ask(
        self,
        schema: Any,
        prompt: str,
        *,
        key: str | None = None,
        timeout: float | None = None,
        secret: Collection[str] | bool = (),
    ) -> Any:
        """Ask a person or another program, and wait for the answer, however long and whatever dies meanwhile.

        The run is ``waiting``; time-outs of the job and of its steps stand still. After ``HEADWAY_ASK_HOLD_S`` seconds
        without other work the body is unwound, and the worker is free; with the answer it is called again, and goes
        through what it did before as after a crash: finished steps and answered questions return at once. Questions of
        parallel parts are asked one after the other. Ended from outside (a time-out around it, a sibling that fails), a
        question is withdrawn.

        Args:
            schema: Type of the answer: a pydantic model, ``bool``, ``Literal["red", "green"]`` ... Its JSON Schema goes
                out with the question. An answer that only the type's own validators refuse is asked for again.
            prompt: For whoever answers.
            key: Name of the question within this run, item, agent or step; the type's name when None.
            timeout: Seconds it may stay open; None: for ever.
            secret: Fields of the answer that stay out of the log, or True for all of it. What pydantic's `SecretStr`
                holds always does.

        Raises:
            AskTimedOut: nobody answered in time; a `TimeoutError`, too.
            UsageError: the key was used already, or this run cannot ask.
        """
        from headway.publish.asking import run_ask

        return await run_ask(self, schema, prompt, key=key, timeout=timeout, secret=secret)

    @overload
    async def map(
        self,
        fn: Callable[..., Coroutine[Any, Any, T]],
        values: Iterable[V],
        *,
        phase: str | None = ...,
        item: Callable[[V], Mapping[str, Any] | Payload] | None = ...,
        concurrency: int = ...,
        on_error: Literal["fail"] = ...,
        retries: int = ...,
        timeout: float | None = ...,
    ) -> list[T]: ...
    @overload
    async def map(
        self,
        fn: Callable[..., Coroutine[Any, Any, T]],
        values: Iterable[V],
        *,
        phase: str | None = ...,
        item: Callable[[V], Mapping[str, Any] | Payload] | None = ...,
        concurrency: int = ...,
        on_error: Literal["partial"],
        retries: int = ...,
        timeout: float | None = ...,
    ) -> list[T | Failed]: ...
    @overload
    async def map(
        self,
        fn: Callable[..., T],
        values: Iterable[V],
        *,
        phase: str | None = ...,
        item: Callable[[V], Mapping[str, Any] | Payload] | None = ...,
        concurrency: int = ...,
        on_error: Literal["fail"] = ...,
        retries: int = ...,
        timeout: float | None = ...,
    ) -> list[T]: ...
    @overload
    async def map(
        self,
        fn: Callable[..., T],
        values: Iterable[V],
        *,
        phase: str | None = ...,
        item: Callable[[V], Mapping[str, Any] | Payload] | None = ...,
        concurrency: int = ...,
        on_error: Literal["partial"],
        retries: int = ...,
        timeout: float | None = ...,
    ) -> list[T | Failed]: ...
    async def map(
        self,
        fn: Callable[..., Any],
        values: Iterable[Any],
        *,
        phase: str | None = None,
        item: Callable[[Any], Mapping[str, Any] | Payload] | None = None,
        concurrency: int = 4,
        on_error: Literal["fail", "partial"] = "fail",
        retries: int = 0,
        timeout: float | None = None,
    ) -> list[Any]:
        """Run a function for many values, each a keyed, checkpointed item; return the results in order.

        All items are planned first. An item that finished in an earlier attempt is not run again. The function is
        called as ``fn(item, value)`` if its first parameter is named ``item`` or annotated `Item`, else ``fn(value)``.

        Args:
            fn: What to run; its result becomes the item's data.
            values: One per item.
            phase: Phase to run it in; it is started before and finished after.
            item: Makes the placeholder (key, kind, title ...) of a value; else the function's name and the place.
            concurrency: So many at once.
            on_error: ``fail``: the first failure stops the rest and is raised. ``partial``: it takes its place in the
                result as `Failed`, and the run ends ``partial``.
            retries: Further tries of one item.
            timeout: Seconds one try may take.
        """
        from headway.publish.mapping import run_map

        return await run_map(
            self,
            fn,
            list(values),
            phase=phase,
            item=item,
            concurrency=concurrency,
            on_error=on_error,
            retries=retries,
            timeout=timeout,
        )

    # -- inside

    async def _report(
        self,
        type: str,
        data: Payload | dict[str, Any],
        *,
        entity: str | None = None,
        conflate: bool = False,
        urgent: bool = False,
    ) -> None:
        event = self._event(type, data, entity=entity, conflate=conflate)
        await self._execution.publisher.publish(event, entity=entity, conflate=conflate, urgent=urgent)

    def _event(
        self, type: str, data: Payload | dict[str, Any], *, entity: str | None = None, conflate: bool = False
    ) -> NewEvent:
        key = None
        if self.context.step is None and not conflate and type.startswith(_REPLAYED):
            key = self._execution.replay_key(f"{self.context.scope}/{type}:{entity or ''}")
        try:
            return new_event(type, data, key=key, step=self.context.step, agent=self.context.agent)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in wrong["loc"])
            raise InvalidEvent(f"{type}: {place}: {wrong['msg']}") from error
        except (ValueError, TypeError) as error:
            raise InvalidEvent(f"{type}: {error}", hint="report only what JSON can say") from error


class Scoped(Reporter):
    """A reporter that becomes the current one inside ``async with``."""

    _before: Reporter | None = None

    def _enter(self) -> None:
        # not by a token: plain code enters and leaves in two copies of its context
        self._before = active.get()
        active.set(self)

    def _exit(self) -> None:
        active.set(self._before)


class Agent(Scoped):
    """An agent called inside a run; see `Reporter.agent`."""

    async def __aenter__(self) -> Self:
        self._enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit()


def describe(error: BaseException) -> Error:
    """Return what viewers are told of an exception, never its stack.

    One that brings a code of its own was made to be read: its text is told as it is. Of others the kind is told, too.
    """
    if isinstance(error, HeadwayError):
        return Error(
            code=error.code,
            message=_told(error.detail),
            category="headway",
            retryable=error.retryable,
            hint=None if error.hint is None else _told(error.hint),
        )
    if isinstance(error, TimeoutError):
        text = _told(str(error)) or "it took too long"
        return Error(code="timed_out", message=text, category="timeout", retryable=True)
    code = _own(error, "code", "job_error")
    text = "" if code == "job_error" else str(error)
    hint = getattr(error, "hint", None)
    return Error(
        code=code,
        message=_told(text or "".join(traceback.format_exception_only(error)).strip()),
        category=_own(error, "category", "application"),
        retryable=bool(getattr(error, "retryable", True)),
        hint=_told(hint) if isinstance(hint, str) else None,
    )


def _told(text: str) -> str:
    """Whatever an exception says, as an error can carry it: it must not fail to be told."""
    return sound_text(text)[:10_000]


def _own(error: BaseException, name: str, default: str) -> str:
    """An exception may bring its own code and category."""
    value = getattr(error, name, None)
    return sound_text(value) if isinstance(value, str) and 0 < len(value) <= 200 else default
