"""Reading a whole log from a server that is not always there, or that is none."""

from collections.abc import Sequence

import orjson
import pytest

from headway.cli import archive
from headway.cli.archive import Line, archive_of_server
from headway.core.limits import PAGE_MAX
from headway.errors import HeadwayError, StoreUnavailable, Trimmed
from tests.client.scripted import RUN, Answer, Log, Request, Script, plain, problem, scripted, trip
from tests.client.scripted import json as json_answer

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """Pauses nobody has to wait for."""
    monkeypatch.setattr(archive, "PAUSES_S", (0.01, 0.01))


def page(log: Log, after: int, until: int) -> Answer:
    """Some events, as lines."""
    lines = b"".join(orjson.dumps(event) + b"\n" for event in log.events[after:until])
    return plain("200 OK", lines, {**NDJSON, "Headway-Cursor": log.cursor(until)})


async def read(script: Script, run: str = RUN, *, snapshot: bool = False) -> tuple[Sequence[Line], bytes | None]:
    """Read a log from a server that does as it is told."""
    async with (
        scripted(script) as server,
        archive_of_server(run.replace("SERVER", server.url), f"{server.url}/headway", None, snapshot=snapshot) as found,
    ):
        return [line async for lines in found.lines for line in lines], found.snapshot


async def test_page_by_page():
    """From the beginning to the head that was there first, with the cursors the server gave."""
    log, asked = trip(), []

    def script(request: Request, _n: int) -> Answer:
        if not request.path.endswith("/events"):
            return json_answer({**log.state(8), "live": {"degraded": False}})
        asked.append((request.query["after"], request.query["limit"], request.headers["accept"]))
        begin = int(request.query["after"].partition(".")[0])
        return page(log, begin, begin + 3)

    lines, state = await read(script, snapshot=True)
    assert [(seq, orjson.loads(line)) for seq, line in lines] == list(enumerate(log.events[:8], 1))
    assert asked == [(cursor, str(PAGE_MAX), NDJSON["Content-Type"]) for cursor in ("0.0", "3.aaaa", "6.aaaa")]
    assert state is not None
    assert orjson.loads(state) == log.state(8)
    again, _ = await read(script, "SERVER/v1/runs/x/stream")
    assert again == lines


async def test_a_server_that_is_away_for_a_moment():
    """The page is asked for again; what went out before stays good. Not for ever."""
    log, failures = trip(), [problem("503 Away", "store_unavailable", retryable=True), Answer(b"", "reset")]

    def script(request: Request, _n: int) -> Answer:
        if not request.path.endswith("/events"):
            return json_answer(log.state())
        if request.query["after"] != "0.0" and failures:
            return failures.pop()
        begin = int(request.query["after"].partition(".")[0])
        return page(log, begin, begin + 5)

    lines, _ = await read(script)
    assert [seq for seq, _ in lines] == list(range(1, 11))
    failures = [problem("503 Away", "store_unavailable", retryable=True)] * 3
    with pytest.raises(StoreUnavailable, match="because store_unavailable"):
        await read(script)


async def test_what_is_left_of_a_trimmed_log():
    """Is read from where the server says it begins; a log that lost its tail is none."""
    log = trip()
    more = {"reason": "trimmed", "oldest": "6.0"}

    def script(request: Request, _n: int) -> Answer:
        if not request.path.endswith("/events"):
            return json_answer(log.state())
        if request.query["after"] == "0.0":
            return problem("410 Gone", "trimmed", None, **more)
        return page(log, int(request.query["after"].partition(".")[0]), 10)

    lines, _ = await read(script)
    assert [seq for seq, _ in lines] == [7, 8, 9, 10]
    for answer in ({"reason": "ahead", "oldest": "6.0"}, {"reason": "trimmed"}, {"reason": "trimmed", "oldest": "0.0"}):
        more = answer
        with pytest.raises(Trimmed):
            await read(script)


@pytest.mark.parametrize(
    ("state", "events", "said"),
    [
        (json_answer({"hello": "world"}), None, "no state of a run"),
        (plain("200 OK", b"<html>"), None, "no state of a run"),
        (None, plain("200 OK", b"", NDJSON), "no page of a run's log"),
        (None, plain("200 OK", b'{"seq": 1}\n', NDJSON), "no page of a run's log"),
        (None, plain("200 OK", b"<html>\n", {"Headway-Cursor": "1.a"}), "no page of a run's log"),
    ],
)
async def test_what_is_no_headway(state, events, said):
    """Is told, and never taken for a log."""
    log = trip()

    def script(request: Request, _n: int) -> Answer:
        answer = events if request.path.endswith("/events") else state
        return answer or json_answer(log.state())

    with pytest.raises(HeadwayError, match=said):
        await read(script)
