"""A run as it looks on a terminal."""

import pytest
from rich.cells import cell_len

from headway.cli.rows import Pen
from headway.cli.view import ALL, Picture, closing, draw
from headway.client import Connection
from headway.core.clock import parse_ms
from tests.cli.states import RUN, Story, ended, failed, trip

NOW = (parse_ms("2026-11-21T09:00:30.000Z") or 0) / 1000
LIVE = Connection("live")


def text(story: Story, width: int = 80, height: int = ALL, connection: Connection | None = LIVE, **more) -> str:
    """What is drawn."""
    picture = Picture(story.state, connection, **more)
    return "\n".join(row.plain.rstrip() for row in draw(picture, Pen(width, now=NOW), height))


def test_the_whole_picture():
    """As it looks in a window of the usual size."""
    assert text(trip(), 80, 24) == (
        "● Trip to Zürich 🏔 and 北京                                              running\n"
        f"itinerary · {RUN}           0:28, about 0:22 left\n"
        "\n"
        "━━━━━━━━━━━━━━━━━╸──────────────────────────  40 %\n"
        "\n"
        "  ✓  read           ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  20/20 pages\n"
        "  ●  Plan the days  ━━━━━━━━━━────────────────────  2/6\n"
        "  ○  write          ──────────────────────────────\n"
        "\n"
        "  ✓  Day 1 in Zürich\n"
        "    ✓  Museum für Gestaltung\n"
        "  ✗  Day 2 in Zürich          no place is open on this day, and the one that is…\n"
        "  ●  Day 3 in Zürich          ━━━━━━────  5/8  improving the tour through the o…\n"
        "  ●  Day 4 in Zürich          2  asking for places\n"
        "  ○  Day 5 in Zürich\n"
        "  ○  Day 6 in Zürich\n"
        "\n"
        "  summary\n"
        "  │ noon.\n"
        "  │\n"
        "  │ Then 北京 🐘: a very long walk.\n"
        "  i Did you know: Autumn is the best time for a walk.\n"
        "\n"
        "connected                                     Ctrl-C stops watching, not the run"
    )


@pytest.mark.parametrize("width", [20, 33, 44, 60, 80, 119, 200])
@pytest.mark.parametrize("height", [10, 13, 17, 24, 50])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("story", [trip(), ended(), failed(), Story()])
def test_it_fits_every_window(width, height, unicode, story):
    """No row wraps, no row is lost below."""
    picture = Picture(story.state, LIVE, notice="we restart at noon " * 9)
    rows = draw(picture, Pen(width, unicode, NOW), height)
    assert len(rows) <= height
    assert max(cell_len(row.plain) for row in rows) <= width
    assert "connected" in rows[-1].plain
    if not unicode:
        drawn = "".join(row.plain for row in draw(Picture(failed().state, LIVE), Pen(width, unicode, NOW), height))
        assert drawn.isascii()


def test_thousands_of_items():
    """What matters is there, the rest is counted."""
    story = Story().then("run.started", attempt=1)
    for n in range(500):
        story.then("item.planned", key=f"n:{n}", kind="n", title=f"Item {n}")
    story.then("item.started", key="n:250").then("item.failed", key="n:251", error={"code": "x", "message": "broken"})
    drawn = text(story, 80, 24)
    assert "●  Item 250" in drawn
    assert "✗  Item 251  broken" in drawn
    assert "… and " in drawn
    assert "planned" in drawn


def test_more_phases_than_rows():
    """Those around the running one."""
    story = Story().then("run.planned", phases=[{"id": f"phase {n}", "weight": 1} for n in range(20)])
    story.then("run.started", attempt=1).then("phase.started", id="phase 12", total=2)
    drawn = text(story, 80, 24)
    assert "phase 11" in drawn
    assert "●  phase 12" in drawn
    assert "15 more phases" in drawn
    assert "phase 2 " not in drawn


def test_what_nobody_knows_moves():
    """A phase without an end makes no percent; what was reached stays."""
    story = trip().then("phase.started", id="write")
    assert "40+ %" in text(story)
    pictures = {
        "\n".join(row.plain for row in draw(Picture(story.state, LIVE), Pen(80, now=NOW + n))) for n in range(5)
    }
    assert len(pictures) > 1
    story = Story().then("run.started", attempt=1).then("phase.started", id="some")
    assert " -" in text(story).splitlines()[3]


def test_a_run_without_phases():
    """Its one phase stands beside the bar and is not listed."""
    lines = text(failed(), connection=None).splitlines()
    assert lines[3].endswith("30 %   3/10 files  reading a.csv")
    assert "main" not in "\n".join(lines)
    assert lines[-1] == "  ! the disk is slow"


