"""What a stream is asked for: the parameters of the request, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs

from headway.core.cursor import START, Cursor
from headway.core.events import FAMILIES
from headway.core.limits import STREAM_RUNS_MAX
from headway.errors import InvalidCursor, InvalidQuery, StreamWithBody
from headway.hub.asgi import Scope
from headway.hub.frames import Form, View, form_of
from headway.hub.noting import client_label
from headway.hub.subscription import Wish
from headway.types import RunId

_HEADERS_READ: Final = (b"content-length", b"transfer-encoding", b"last-event-id")
_FALSE: Final = ("0", "false", "no", "off")

Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a stream was asked for, whichever it is.

    Attributes:
        wish: Where to begin, and how.
        execution_id: The execution the client believes to be current, or None.
        client: Name and version of a client that is no EventSource, which means that it understands 429 and 503;
            ``unnamed`` if it only says so; "" for an EventSource.
        query: All parameters.
    """

    wish: Wish
    execution_id: str | None
    client: str
    query: Query

    @classmethod
    def of(cls, scope: Scope) -> StreamRequest:
        """Read a request.

        Raises:
            InvalidQuery: a parameter has a value it cannot have.
            StreamWithBody: the request has a body.
        """
        headers = {name: value for name, value in scope["headers"] if name in _HEADERS_READ}
        if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
            raise StreamWithBody("a stream is asked for without a body", hint="put parameters into the URL")
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        cursor = headers.get(b"last-event-id", b"").decode("latin-1") or _one(query, "last_event_id")
        return cls(_wish(query, cursor), _one(query, "execution_id"), client_label(_one(query, "client")), query)

    def through(self, view: View) -> StreamRequest:
        """Return the same for an application's own messages in place of events; they have no name."""
        return replace(self, wish=replace(self.wish, every=False, form=Form(named=False, progress=True, view=view)))

    def runs(self) -> dict[RunId, Wish]:
        """Return the runs named by ``run=<id>@<cursor>``, each with its own cursor; one without begins anew.

        Raises:
            InvalidQuery: there is none, or there are too many.
        """
        named = [value.partition("@") for value in self.query.get("run", ())]
        if not 0 < len(named) <= STREAM_RUNS_MAX:
            raise InvalidQuery(f"run: name 1 to {STREAM_RUNS_MAX} runs", hint="?run=<id>@<cursor>&run=<id>")
        begin = _wish(self.query, None)
        form = form_of(
            named=begin.form.named, prefixed=True, families=begin.form.families, progress=begin.form.progress
        )
        wishes = {}
        for run_id, _, text in named:
            cursor = _cursor(text)
            one = begin if cursor is None else Wish(cursor=cursor, every=begin.every)
            wishes[run_id] = replace(one, form=form)
        return wishes

    def number(self, name: str, default: int, most: int) -> int:
        """Return a parameter that is a number from 1 to `most`.

        Raises:
            InvalidQuery: it is not.
        """
        text = _one(self.query, name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= most):
            raise InvalidQuery(f"{name}: {text[:64]!r} is not a number from 1 to {most}")
        return int(text)


def _one(query: Query, name: str) -> str | None:
    return query[name][-1] if name in query else None


def _flag(query: Query, name: str, *, default: bool) -> bool:
    value = _one(query, name)
    return default if value is None else value.lower() not in _FALSE


def _choice(query: Query, name: str, choices: Sequence[str]) -> str | None:
    value = _one(query, name)
    if value is not None and value not in choices:
        raise InvalidQuery(f"{name}: {value[:64]!r} is not possible", hint=f"use one of {', '.join(choices)}")
    return value


def _wish(query: Query, cursor: str | None) -> Wish:
    begin = _choice(query, "from", ("snapshot", "earliest", "latest"))
    progress = _choice(query, "view", ("progress", "events")) == "progress"
    every = _choice(query, "deliver", ("all", "state")) == "all" and not progress
    form = form_of(named=_flag(query, "named", default=True), families=_families(query), progress=progress)
    known = _cursor(cursor)
    if known is not None:
        return Wish(cursor=known, every=every, form=form)
    if begin == "earliest":
        return Wish(cursor=START, whole=True, every=every, form=form)
    return Wish(latest=begin == "latest", every=every, form=form)


def _families(query: Query) -> frozenset[str] | None:
    names = [name for value in query.get("types", ()) for name in value.split(",") if name]
    unknown = [name for name in names if name not in FAMILIES]
    if unknown:
        raise InvalidQuery(f"types: there is no family {unknown[0][:64]!r}", hint=f"there are {', '.join(FAMILIES)}")
    return frozenset(names) or None


def _cursor(text: str | None) -> Cursor | None:
    """Read a cursor. What is none of ours counts as none: the client begins with a snapshot."""
    try:
        return Cursor.parse(text) if text else None
    except InvalidCursor:
        return None
