"""Server-sent events: bytes out, bytes in, and the way there and back."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.sse import LAST_CHUNK, Frame, FrameTooLarge, Parser, chunk, frame, retry
from tests.core.conformance import as_bytes, cases

ENCODE, PARSE = cases("sse/encode.json"), cases("sse/parse.json")


def parsed(chunks: list[bytes], **options: Any) -> tuple[list[Frame], int | None, bool]:
    """Frames, reconnection time, and whether the parser gave up."""
    parser, frames = Parser(**options), []
    try:
        for piece in chunks:
            frames += parser.feed(piece)
        frames += parser.feed(b"")
    except FrameTooLarge:
        return frames, parser.retry_ms, True
    return frames, parser.retry_ms, False


# ------------------------------------------------------------------------------------------------ cases


@pytest.mark.parametrize("name", ENCODE)
def test_encoding(name):
    """The bytes of one frame, or a refusal."""
    case = ENCODE[name]
    data = as_bytes(case["data"])
    if case.get("error"):
        with pytest.raises(ValueError, match="must not contain CR, LF or NUL"):
            frame(data, event=case["event"], id=case["id"])
    else:
        assert frame(data, event=case["event"], id=case["id"]) == as_bytes(case["bytes"])


@pytest.mark.parametrize("name", PARSE)
def test_parsing(name):
    """However the bytes are cut: at once, byte by byte, in two at every place."""
    case = PARSE[name]
    data = as_bytes(case["bytes"])
    options = {"limit": case["limit"]} if "limit" in case else {}
    expected = [Frame(**one) for one in case["frames"]], case.get("retry_ms"), case.get("error", False)
    assert parsed([data], **options) == expected
    assert parsed([data[at : at + 1] for at in range(len(data))], **options) == expected
    for at in range(len(data) + 1):
        assert parsed([data[:at], data[at:]], **options) == expected


# ------------------------------------------------------------------------------------------------ every frame

names = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8)
bodies = st.text(st.sampled_from("ab: \r\n\0é😀\u2028\ufeff") | st.characters(exclude_categories=["Cs"]), max_size=12)
frames = st.tuples(bodies, st.none() | names, st.none() | names)


@given(st.lists(frames, max_size=5), st.lists(st.integers(0, 400)), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_what_is_sent_is_received(sent, cuts, mark):
    """Every event, name and id, under every cut; line endings in data become LF."""
    data = mark + b"".join(frame(body.encode(), event=event, id=id) for body, event, id in sent)
    places = sorted({min(cut, len(data)) for cut in cuts})
    pieces = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    received, _, failed = parsed(pieces)
    expected, last = [], ""
    for body, event, id in sent:
        last = last if id is None else id
        expected.append(Frame(event or "message", re.sub(r"\r\n|\r", "\n", body), last))
    assert (received, failed) == (expected, False)


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)), st.integers(1, 20))
def test_cuts_never_change_what_comes_out(data, cuts, limit):
    """Of any bytes at all, within any limit."""
    places = sorted({min(cut, len(data)) for cut in cuts})
    pieces = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    assert parsed(pieces, limit=limit) == parsed([data], limit=limit)


# ------------------------------------------------------------------------------------------------ the rest


def test_a_parser_that_gave_up_stays_so():
    """It may have lost its place."""
    parser = Parser(limit=8)
    assert parser.feed(b"data: a\n\ndata: far too long\n\n") == [Frame("message", "a", "")]
    for piece in (b"", b"data: b\n\n"):
        with pytest.raises(FrameTooLarge, match="a frame has more than 8 bytes"):
            parser.feed(piece)


def test_memory_is_bounded_by_the_limit():
    """A line that never ends is given up, not collected."""
    parser = Parser(limit=1_000)
    for _ in range(10):
        assert parser.feed(b"x" * 100) == []
    for _ in range(100):
        with pytest.raises(FrameTooLarge):
            parser.feed(b"x" * 100)
    assert len(parser._rest) <= 1_100


@pytest.mark.parametrize("digits", [16, 5_000])
def test_a_reconnection_time_nobody_lives_to_see_is_ignored(digits):
    """Neither does it raise: reading thousands of digits would."""
    assert parsed([b"retry: 5\nretry: " + b"9" * digits + b"\n\n"])[1] == 5


def test_retry_is_read_back():
    """In milliseconds."""
    assert retry(2_317) == b"retry: 2317\n\n"
    assert parsed([retry(2_317)]) == ([], 2_317, False)


def test_names_that_are_no_unicode_are_refused():
    """Half an emoji has no bytes."""
    with pytest.raises(ValueError):
        frame(b"", event="\ud800")


def test_chunks():
    """Size in hex, CRLF, bytes, CRLF; no bytes are no chunk, for an empty one would end the response."""
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert chunk(b"") == b""
    assert LAST_CHUNK == b"0\r\n\r\n"
