"""What a viewer reads of a run."""

import pytest

from headway.client.feed import Feed
from headway.client.watched import Watched
from headway.core.fold import Fold
from tests.client.scripted import trip


@pytest.fixture
def feed() -> Feed:
    """In the middle of a run."""
    feed = Feed()
    feed.replace(trip().state(6))
    return feed


def test_it_reads_like_the_snapshot(feed):
    """Every field of it, and no other."""
    watched, snapshot = Watched(feed), feed.fold.snapshot()
    assert dict(watched) == snapshot
    assert len(watched) == len(snapshot)
    assert watched.snapshot() == snapshot
    assert "status" in watched
    assert "nothing" not in watched
    assert watched.get("nothing") is None


def test_it_moves_on(feed):
    """The same object shows what came since; a snapshot stays."""
    watched, log = Watched(feed), trip()
    before, text = watched.snapshot(), watched["outputs"]["text"]["text"]
    feed.apply(log.events[6], "7.aaaa")
    assert text
    assert "text" not in watched["outputs"]
    assert watched["seq"] == 7
    assert before["seq"] == 6
    feed.replace(log.state())
    assert watched["status"] == "succeeded"
    assert dict(watched) == log.state()


def test_a_snapshot_is_the_readers_own(feed):
    """Changing it changes nothing else."""
    watched = Watched(feed)
    watched.snapshot()["items"].clear()
    watched.snapshot()["progress"]["percent"] = 77
    assert watched["items"]
    assert watched["progress"]["percent"] != 77


def test_entries_one_by_one(feed):
    """Without the rest of the state."""
    watched = Watched(feed)
    assert watched.entries("items") == ["day:1"]
    assert watched.entry("items", "day:1") == feed.fold.snapshot()["items"]["day:1"]
    assert watched.entry("outputs", "no") is None


def test_scalars_cost_nothing_of_the_state(feed, monkeypatch):
    """No snapshot is made for them, however many events come; for items one is made, once."""
    made = []
    whole = Fold.snapshot

    def snapshot(fold):
        made.append(fold)
        return whole(fold)

    monkeypatch.setattr(Fold, "snapshot", snapshot)
    watched = Watched(feed)
    assert [watched[name] for name in ("status", "title", "seq", "progress", "phases", "notes", "errors", "result")]
    assert watched.entries("items")
    assert not made
    assert watched["items"] is watched["items"]
    assert watched["outputs"]
    assert len(made) == 1
