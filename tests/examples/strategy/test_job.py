"""The whole job, in memory, on real text."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel

from examples.strategy.job import PHASES, Source, names_in, sources_of
from examples.strategy.library import Library
from examples.strategy.markdown import markdown_of
from examples.strategy.models import Document, Sources, Strategy
from headway.testing import Played
from tests.examples.strategy.making import brief, make, sampled
from tests.examples.strategy.siting import TOPICS, Site

pytestmark = pytest.mark.xdist_group("strategy analysis")


async def sample_strategy(folder: Path, model: object = None) -> Played:
    """A strategy of the sample."""
    own, theirs = await sampled(Library(folder / "library.db"))
    return await make(folder, brief(Sources(documents=own), Sources(documents=theirs)), model)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One of them, for all who only look at it."""
    return asyncio.run(sample_strategy(tmp_path_factory.mktemp("sample")))


async def small(folder: Path, *names: str) -> list[Document]:
    """Documents about something."""
    library = Library(folder / "library.db")
    return [await library.add(name, "\n\n".join([TOPICS[name]] * 8)) for name in names]


def test_a_strategy_of_the_sample(log: Played) -> None:
    """Everything is there, in its place, and progress is honest."""
    assert log.status == "succeeded", log.snapshot["error"]
    strategy = Strategy.model_validate(log.result)
    assert len(strategy.calendar) == 24
    assert [section.by for section in strategy.sections] == ["templates"] * 6
    assert strategy.missing == []
    assert [phase["id"] for phase in log.snapshot["phases"]] == list(PHASES)
    assert log.snapshot["progress"]["percent"] == 100
    for section in strategy.sections:
        output = log.snapshot["outputs"][section.key]
        assert (output["text"].strip(), output["finished"]) == (section.text, True)
        assert log.snapshot["items"][section.key]["status"] == "finished"
    found = log.snapshot["custom"]["found"]
    assert {name: found[name] for name in ("keywords", "gaps", "calendar")} == {
        name: log.result[name] for name in ("keywords", "gaps", "calendar")
    }
    notes = log.snapshot["notes"]
    assert {note["kind"] for note in notes} == {"educational"}
    assert len(notes) == 8
    assert log.snapshot["errors"] == []


async def test_the_same_brief_gives_the_same_strategy(tmp_path: Path, log: Played) -> None:
    """Word for word."""
    assert (await sample_strategy(tmp_path)).result == log.result


def test_what_templates_say_is_what_was_counted(log: Played) -> None:
    """The figures of the sections are those of the analysis."""
    strategy = Strategy.model_validate(log.result)
    text = {section.key: section.text for section in strategy.sections}
    assert f"{strategy.own.words:,} words" in text["section:standing"]
    for topic in strategy.topics.topics:
        assert f"**{topic.name}**, {topic.ours:.0%} of your text" in text["section:pillars"]
    assert all(piece.title in text["section:weeks"] for piece in strategy.calendar if piece.week <= 4)
    assert all(gap.name in text["section:gaps"] for gap in strategy.gaps if gap.kind == "topic")


async def test_without_competitors_nothing_is_compared(tmp_path: Path) -> None:
    """There is no section about gaps, and nobody's figures but ours."""
    log = await make(tmp_path, brief(Sources(documents=await small(tmp_path, "bread", "coffee", "cheese"))))
    assert log.status == "succeeded", log.snapshot["error"]
    strategy = Strategy.model_validate(log.result)
    assert (strategy.competitors, strategy.gaps) == (None, [])
    assert "section:gaps" not in log.snapshot["items"]
    assert "they" not in strategy.sections[0].text.lower().split()


async def test_a_section_the_model_cannot_write_leaves_the_others(tmp_path: Path) -> None:
    """The run is partial, says which one is missing, and the half of it that was written is gone with the attempt."""

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        asked = next(str(part.content) for part in messages[-1].parts if part.part_kind == "user-prompt")
        yield "Written from facts. "
        if "keywords" in asked.partition("\n")[0]:
            raise ConnectionError("reset by peer")

    own = Sources(documents=await small(tmp_path, "bread", "coffee"))
    theirs = Sources(documents=await small(tmp_path, "cheese"))
    log = await make(tmp_path, brief(own, theirs), FunctionModel(stream_function=stream, model_name="scribe"))
    assert log.status == "partial"
    strategy = Strategy.model_validate(log.result)
    assert strategy.missing == ["section:keywords"]
    assert {section.by for section in strategy.sections} == {"scribe"}
    assert {section.text for section in strategy.sections} == {"Written from facts."}
    failed = log.snapshot["items"]["section:keywords"]
    assert (failed["status"], failed["error"]["code"], failed["error"]["retryable"]) == ("failed", "model_failed", True)
    assert "reset by peer" in failed["error"]["message"]


async def test_a_source_that_fails_leaves_the_others(tmp_path: Path) -> None:
    """A competitor whose site is closed is missing; the strategy is made of what came."""
    own = Sources(documents=await small(tmp_path, "bread", "coffee"))
    log = await make(tmp_path, brief(own, Sources(sites=["http://10.0.0.1/"])))
    assert log.status == "partial"
    assert log.result["missing"] == ["source:competitors/site:1"]
    assert log.result["competitors"] is None
    [section] = [one for one in log.result["sections"] if one["key"] == "section:gaps"]
    assert section["text"] == "No text of competitors could be read, so there is nothing to compare with."


async def test_a_text_that_left_the_library_is_named(tmp_path: Path) -> None:
    """And the strategy fails before anything is computed."""
    gone = Document(id="txt_" + "0" * 24, name="gone.pdf", words=100)
    log = await make(tmp_path, brief(Sources(documents=[gone])))
    assert (log.status, log.snapshot["error"]["code"]) == ("failed", "nothing_read")
    assert "gone.pdf is not in the library any more" in log.snapshot["error"]["message"]
    assert [event["data"]["key"] for event in log.of("step.finished")] == ["begin"]


def test_the_result_as_markdown(log: Played) -> None:
    """Whole; and what others wrote stays text."""
    strategy = Strategy.model_validate(log.result)
    strategy.title = "A <script> | in\na title"
    text = markdown_of(strategy)
    assert text.startswith("# A &lt;script> \\| in a title\n")
    assert all(f"## {section.title}" in text for section in strategy.sections)
    assert text.count("\n| 1 | ") == text.count("\n| 12 | ") == 2


def test_sources_of_a_brief_have_keys_of_their_own() -> None:
    """Texts of a side are one source, each site is another."""
    texts = [Document(id=f"txt_{number:024x}", name=f"acme/{number}.md", words=50) for number in range(2)]
    order = brief(Sources(documents=texts, sites=["https://www.example.com/"]), Sources(sites=["https://rival.test/x"]))
    assert [(source.key, source.title) for source in sources_of(order)] == [
        ("source:own/texts", "2 texts"),
        ("source:own/site:1", "www.example.com"),
        ("source:competitors/site:1", "rival.test"),
    ]
    assert names_in(order, texts) == {"www", "example", "rival", "acme"}
    assert isinstance(sources_of(order)[0], Source)


async def test_a_page_is_asked_for_once_though_both_sides_name_its_site(tmp_path: Path, site: Site) -> None:
    """By each side once: they are two sources."""
    both = Sources(sites=[site.url])
    log = await make(tmp_path, brief(both, both), allowed=frozenset({site.host}))
    assert log.status == "succeeded", log.snapshot["error"]
    assert site.asked["/coffee"] == 2
