"""Counts and times of a process, and of the processes it keeps."""

import json

from headway import measures
from headway.measures import LABELS_MAX, OTHER, Measure, Measures

THINGS = Measure("things", "Things.", ("kind",))
SECONDS = Measure("seconds", "Seconds.", ("kind",), (0.1, 1.0))


def test_counts_by_labels() -> None:
    """Each set of labels for itself."""
    kept = Measures()
    kept.count(THINGS, "a")
    kept.count(THINGS, "a", by=2)
    kept.count(THINGS, "b")
    assert kept.counters(THINGS) == {("a",): 3, ("b",): 1}
    assert kept.counted(THINGS, "a") == 3
    assert kept.counted(THINGS, "never") == 0


def test_a_value_on_a_bound_belongs_below_it() -> None:
    """As Prometheus has it: at most as large."""
    kept = Measures()
    for value in (0.05, 0.1, 0.5, 7.0):
        kept.observe(SECONDS, value, "a")
    histogram = kept.histogram(SECONDS, "a")
    assert histogram.counts == [2, 1, 1]
    assert histogram.count == 4
    assert histogram.sum == 7.65
    assert kept.histogram(SECONDS, "never").count == 0


def test_labels_are_bounded() -> None:
    """Names made up by users fill nobody's memory; what is known already is counted as before."""
    kept = Measures()
    for number in range(LABELS_MAX * 3):
        kept.count(THINGS, f"kind {number}")
        kept.observe(SECONDS, 0.5, f"kind {number}")
    kept.count(THINGS, "kind 0")
    assert len(kept.counters(THINGS)) == LABELS_MAX + 1
    assert kept.counted(THINGS, OTHER) == 2 * LABELS_MAX
    assert kept.counted(THINGS, "kind 0") == 2
    assert kept.histogram(SECONDS, OTHER).count == 2 * LABELS_MAX


def test_labels_of_processes_that_come_and_go_are_bounded() -> None:
    """One that dies again and again brings other names each time."""
    mine = Measures()
    for process in range(3):
        its = Measures()
        for number in range(LABELS_MAX // 2):
            its.count(THINGS, f"kind {number} of {process}")
            its.observe(SECONDS, 0.5, f"kind {number} of {process}")
        mine.show(str(process), its.dump())
        mine.absorb(str(process))
    assert len(mine.counters(THINGS)) == len(mine.histograms(SECONDS)) == LABELS_MAX + 1
    assert mine.counted(THINGS, OTHER) == mine.histogram(SECONDS, OTHER).count == LABELS_MAX // 2


def test_numbers_of_another_process() -> None:
    """They come as JSON, replace what it said before, and stay when it ends: no count ever falls."""
    mine, its = Measures(), Measures()
    mine.count(THINGS, "a")
    mine.observe(SECONDS, 0.05, "a")
    for _ in range(2):
        its.count(THINGS, "a")
        its.observe(SECONDS, 0.5, "a")
        mine.show("7", json.loads(json.dumps(its.dump())))
    both = {("a",): 3.0}
    assert mine.counters(THINGS) == both
    (histogram,) = mine.histograms(SECONDS).values()
    assert (histogram.counts, histogram.sum) == ([1, 2, 0], 1.05)
    mine.absorb("7")
    mine.absorb("7")
    assert mine.counters(THINGS) == both
    its_successor = Measures()
    its_successor.count(THINGS, "a")
    mine.show("8", its_successor.dump())
    assert mine.counters(THINGS) == {("a",): 4.0}


def test_the_table_is_whole() -> None:
    """Everything defined is shown, under a name of its own."""
    defined = [value for value in vars(measures).values() if isinstance(value, Measure)]
    assert set(defined) == {*measures.ALL, *measures.GAUGES}
    assert len({each.name for each in defined}) == len(defined)
    assert all(list(each.bounds) == sorted(each.bounds) for each in defined)
