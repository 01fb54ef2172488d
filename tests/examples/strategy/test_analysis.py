"""What the analysis finds in real text: sensible, and the same every time."""

import subprocess
import sys
from typing import Any

import pytest

from examples.strategy.analysis.gaps import gaps, topic_of
from examples.strategy.analysis.keywords import keywords
from examples.strategy.analysis.topics import coherence, numbers_for, topics
from examples.strategy.analysis.words import Text, terms_of, usual_forms
from examples.strategy.analysis.workbench import Workbench
from examples.strategy.errors import TextTooShort
from examples.strategy.models import Topics
from tests.examples.report.siting import ROOT
from tests.examples.strategy.conftest import workbench
from tests.examples.strategy.siting import TOPICS

pytestmark = pytest.mark.xdist_group("strategy analysis")


def sorted_into(bench: Workbench) -> Topics:
    """Its topics."""
    return topics(bench, {number: coherence(bench, number) for number in numbers_for(bench)})


@pytest.fixture(scope="module")
def found(bench: Any) -> Topics:
    """Topics of the sample."""
    return sorted_into(bench)


def test_keywords_of_our_documentation_are_its_subjects(bench: Any) -> None:
    """What it is about comes first; words of explaining and our own name do not come at all."""
    terms = [keyword.term for keyword in keywords(bench)]
    assert {"event", "log", "worker", "server"} <= set(terms[:20])
    assert not {"headway", "use", "example", "one", "thing"} & set(terms)
    assert len(terms) == len(set(terms)) == 30


def test_figures_of_a_keyword_are_counted(bench: Any) -> None:
    """By another way of counting, over all our passages."""
    own = bench.passages[: bench.ours]
    words = sum(passage.words for passage in own)
    for keyword in keywords(bench)[:5]:
        count = sum(passage.terms[keyword.term] for passage in own)
        assert keyword.count == count
        assert keyword.ours == round(count / words * 10_000, 1)
        assert keyword.documents == len({passage.document for passage in own if keyword.term in passage.terms})


def test_topics_tell_the_sides_apart(found: Topics) -> None:
    """Ours is events and logs, theirs is tasks, consumers and schedulers; shares add up to one."""
    ours = max(found.topics, key=lambda topic: topic.ours - (topic.theirs or 0))
    theirs = max(found.topics, key=lambda topic: (topic.theirs or 0) - topic.ours)
    assert {"event", "log", "server", "worker"} & set(ours.terms)
    assert {"task", "consumer", "scheduler", "job"} & set(theirs.terms)
    assert sum(topic.ours for topic in found.topics) == pytest.approx(1, abs=0.01)
    assert sum(topic.theirs or 0 for topic in found.topics) == pytest.approx(1, abs=0.01)
    assert found.coherence == max(found.tried.values())


def test_gaps_are_what_they_have_and_we_do_not(bench: Any, found: Topics) -> None:
    """Each with figures that say so, and documents of theirs where it stands."""
    all_gaps = gaps(bench, found.topics)
    terms = {gap.name: gap for gap in all_gaps if gap.kind == "term"}
    assert {"consumer", "scheduler"} <= set(terms)
    assert not {"huey", "apscheduler"} & set(terms)
    for gap in all_gaps:
        assert gap.theirs > gap.ours
        assert all(name.startswith(("huey/", "apscheduler/")) for name in gap.where)
        assert gap.topic in {topic.id for topic in found.topics}
    assert all(gap.theirs >= 3 * gap.ours for gap in terms.values())


def test_the_same_text_gives_the_same_analysis(bench: Any, found: Topics) -> None:
    """Made anew, figure by figure."""
    again = workbench()
    assert keywords(again) == keywords(bench)
    assert sorted_into(again) == found
    assert gaps(again, found.topics) == gaps(bench, found.topics)


def test_without_competitors_there_are_no_gaps_and_no_figures_of_theirs() -> None:
    """Three subjects, one document each."""
    bench = Workbench([Text(name, "\n\n".join([text] * 6)) for name, text in TOPICS.items()])
    found = sorted_into(bench)
    assert gaps(bench, found.topics) == []
    assert {keyword.theirs for keyword in keywords(bench)} == {None}
    assert {topic.theirs for topic in found.topics} == {None}
    assert set(TOPICS) <= {term for topic in found.topics for term in topic.terms}


def test_a_short_text_is_analysed_as_far_as_it_goes() -> None:
    """One passage has one topic, and keywords."""
    bench = Workbench([Text("short", TOPICS["coffee"])], [Text("theirs", TOPICS["cheese"])])
    assert keywords(bench)[0].term == "coffee"
    found = sorted_into(bench)
    assert found.topics
    assert {gap.name for gap in gaps(bench, found.topics) if gap.kind == "term"} >= {"cheese"}


def test_nothing_but_stop_words_is_too_short() -> None:
    """It says so, instead of stumbling."""
    with pytest.raises(TextTooShort, match="no words of a subject"):
        keywords(Workbench([Text("empty", "it is what it was and then it may be so " * 10)]))


def test_phrases_do_not_reach_over_what_separates_them() -> None:
    """A stop word, or a full stop."""
    assert set(terms_of("Fresh bread. Hot oven and stone", {})) == {
        "fresh", "bread", "fresh bread", "hot", "oven", "hot oven", "stone",
    }  # fmt: skip


def test_singular_and_plural_are_one_word() -> None:
    """In the form that is written more often."""
    assert usual_forms([Text("a", "loaves bread tasks tasks task query queries queries")]) == {
        "task": "tasks", "tasks": "tasks", "query": "queries", "queries": "queries",
    }  # fmt: skip


def test_a_term_belongs_to_the_topic_that_has_it_highest(found: Topics) -> None:
    """Its own terms belong to each topic."""
    for topic in found.topics:
        assert (
            topic.terms[0]
            in next(one for one in found.topics if one.id == topic_of(topic.terms[0], found.topics)).terms
        )


def test_a_server_loads_nothing_of_it() -> None:
    """scikit-learn, trafilatura and pypdf are the worker's, or wait for the first upload."""
    code = "import sys, examples.strategy.app; sys.exit(bool({'sklearn', 'trafilatura', 'pypdf'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
