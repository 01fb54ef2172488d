"""Log lines that say which request, run and execution they belong to.

Everything goes through the standard library's ``logging`` under the logger ``headway``, so an application that mounts
Headway decides with its own configuration where lines go. `configure` is for our own servers and workers: it writes
JSON or, on a terminal, readable lines - by structlog where that is installed.

Payloads, tokens and query strings are never logged.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

import orjson

from headway.lines import Line
from headway.publish.context import log_fields

ROOT: Final = "headway"

_OTHERS: Final = {
    # a line for each request some job sends would bury the job's own, and tell addresses with what is in them
    "httpx": logging.WARNING,
    # several lines a second, and tracebacks, while Postgres is away: the engine tells of that once
    "psycopg.pool": logging.ERROR,
    "procrastinate": logging.CRITICAL,
}
"""The lowest level at which others are heard."""

_bound: ContextVar[Mapping[str, Any] | None] = ContextVar("headway_log", default=None)


@contextlib.contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Put fields on every line written inside, in tasks started inside too; those that are None are left out."""
    new = {name: value for name, value in fields.items() if value is not None}
    token = _bound.set({**(_bound.get() or {}), **new})
    try:
        with _also_in_structlog(new):
            yield
    finally:
        _bound.reset(token)


def _also_in_structlog(fields: Mapping[str, Any]) -> contextlib.AbstractContextManager[Any]:
    """So that the application's own lines carry them, if it uses structlog."""
    structlog = sys.modules.get("structlog")
    if structlog is None:
        return contextlib.nullcontext()
    context: contextlib.AbstractContextManager[Any] = structlog.contextvars.bound_contextvars(**fields)
    return context


def fields() -> dict[str, Any]:
    """Return the fields of this place: of the request, then of the run that is worked on."""
    return {**(_bound.get() or {}), **log_fields()}


class Logger:
    """A logger whose lines are an event and fields: ``log.info("run started", job="itinerary")``."""

    __slots__ = ("_log",)

    def __init__(self, log: logging.Logger) -> None:
        self._log = log

    def debug(self, event: str, **extra: Any) -> None:
        """Log what only helps to find a mistake."""
        self._write(logging.DEBUG, event, extra)

    def info(self, event: str, **extra: Any) -> None:
        """Log what happened as it should."""
        self._write(logging.INFO, event, extra)

    def warning(self, event: str, **extra: Any) -> None:
        """Log what somebody should look at one day."""
        self._write(logging.WARNING, event, extra)

    def error(self, event: str, *, error: BaseException | None = None, **extra: Any) -> None:
        """Log what somebody should look at now, with the traceback of `error`."""
        self._write(logging.ERROR, event, extra, error)

    def _write(self, level: int, event: str, extra: Mapping[str, Any], error: BaseException | None = None) -> None:
        if self._log.isEnabledFor(level):
            self._log.log(level, Line(event, **{**fields(), **extra}), exc_info=error, stacklevel=3)


def get_logger(name: str) -> Logger:
    """Return the logger of a module of ours (``get_logger(__name__)``)."""
    return Logger(logging.getLogger(name))


def configure(*, level: str = "info", format: str = "auto") -> None:
    """Write the lines of this process to stderr. For programs of ours; an application configures logging itself.

    Args:
        level: Lowest level written.
        format: ``json``, ``console``, or ``auto``: console on a terminal, else JSON.
    """
    as_json = format == "json" or (format == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _OTHERS.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def _formatter(*, as_json: bool) -> logging.Formatter:
    if as_json:
        return JsonFormatter()
    return ConsoleFormatter() if importlib.util.find_spec("structlog") else PlainFormatter()


def event_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return a record as one flat object: time, level, logger, event, then its fields."""
    line = record.msg
    head = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": line.event if isinstance(line, Line) else record.getMessage(),
    }
    return {**head, **fields(), **(line.fields if isinstance(line, Line) else {})}


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event = event_of(record)
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class PlainFormatter(logging.Formatter):
    """Readable lines without further packages."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it."""
        event = event_of(record)
        head = " ".join(str(event.pop(name)) for name in ("time", "level", "event"))
        line = " ".join([head, *(f"{name}={value!s}" for name, value in event.items())])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class ConsoleFormatter(logging.Formatter):
    """Lines for a person, drawn by structlog. Tracebacks without local variables: those may hold secrets."""

    def __init__(self) -> None:
        from structlog.dev import ConsoleRenderer, plain_traceback

        super().__init__()
        colors = sys.stderr.isatty()
        self._render = ConsoleRenderer(timestamp_key="time", colors=colors, exception_formatter=plain_traceback)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it."""
        event = event_of(record)
        if record.exc_info:
            event["exc_info"] = record.exc_info
        return str(self._render(None, "", event))
