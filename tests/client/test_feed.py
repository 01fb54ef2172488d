"""The state as it is being folded."""

import pytest

from headway.client.feed import Feed
from headway.core.fold import Applied
from headway.errors import HeadwayError
from tests.client.scripted import trip


def test_it_begins_with_a_snapshot_and_goes_on_from_there():
    """The position is that of the last event folded in."""
    log, feed = trip(), Feed()
    begun = feed.position
    feed.replace(log.state(3))
    assert (begun, feed.position) == (None, "3.aaaa")
    assert feed.apply(log.events[3], "4.aaaa") is Applied.APPLIED
    assert feed.apply(log.events[3], "4.aaaa") is Applied.DUPLICATE
    assert feed.apply(log.events[8], "9.aaaa") is Applied.GAP
    assert feed.position == "4.aaaa"


def test_it_knows_the_end():
    """Ended, and ended for good."""
    log, feed = trip(), Feed()
    feed.replace(log.state(9))
    assert (feed.ended, feed.final) == (False, False)
    feed.apply(log.events[9], "10.aaaa")
    assert (feed.ended, feed.final) == (True, True)


def test_what_was_forgotten_is_replaced():
    """The state stays readable until then."""
    log, feed = trip(), Feed()
    feed.replace(log.state(3))
    feed.forget()
    assert feed.position is None
    assert feed.fold.seq == 3
    feed.replace(log.state(2))
    assert feed.position == "2.aaaa"


def test_a_partial_log_has_gaps():
    """Whoever asked for some types only gets them all the same."""
    log, feed = trip(), Feed()
    feed.replace(log.state(3))
    feed.partial = True
    assert feed.apply(log.events[8], "9.aaaa") is Applied.APPLIED


@pytest.mark.parametrize("nonsense", [None, [], {}, {"seq": 1}, 7, "x"])
def test_nonsense_is_refused(nonsense):
    """With an error that says where to look."""
    with pytest.raises(HeadwayError, match="no snapshot of a run"):
        Feed().replace({"a": nonsense} if nonsense is None else nonsense)
    with pytest.raises(HeadwayError, match="no event of a run"):
        Feed().apply(nonsense, None)
