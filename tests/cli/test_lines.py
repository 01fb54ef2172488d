"""A run line by line, where nobody looks on."""

import io
import re

from rich.console import Console

from headway.cli.lines import Lines
from headway.client import Connection, Watched
from headway.client.feed import Feed
from tests.cli.states import RUN, Story, ended, failed, trip


class Told:
    """A run told to lines."""

    def __init__(self, story: Story, *, joined: int = 1) -> None:
        self.output = io.StringIO()
        self.now = 0.0
        self.feed = Feed()
        self.state = Watched(self.feed)
        self.lines = Lines(Console(file=self.output, width=40), clock=lambda: self.now, where=" --url http://host")
        before = Story()
        self.feed.replace(before.state)
        for event in story.events[1:joined]:
            self.feed.apply(event, f"{event['seq']}.a")
        self.lines.take(self.state, None)
        for event in story.events[joined:]:
            self.tell(event)

    def tell(self, event) -> None:
        """The next event."""
        self.feed.apply(event, f"{event['seq']}.a")
        self.lines.take(self.state, event)

    @property
    def said(self) -> list[str]:
        """Without the times."""
        lines = self.output.getvalue().splitlines()
        assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in lines), lines
        return [line[20:] for line in lines]


def test_a_trip():
    """What happened, in the order it did; long lines are not broken."""
    reason = "no place is open on this day, and the one that is has a queue of three hours; take another day"
    assert Told(ended()).said == [
        f"Trip to Zürich 🏔 and 北京 (itinerary, {RUN}): queued",
        "attempt 1 started",
        "read: started",
        "read: 20/20 pages, page 20, 20 %",
        "read: finished, 20 %",
        "Plan the days: started",
        "Day 1 in Zürich: started",
        "Museum für Gestaltung: finished, 20 %",
        "Day 1 in Zürich: finished, 30 %",
        "Day 2 in Zürich: started",
        f"Day 2 in Zürich: failed: {reason}",
        "Day 3 in Zürich: started",
        "Day 3 in Zürich: 5/8, improving the tour through the old town",
        "Day 4 in Zürich: started",
        "Day 4 in Zürich: 2, asking for places",
        "summary | You start in the old town, walk along the river and climb the hill before noon.",
        "summary | ",
        "note: Did you know: Autumn is the best time for a walk.",
        "Day 3 in Zürich: finished, 50 %",
        "Day 4 in Zürich: finished, 60 %",
        "Day 5 in Zürich: finished, 70 %",
        "Day 6 in Zürich: finished, 80 %",
        "Plan the days: finished, 80 %",
        "write: finished, 99 %",
        "summary | Then 北京 🐘: a very long walk.",
        "partial after 0:32",
    ]


def test_a_failure():
    """With its reason and code."""
    said = Told(failed()).said
    assert said[-2:] == ["warning: the disk is slow (slow)", "failed after 0:04: the disk is full (disk_full)"]


def test_who_comes_late_is_told_how_it_stands():
    """What has failed and why, and at the end, how it ended."""
    story = ended()
    told = Told(story, joined=len(story.events))
    stands, failed, how_it_ended = told.said
    assert stands == f"Trip to Zürich 🏔 and 北京 (itinerary, {RUN}): partial, 100 %"
    assert failed.startswith("Day 2 in Zürich: failed: no place is open on this day, and")
    assert re.fullmatch(r"partial after 0:32, at 2026-11-2\d \d\d:\d\d:34", how_it_ended)
    times = [line[:19] for line in told.output.getvalue().splitlines()]
    assert times == sorted(times)


def test_who_comes_late_is_told_what_it_waits_for():
    """The question, and the command that answers it; as who was there from the beginning is."""
    story = trip().then("run.waiting", ask_id="approve", prompt="May it be\nbought?", schema={"type": "boolean"})
    question = [
        "waits for an answer (approve): May it be bought?",
        f"give it with: headway answer {RUN} --url http://host",
    ]
    late, early = Told(story, joined=len(story.events)), Told(story)
    assert late.said[0].endswith(": waiting, 40 %")
    assert late.said[-2:] == early.said[-2:] == question
    story.then("run.resumed", ask_id="approve", by="eve")
    assert "waits for" not in Told(story, joined=len(story.events)).said[-1]


