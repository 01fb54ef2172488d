"""A job: a registered function with what is known about it before it runs."""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from headway.core.complaints import complaints, path_of
from headway.core.events import ItemPlanned, NewEvent, PhasePlan, new_event
from headway.core.plan import MAIN_PHASE, as_phases, planned
from headway.engines.lanes import DEFAULT_QUEUE, PRIORITY_MAX, check_queue
from headway.engines.schedule import Schedule
from headway.errors import InvalidInput, JobNotFound, UsageError
from headway.publish.plain import Plain
from headway.publish.run import Run
from headway.stores.rate import Rate

FORM: Final = "write it as `async def job(run: Run, input: Model) -> Result`"


NAME_SHOWN: Final = 64


def no_job(name: str, known: Iterable[str], hint: str) -> JobNotFound:
    """Return the error of a name that is no job's, with the name that was probably meant.

    Args:
        name: As it was asked for.
        known: Names whoever asks may know of.
        hint: How to mend it.
    """
    close = difflib.get_close_matches(name[:NAME_SHOWN], known, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return JobNotFound(f"there is no job {name[:NAME_SHOWN]!r}{meant}", hint=hint)


@dataclass(frozen=True, slots=True)
class Job:
    """A registered function.

    Attributes:
        name: Unique among the jobs of a Headway.
        fn: ``async def`` or ``def``; called as ``fn(run, input)``, or ``fn(run)`` when it takes no input.
        input: Validates the input and describes it; None when it takes none.
        result: Validates and describes the result.
        phases: Declared phases.
        plan: Placeholder items for an input, written together with ``run.queued``.
        retries: Further attempts after an exception of the body.
        timeout: Seconds one attempt may take, waiting excluded; None: no limit.
        concurrency: Runs of this job at once over all processes; None: no limit.
        rate: So many of its attempts may begin in such a time, over all processes; None: no limit.
        schedule: When runs of it are started by the clock; None: never.
        default: Input of those, validated.
        queue: Where its runs wait; worker processes choose their queues.
        priority: Where several jobs wait in one queue, runs of the higher go first. 0 to 9.
        http: May be started over HTTP.
        version: When set, an attempt is not continued by code of another version.
        strict: An event that cannot be written fails the run, instead of being tried again or let go with a log line.
        estimate: Expected seconds for an input; None: the median of the last successes.
        title: Title of a run for an input; None: the job's name.
    """

    name: str
    fn: Callable[..., Any]
    input: TypeAdapter[Any] | None
    result: TypeAdapter[Any]
    phases: tuple[PhasePlan, ...] = (MAIN_PHASE,)
    plan: Callable[[Any], Iterable[ItemPlanned | Mapping[str, Any]]] | None = None
    retries: int = 0
    timeout: float | None = None
    concurrency: int | None = None
    rate: Rate | None = None
    schedule: Schedule | None = None
    default: Any = field(default=None, compare=False)
    queue: str = DEFAULT_QUEUE
    priority: int = 0
    http: bool = True
    version: str | None = None
    strict: bool = False
    estimate: Callable[[Any], float] | None = None
    title: Callable[[Any], str] | str | None = None
    description: str | None = field(default=None, compare=False)

    @property
    def is_async(self) -> bool:
        """Whether the body is a coroutine function; a plain one runs in a thread."""
        return inspect.iscoroutinefunction(self.fn)

    def parse(self, value: Any) -> Any:
        """Validate an input.

        Raises:
            InvalidInput: it does not fit; ``extra["errors"]`` lists where and why.
        """
        if self.input is None:
            if value is not None:
                raise InvalidInput(f"job {self.name!r} takes no input", hint="leave `input` out")
            return None
        try:
            return self.input.validate_python(value)
        except ValidationError as error:
            raise invalid_input(self.name, error) from error

    def parse_json(self, body: bytes | None) -> Any:
        """Validate an input that was stored or sent as JSON. Raises as `parse`."""
        body = body or b"null"
        if self.input is None:
            return self.parse(orjson.loads(body))
        try:
            return self.input.validate_json(body)
        except ValidationError as error:
            raise invalid_input(self.name, error) from error

    def dump(self, value: Any) -> bytes | None:
        """Return a validated input as JSON."""
        return None if self.input is None else self.input.dump_json(value)

    def title_of(self, value: Any) -> str:
        """Return the title of a run for this input."""
        title = self.title(value) if callable(self.title) else self.title
        return title or self.name.replace("_", " ").capitalize()

    def first_events(self, value: Any) -> list[NewEvent]:
        """Return what is written together with ``run.queued``: the plan of phases and the placeholder items."""
        items = self.plan(value) if self.plan is not None else ()
        return [planned(self.phases), *(new_event("item.planned", as_item(item)) for item in items)]


def as_item(item: ItemPlanned | Mapping[str, Any]) -> ItemPlanned:
    """Return a placeholder as the payload it is written as."""
    return item if isinstance(item, ItemPlanned) else ItemPlanned.model_validate(item)


def invalid_input(name: str, error: ValidationError) -> InvalidInput:
    """Return our error for pydantic's, with every place that is wrong."""
    found = complaints(error.errors(include_url=False, include_context=False, include_input=False))
    path = path_of(found[0]["loc"])
    text = ": ".join(filter(None, [f"input of {name!r}", path, found[0]["msg"]]))
    return InvalidInput(text, errors=found, hint="see the job's input schema")


def make_job(fn: Callable[..., Any], *, name: str | None = None, rate: str | None = None, **options: Any) -> Job:
    """Read a function's signature and make a job of it.

    The function takes the run first, and at most one input after it; its annotation is the input model, the return
    annotation the result model (missing ones mean anything).

    Raises:
        UsageError: the signature is not one a job can have, or an option is not one.
    """
    name = name or fn.__name__
    signature = inspect.signature(fn)
    parameters = [p for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not 1 <= len(parameters) <= 2:
        raise UsageError(
            f"job {name!r} takes {len(parameters)} positional parameters",
            hint=FORM,
        )
    hints = _hints(fn)
    _check_run_comes_first(name, parameters[0].name, hints)
    check_queue(options.get("queue", DEFAULT_QUEUE))
    if not 0 <= options.get("priority", 0) <= PRIORITY_MAX:
        raise UsageError(f"job {name!r}: priority is from 0 to {PRIORITY_MAX}, higher goes first")
    takes_input = len(parameters) == 2
    job = Job(
        name=name,
        fn=fn,
        input=TypeAdapter(hints.get(parameters[1].name, Any)) if takes_input else None,
        result=TypeAdapter(hints.get("return", Any)),
        phases=as_phases(options.pop("phases", None)),
        rate=None if rate is None else Rate.parse(rate),
        description=inspect.getdoc(fn),
        **options,
    )
    return job if job.schedule is None else _scheduled(job, parameters[1].default if takes_input else None)


def _scheduled(job: Job, default: Any) -> Job:
    if default is inspect.Parameter.empty:
        raise UsageError(
            f"job {job.name!r} has a schedule, and nobody is there then to say its input",
            hint="give the input a default: `async def job(run: Run, input: Model = Model())`",
        )
    return replace(job, default=job.parse(default))


def _check_run_comes_first(name: str, first: str, hints: Mapping[str, Any]) -> None:
    """Insist that the first parameter can be the run. Raises `UsageError`."""
    given = hints.get(first)
    is_data = isinstance(given, type) and (given.__module__ == "builtins" or issubclass(given, BaseModel))
    is_data = is_data and given is not object  # which is as good as no annotation
    is_swapped = given not in (Run, Plain) and any(hint in (Run, Plain) for hint in hints.values())
    if is_data or is_swapped:
        raise UsageError(f"job {name!r}: its first parameter, {first!r}, is not the run", hint=FORM)


def _hints(fn: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(fn)
    except NameError as error:  # a type that exists only for the checker, or inside another function
        raise UsageError(
            f"the annotations of {fn.__qualname__!r} name {error.name!r}, which cannot be found when it is registered",
            hint="import the models at module level, not under TYPE_CHECKING",
        ) from error
