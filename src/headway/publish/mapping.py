"""``run.map``: one function for many values, each an item of its own, kept, retried, and allowed to fail alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from headway.core.events import Error, ItemPlanned, NewEvent, Payload, new_event
from headway.errors import UsageError
from headway.publish.context import Context
from headway.publish.item import Item
from headway.publish.steps import Step, keep, takes

if TYPE_CHECKING:
    from headway.publish.reporter import Reporter


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands in the result of ``run.map`` where an item failed.

    Attributes:
        key: Key of the item.
        error: Why.
    """

    key: str
    error: Error


async def run_map(
    reporter: Reporter,
    fn: Callable[..., Any],
    values: Sequence[Any],
    *,
    phase: str | None,
    item: Callable[[Any], Mapping[str, Any] | Payload] | None,
    concurrency: int,
    on_error: Literal["fail", "partial"],
    retries: int,
    timeout: float | None,
) -> list[Any]:
    """See `Reporter.map`."""
    if concurrency < 1:
        raise UsageError(f"concurrency={concurrency} runs nothing", hint="give at least 1")
    placeholders = [_placeholder(fn, item, value, place, phase) for place, value in enumerate(values)]
    keys = [placeholder.key for placeholder in placeholders]
    if len(set(keys)) < len(keys):
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise UsageError(f"two items have the key {twice!r}", hint="make the key of `item=` unique per value")
    work = _Map(reporter, fn, Step(retries=retries, timeout=timeout), on_error)
    if phase is None:
        return await work.run(placeholders, values, concurrency)
    async with reporter.phase(phase):
        return await work.run(placeholders, values, concurrency)


class _Map:
    def __init__(self, reporter: Reporter, fn: Callable[..., Any], options: Step, on_error: str) -> None:
        self._reporter = reporter
        self._fn = fn
        self._options = options
        self._partial = on_error == "partial"
        self._takes_item = takes(fn, "item", "Item")
        self._broken = False

    async def run(self, placeholders: Sequence[ItemPlanned], values: Sequence[Any], concurrency: int) -> list[Any]:
        items = [self._reporter.item(**placeholder.model_dump()) for placeholder in placeholders]
        for item in items:
            await item.plan()
        slots = asyncio.Semaphore(concurrency)

        async def one(item: Item, value: Any) -> Any:
            async with slots:
                if self._broken:
                    raise asyncio.CancelledError("another item failed")
                return await self._one(item, value)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(item, value)) for item, value in zip(items, values, strict=True)]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the others were stopped because of it
        return [task.result() for task in tasks]

    async def _one(self, item: Item, value: Any) -> Any:
        execution = self._reporter._execution
        key = f"{item.context.scope}/{getattr(self._fn, '__name__', 'map')}"
        before = execution.entry("items", item.key)
        if before is not None and before["status"] == "failed" and not _again(before, execution.retry_from):
            return self._failed(item, Error.model_validate(before["error"]))
        known = execution.checkpoints is not None and key in execution.checkpoints
        if not known:
            await item.start()
        try:
            return await keep(
                item,
                key,
                self._fn,
                [value],
                bind=lambda context: self._bound(item, context),
                handle="item" if self._takes_item else None,
                options=self._options,
                then=lambda result: [_finished(item, result)],
            )
        except Exception as error:
            from headway.publish.reporter import describe

            self._broken = not self._partial  # at once: whoever waits for this slot must not begin
            await item.fail(described := describe(error))
            if not self._partial:
                raise
            return Failed(item.key, described)

    def _failed(self, item: Item, error: Error) -> Failed:
        if not self._partial:
            raise UsageError(f"item {item.key!r} failed before and was not named in the retry")
        return Failed(item.key, error)

    def _bound(self, item: Item, context: Context) -> Item:
        """The same item, reporting from inside the step."""
        bound = Item(item._execution, context, item.key)
        bound.context = context
        bound._placeholder = item._placeholder
        return bound


def _again(item: Mapping[str, Any], retry_from: int | None) -> bool:
    """Whether an item that failed is tried again; one that failed before a person named others stays as it is."""
    return retry_from is not None and item["attempt"] >= retry_from


def _finished(item: Item, result: Any) -> NewEvent:
    return new_event("item.finished", {"key": item.key, "data": result}, agent=item.context.agent)


def _placeholder(
    fn: Callable[..., Any],
    item: Callable[[Any], Mapping[str, Any] | Payload] | None,
    value: Any,
    place: int,
    phase: str | None,
) -> ItemPlanned:
    name = getattr(fn, "__name__", "item")
    spec = {"key": f"{name}:{place + 1}", "title": f"{name} {place + 1}"} if item is None else item(value)
    planned = spec if isinstance(spec, ItemPlanned) else ItemPlanned.model_validate(spec)
    return planned.model_copy(update={"phase": planned.phase or phase})