def test_waiting_in_the_queue():
    """With its place in it; and whether anybody is there to take it."""
    story = Story()
    assert text(story).splitlines()[0].endswith("queued")
    live = {"queue_position": 3, "estimated_start": None, "degraded": True}
    drawn = text(story, live=live)
    assert "queued, number 3 in the queue" in drawn
    assert "connected, but no worker is there to take it" in drawn
    assert "cannot read its store" in text(trip(), live=live)


def test_stopping_and_trying_again():
    """States beside the status."""
    assert text(trip().then("run.cancel_requested", by="ada")).splitlines()[0].endswith("stopping")
    again = failed().then("run.reopened", items=[]).then("run.queued", attempt=2, reason="reopened")
    assert "import · attempt 2 · run_" in text(again)


def test_a_question():
    """Of the job."""
    story = trip().then("run.waiting", ask_id="a", prompt="Which hotel?", schema=None)
    assert "  ? Which hotel?  (a)" in text(story)


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        (Connection("connecting"), "connecting"),
        (Connection("live", "poll"), "connected, polling"),
        (
            Connection("waiting", wait_s=2, reason="the server cannot be reached"),
            "reconnecting in 2 s: the server cannot be reached",
        ),
        (Connection("waiting", reason="the connection was cut"), "reconnecting now: the connection was cut"),
    ],
)
def test_how_it_is_connected(connection, said):
    """In the last row."""
    drawn = text(trip(), connection=connection, retry_at=NOW + connection.wait_s)
    assert drawn.splitlines()[-1].startswith(said)


def test_clocks_that_differ():
    """Times are those of the server."""
    assert "2:28" in text(trip(), connection=Connection("live", ahead_s=120))


def test_a_notice():
    """Of an operator."""
    assert "notice we restart at noon" in text(trip(), notice="we restart at noon")


def test_the_end():
    """What failed in full, what it gave, how it ended."""
    rows = [row.plain for row in closing(ended().state, Pen(80))]
    reason = "no place is open on this day, and the one that is has a queue of three hours; take another day"
    assert rows == [
        "",
        f"✗ Day 2 in Zürich: {reason}",
        "",
        "result",
        "{",
        '  "days": 5,',
        '  "hotel": "Zum Storchen"',
        "}",
        "",
        "◑ partial after 0:32",
    ]
    rows = [row.plain for row in closing(failed().state, Pen(80))]
    assert rows == ["", "✗ failed after 0:04: the disk is full (disk_full)", "free some space"]


def test_a_long_result_is_cut():
    """It is for programs."""
    story = trip().then("run.succeeded", result=[{"day": day, "places": ["a", "b"]} for day in range(50)])
    rows = [row.plain for row in closing(story.state, Pen(60))]
    at = rows.index("result")
    assert rows[at + 1].startswith('[ { "day": 0, "places": [ "a", "b" ] }, { "day": 1')
    assert rows[at + 1].endswith("…")
    assert rows[at + 2 :] == ["", *[row for row in rows if row.startswith("✓ succeeded")]]


def test_many_failed_items():
    """The first twenty."""
    story = Story().then("run.started", attempt=1)
    for n in range(30):
        story.then("item.failed", key=f"n:{n}", error={"code": "x", "message": "broken"})
    rows = [row.plain for row in closing(story.then("run.partial").state, Pen(80))]
    assert "… and 10 more failed" in rows


def test_text_of_a_run_cannot_command_the_terminal():
    """Wherever it stands."""
    evil = "\x1b[2J\x1b]0;owned\x07x\r\u202e"
    story = Story(evil, evil).then("run.started", attempt=1)
    story.then("run.planned", phases=[{"id": "a", "title": evil, "weight": 1}])
    story.then("phase.progressed", id="a", done=1, total=2, unit=evil, message=evil)
    story.then("item.planned", key=evil, kind="n", title=evil).then("item.started", key=evil)
    story.then("item.progressed", key=evil, done=1, message=evil)
    story.then("item.failed", key="b", error={"code": evil, "message": evil, "hint": evil})
    story.then("output.appended", key=evil, delta=evil).then("note", kind=evil, title=evil, body=evil)
    story.then("error", severity="error", category=evil, code=evil, message=evil, retryable=False)
    waiting = Connection("waiting", reason=evil)
    drawn = text(story, connection=waiting)
    story.then("run.failed", error={"code": evil, "message": evil, "hint": evil})
    drawn += "\n".join(row.plain for row in closing(story.state, Pen(80)))
    assert not {character for character in drawn if character < " " and character != "\n"}
    assert "\u202e" not in drawn
    assert "owned" not in drawn