def test_many_failed_items_are_counted_for_who_comes_late():
    """Twenty are told."""
    story = Story().then("run.started", attempt=1)
    for n in range(30):
        story.then("item.failed", key=f"n:{n}", error={"code": "x", "message": "broken"})
    said = Told(story, joined=len(story.events)).said
    assert said[20:] == ["n:19: failed: broken", "and 10 more failed"]


def test_progress_is_not_said_too_often():
    """Of each phase and item at most every two seconds."""
    told = Told(trip(), joined=4)
    story = Story()
    before = len(told.said)
    for n in range(100):
        told.now += 0.1
        seq = told.state["seq"] + 1
        story.then("phase.progressed", id="read", done=n, total=100)
        told.tell({**story.events[-1], "seq": seq})
    assert 4 <= len(told.said) - before <= 6


def test_commands_and_attempts():
    """Whoever asks for something is named."""
    story = (
        trip().then("run.cancel_requested", by="ada", reason="enough").then("run.waiting", ask_id="a", prompt="Go on?")
    )
    story.then("run.resumed", ask_id="a", by="eve").then("run.waiting", ask_id="b", prompt="Sure?")
    story.then("run.resumed", ask_id="b", outcome="timed_out").then(
        "attempt.discarded", attempt=1, set={"phases": {}, "items": {}, "outputs": {}}
    )
    story.then("run.queued", attempt=2, reason="takeover").then("run.started", attempt=2)
    story.then("log", level="info", text="hello", fields={}).then(
        "phase.failed", id="plan", error={"code": "c", "message": "m"}
    )
    story.then("run.cancelled").then("run.reopened", items=[])
    said = Told(story, joined=len(trip().events)).said
    assert said[2:] == [
        "asked to stop by ada: enough",
        "waits for an answer (a): Go on?",
        f"give it with: headway answer {RUN} --url http://host",
        "answered by eve; goes on",
        "waits for an answer (b): Sure?",
        f"give it with: headway answer {RUN} --url http://host",
        "nobody answered in time; goes on",
        "what attempt 1 left unfinished is withdrawn",
        "queued again as attempt 2 (takeover)",
        "attempt 2 started",
        "info: hello",
        "Plan the days: failed: m",
        "cancelled after 0:35",
        "to be tried again",
    ]


def test_connections():
    """Lost and found again; what came before the first contact is not worth a line."""
    told = Told(trip(), joined=len(trip().events))
    before = len(told.said)
    told.lines.connected(Connection("live"))
    assert len(told.said) == before + 1
    told.lines.connected(Connection("waiting", wait_s=1.25, reason="the connection was cut"))
    told.lines.connected(Connection("connecting"))
    told.lines.connected(Connection("live", "poll"))
    told.lines.take(told.state, None)
    assert told.said[before + 1 :] == ["reconnecting in 1.2 s: the connection was cut", "connected again, polling"]


def test_a_new_state_is_said():
    """The server had to replace it."""
    told = Told(trip(), joined=10)
    told.feed.replace(ended().state)
    told.lines.take(told.state, None)
    assert told.said[-2] == "the state now: partial, 100 %"
    assert told.said[-1].startswith("partial after 0:32, at ")


def test_text_without_an_end_is_said_at_the_end():
    """Of whoever stopped watching."""
    told = Told(trip())
    assert "Then" not in told.said[-1]
    told.lines.close()
    assert told.said[-1] == "summary | Then 北京 🐘: a very long walk."


def test_a_notice():
    """Of an operator."""
    told = Told(Story())
    told.lines.notice({"text": "we restart\nat noon"})
    assert told.said[-1] == "notice: we restart at noon"
    told.lines.notice({"id": "ntc_1", "text": "slow today"})
    told.lines.notice({"id": "ntc_1", "over": True})
    assert told.said[-2:] == ["notice: slow today", "notice is over: slow today"]


def test_every_line_is_one_line():
    """Whatever the text."""
    evil = "\x1b[2Ja\nb\r"
    story = trip().then("note", kind="info", title=evil, body=evil).then("log", level="info", text=evil, fields={})
    story.then("output.appended", key="more", delta=evil).then("output.finished", key="more")
    story.then("item.failed", key="x", error={"code": "x", "message": evil})
    said = Told(story).said
    assert not [line for line in said if "\x1b" in line or "\r" in line]
