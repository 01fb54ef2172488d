"""What a page sends to have a strategy made, and the brief it becomes."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from examples.itinerary.problems import Problem
from examples.report.capture.guard import Guard
from examples.report.errors import PageDown
from examples.strategy.library import Library
from examples.strategy.models import SOURCES_MAX, TITLE_MAX, Brief, Document, Side, Sources
from examples.strategy.reading.documents import TEXT_CHARACTERS, checked
from examples.strategy.reading.plain import of_markdown
from examples.strategy.reading.sample import sample


class Pasted(BaseModel):
    """A pasted text."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] = "Pasted text"
    text: Annotated[str, Field(min_length=1, max_length=2 * TEXT_CHARACTERS)]


class SideOrder(BaseModel):
    """Where one side's text comes from: any of these, or all of them.

    Attributes:
        sample: The texts that come with the example.
    """

    model_config = ConfigDict(extra="forbid")

    sites: Annotated[list[Annotated[str, Field(max_length=2_000)]], Field(max_length=5)] = []
    texts: Annotated[list[Pasted], Field(max_length=10)] = []
    documents: Annotated[list[Document], Field(max_length=SOURCES_MAX)] = []
    sample: bool = False


class Order(BaseModel):
    """What a strategy is ordered with.

    Attributes:
        title: None: named after its first source.
        start: Monday of the first week; None: the next one.
    """

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=TITLE_MAX)] | None = None
    own: SideOrder
    competitors: SideOrder = SideOrder()
    start: dt.date | None = None
    per_week: Annotated[int, Field(ge=1, le=3)] = 2


async def brief_of(order: Order, library: Library, guard: Guard) -> Brief:
    """Return the brief of an order; what was pasted is in the library then.

    Raises:
        AddressRefused: An address is none, or must not be asked.
        DocumentRefused, TextTooShort: A pasted text is too long or too short.
        Problem: There is no text at all, or the same twice.
    """
    own = await _sources("own", order.own, library, guard)
    competitors = await _sources("competitors", order.competitors, library, guard)
    start = order.start or next_monday(dt.datetime.now(dt.UTC).date())
    title = order.title or _title(order.own)
    try:
        return Brief(title=title, own=own, competitors=competitors, start=start, per_week=order.per_week)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise Problem(422, "brief_invalid", str(first["msg"]).removeprefix("Value error, ")) from error


async def _sources(side: Side, order: SideOrder, library: Library, guard: Guard) -> Sources:
    for url in order.sites:
        with contextlib.suppress(PageDown):  # a name that cannot be resolved now may be later: the job sees
            await guard.destination(url)
    texts = [(one.name, checked(one.name, of_markdown(one.text))) for one in order.texts]
    if order.sample:
        texts += await asyncio.to_thread(sample, side)
    added = await library.add_all(texts) if texts else []
    documents = {document.id: document for document in (*order.documents, *added)}
    return Sources(sites=list(dict.fromkeys(order.sites)), documents=list(documents.values()))


def _title(order: SideOrder) -> str:
    if order.sample:
        return "Headway, from its documentation"
    names = [*order.sites, *(one.name for one in order.documents), *(one.name for one in order.texts)]
    return f"Strategy for {names[0]}"[:TITLE_MAX] if names else "Strategy"


def next_monday(today: dt.date) -> dt.date:
    """Return the first Monday after a day."""
    return today + dt.timedelta(days=7 - today.weekday())
