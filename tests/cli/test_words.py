"""How things are called on a terminal."""

import pytest

from headway.cli.words import (
    ENTRY,
    STATUS,
    age,
    amount,
    clean,
    clock,
    done_of,
    notice_text,
    one_line,
    percent,
    seconds_of,
    size,
    trouble_of,
)
from headway.core.run import RunStatus


def test_every_status_has_a_sign():
    """One column wide, and another one where only ASCII can be shown."""
    assert set(STATUS) == set(RunStatus)
    assert set(ENTRY) == {"planned", "running", "finished", "failed"}
    for sign in [*STATUS.values(), *ENTRY.values()]:
        assert len(sign.icon) == len(sign.plain) == 1
        assert sign.plain.isascii()


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("plain 🏔 北京", "plain 🏔 北京"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("\x1b]0;never ends", ""),
        ("\x1bcreset", "reset"),
        ("\x9b31mC1", "31mC1"),
        ("bell\x07 back\x08 null\x00 delete\x7f", "bell back null delete"),
        ("over\rwritten", "overwritten"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("two\nlines\tand a tab", "two\nlines   and a tab"),
        ("\x1b", ""),
        ("\x1b\x1b[31m", ""),
    ],
)
def test_text_of_a_run_cannot_command_the_terminal(text, harmless):
    """No colours, no cursor, no titles, no clipboard, no change of direction."""
    assert clean(text) == harmless


def test_one_line():
    """Whatever it was."""
    assert one_line("  two\r\nlines \x1b[31m here ") == "two lines here"
    assert one_line(None) == ""
    assert one_line(7) == "7"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03"), (183_845, "2d 03:04"), (-5, "0:00")],
)
def test_clock(seconds, shown):
    """As short as it can be read."""
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-3, "now"), (0.5, "now"), (1, "1 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"),
     (172_800, "2 d")],
)  # fmt: skip
def test_age(seconds, shown):
    """Roughly."""
    assert age(seconds) == shown


def test_amounts():
    """Counted, with and without an end."""
    assert (amount(3), amount(2.55), amount(1_234_567.0)) == ("3", "2.5", "1,234,567")
    assert done_of(3, 9, "days") == "3/9 days"
    assert done_of(3, None) == "3"
    assert done_of(0, None) == ""
    assert done_of(0, 9) == "0/9"
    assert (percent(None), percent(0), percent(99.9), percent(100)) == ("-", "0 %", "99 %", "100 %")


def test_times():
    """Of the wire."""
    assert seconds_of("1970-01-01T00:00:01.500Z") == 1.5
    assert seconds_of(None) is None


@pytest.mark.parametrize(
    ("told", "shown"), [({"text": "at noon\n"}, "at noon"), ({"message": "m"}, "m"), ({"a": 1, "b": 2}, "a 1, b 2")]
)
def test_notices(told, shown):
    """Operators say what they like."""
    assert notice_text(told) == shown


@pytest.mark.parametrize(
    ("bytes", "said"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (10**15, "1000.0 TB")],
)
def test_sizes(bytes, said):
    """Roughly."""
    assert size(bytes) == said


@pytest.mark.parametrize(
    ("status", "live", "said"),
    [
        ("queued", {}, ""),
        ("queued", {"degraded": False}, ""),
        ("queued", {"degraded": True}, "no worker is there to take it"),
        ("running", {"degraded": True}, "the server cannot read its store"),
        ("running", {"degraded": False, "trouble": "its worker\nhas died"}, "its worker has died"),
    ],
)
def test_trouble(status, live, said):
    """What is wrong beside the log."""
    assert trouble_of(status, live) == said
