"""Log lines: fields, context, and the three ways they are written."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from headway.lines import Line
from headway.ops import logging as ours
from headway.ops.logging import JsonFormatter, PlainFormatter, bound, configure, event_of, get_logger


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_a_line_is_an_event_and_fields(caplog: pytest.LogCaptureFixture) -> None:
    """Any formatter prints both."""
    caplog.set_level("DEBUG")
    log = get_logger("headway.test")
    log.debug("looked", at="log")
    log.info("run started", job="trip", days=3)
    log.warning("slow")
    assert [record.getMessage() for record in caplog.records] == [
        "looked at=log",
        "run started job=trip days=3",
        "slow",
    ]
    assert {record.name for record in caplog.records} == {"headway.test"}
    assert caplog.records[0].funcName == "test_a_line_is_an_event_and_fields"


def test_a_level_that_is_off_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """And writes nothing."""
    caplog.set_level("WARNING", logger="headway.test")
    get_logger("headway.test").info("quiet")
    assert caplog.records == []


def test_context_stands_on_every_line_inside(caplog: pytest.LogCaptureFixture) -> None:
    """Nested, with the inner one in front, and not a line longer."""
    log = get_logger("headway.test")
    with bound(request_id="r1", user=None):
        log.warning("one")
        with bound(run_id="run_1", request_id="r2"):
            log.warning("two")
        log.warning("three")
    log.warning("four")
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["one request_id=r1", "two request_id=r2 run_id=run_1", "three request_id=r1", "four"]


async def test_context_follows_tasks() -> None:
    """And stays apart between them."""

    async def inner() -> dict[str, object]:
        await asyncio.sleep(0)
        return ours.fields()

    async def outer(name: str) -> dict[str, object]:
        with bound(request_id=name):
            return await asyncio.create_task(inner())

    one, other = await asyncio.gather(outer("a"), outer("b"))
    assert (one, other) == ({"request_id": "a"}, {"request_id": "b"})


def test_the_applications_own_structlog_has_the_context() -> None:
    """Its lines belong to the same request."""
    with bound(request_id="r1"):
        assert structlog.contextvars.get_contextvars()["request_id"] == "r1"
    assert "request_id" not in structlog.contextvars.get_contextvars()


def record(message: object, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    """A record as ``logging`` makes it."""
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("headway.stores", logging.WARNING, __file__, 1, message, args, info)


def test_lines_of_plain_loggers_get_the_context_too() -> None:
    """Lower rooms use ``logging`` directly."""
    with bound(request_id="r1"):
        event = event_of(record("read %d rows", 3))
    assert event.pop("time").endswith("Z")
    assert event == {"level": "warning", "logger": "headway.stores", "event": "read 3 rows", "request_id": "r1"}


def failed(text: str, secret: str = "") -> ValueError:
    """An error that was raised, with its traceback, where `secret` was in reach."""
    try:
        assert secret is not None
        int(text)
    except ValueError as error:
        return error
    raise AssertionError


def test_json_is_one_object_a_line() -> None:
    """Whatever the fields are; with the traceback of an error."""
    error = ValueError("wrong")
    line = JsonFormatter().format(record(Line("bad", value=object()), error=error))
    assert "\n" not in line
    event = json.loads(line)
    assert event["event"] == "bad"
    assert event["exception"].endswith("ValueError: wrong")


def test_plain_lines_need_no_package() -> None:
    """Readable without structlog."""
    text = PlainFormatter().format(record(Line("bad", run_id="run_1"), error=ValueError("wrong")))
    first, *rest = text.splitlines()
    assert first.endswith("warning bad logger=headway.stores run_id=run_1")
    assert rest[-1] == "ValueError: wrong"


@pytest.mark.parametrize(
    "formatter", [JsonFormatter(), PlainFormatter(), ours.ConsoleFormatter()], ids=["json", "plain", "console"]
)
def test_most_lines_are_about_no_error(formatter: logging.Formatter) -> None:
    """They are one line, whoever writes them."""
    text = formatter.format(record(Line("run started", job="trip")))
    assert "run started" in text
    assert "trip" in text
    assert "\n" not in text


@pytest.mark.parametrize("format", ["json", "console", "auto"])
def test_programs_write_to_stderr(root: logging.Logger, capsys: pytest.CaptureFixture[str], format: str) -> None:
    """From the level on that is wanted; "auto" is JSON where nobody reads along."""
    configure(level="warning", format=format)
    log = get_logger("headway.test")
    log.info("quiet")
    with bound(request_id="r1"):
        log.error("loud", error=failed("wrong"), secret=None)
    text = capsys.readouterr().err
    assert "quiet" not in text
    assert "loud" in text
    assert "r1" in text
    assert "ValueError: invalid literal" in text
    if format != "console":
        assert json.loads(text)["level"] == "error"


def test_others_are_heard_when_they_have_something_to_say(root: logging.Logger) -> None:
    """Not each request, nor each try to reach a database that is away."""
    configure(level="info", format="json")
    heard = {"httpx": logging.WARNING, "psycopg.pool": logging.ERROR, "procrastinate.worker": logging.CRITICAL}
    assert {name: logging.getLogger(name).getEffectiveLevel() for name in heard} == heard


def test_tracebacks_show_no_variables(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    """They may hold secrets."""
    configure(format="console")
    get_logger("headway.test").error("failed", error=failed("wrong", secret="hunter2"))
    text = capsys.readouterr().err
    assert "ValueError" in text
    assert "hunter2" not in text


def test_without_structlog_it_is_plain(root: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install has no structlog."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "structlog")
    configure(format="console")
    assert isinstance(root.handlers[0].formatter, PlainFormatter)
    with bound(request_id="r1"):
        assert ours.fields() == {"request_id": "r1"}
