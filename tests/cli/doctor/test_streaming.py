"""A stream through whatever stands between."""

import gzip

import pytest

from headway.cli.doctor import streaming as module
from headway.cli.doctor.findings import Finding, Level
from headway.cli.doctor.streaming import Heard, judged, streaming
from headway.client import Client
from tests.client.scripted import Answer, control, opened, plain, problem, scripted, stream

PING = control("ping", head=None)
SOON = opened(server_time=None, ping_s=0.2)


async def found(answer: Answer) -> dict[str, Finding]:
    """Findings by what they are about."""
    async with scripted(lambda _request, _n: answer) as server, Client(server.url) as client:
        return {each.about: each async for each in streaming(client)}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Nobody waits for seconds."""
    monkeypatch.setattr(module, "PATIENCE_S", 1.0)
    monkeypatch.setattr(module, "SOON_S", 0.1)


@pytest.mark.parametrize(
    ("answer", "level", "said"),
    [
        (Answer(b"", "stall"), Level.FAIL, "nothing came within"),
        (Answer(b"", "reset"), Level.FAIL, "broken"),
        (stream(then="stall"), Level.FAIL, "nothing behind it within"),
        (stream(b": hello\n\n", then="stall"), Level.FAIL, "nothing behind it within"),
        (stream(SOON, then="stall"), Level.FAIL, "although a ping was due"),
        (stream(SOON), Level.FAIL, "cut before its first ping"),
        (stream(), Level.FAIL, "cut before its first ping"),
        (stream(b"data: <html>\n\n"), Level.FAIL, "no stream of Headway"),
        (stream(b"data: []\nevent: end\n\n"), Level.FAIL, "no stream of Headway"),
        (plain("502 Bad Gateway"), Level.FAIL, "502"),
        (problem("401 No", "unauthenticated"), Level.WARN, "refused"),
        (stream(SOON, control("end", use="poll")), Level.WARN, "switched off"),
        (stream(SOON, PING, then="stall"), Level.OK, "nothing holds them back"),
        (stream(opened(server_time=None, ping_s=90), then="stall"), Level.OK, "too rare"),
        (stream(opened(server_time=None, ping_s=None), then="stall"), Level.OK, "too rare"),
    ],
)
async def test_what_comes_of_a_stream(answer, level, said):
    """What is held back, cut or replaced on the way is found out."""
    finding = (await found(answer))["stream"]
    assert (finding.level, said in finding.text) == (level, True), finding
    assert bool(finding.mend) == (level is not Level.OK)


def test_a_stream_that_begins_late():
    """Something collected its first bytes for a while."""
    finding = judged(Heard(head_s=0.1, first_s=3.0, ping_s=4.0, opened={}))
    assert (finding.level, "2.9 s after the head" in finding.text) == (Level.WARN, True)


async def test_a_compressed_stream():
    """Is read as a browser would read it, and warned of."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n"
    findings = await found(Answer(head + gzip.compress(SOON + PING)))
    assert findings["stream"].level is Level.OK
    assert findings["compression"].level is Level.WARN


@pytest.mark.parametrize(
    ("date", "level"), [("Sat, 21 Nov 2020 09:00:00 GMT", Level.FAIL), ("yesterday", None), (None, None)]
)
async def test_a_server_whose_clock_is_wrong(date, level):
    """By the header `Date`, where the stream does not say it more exactly."""
    sent = f"Date: {date}\r\n" if date else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{sent}\r\n".encode()
    findings = await found(Answer(head + SOON + PING))
    assert (findings["server's clock"].level if level else findings.get("server's clock")) == level


async def test_a_server_whose_stream_tells_the_time():
    """To the millisecond."""
    assert (await found(stream(opened(), PING)))["server's clock"].level is Level.FAIL  # of another day
