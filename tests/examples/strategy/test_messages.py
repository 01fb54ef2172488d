"""One form of message for everything, validated before it is sent."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from examples.strategy.library import Library
from examples.strategy.messages import STEPS, Message, message_of, view
from examples.strategy.models import Sources
from headway.core.fold import Fold
from headway.testing import Played
from tests.examples.strategy.making import brief, make
from tests.examples.strategy.siting import TOPICS

EVENTS = {"progress", "complete", "error", "educational", "status"}


async def played(folder: Path, *urls: str) -> Played:
    """A strategy of two texts."""
    library = Library(folder / "library.db")
    documents = [await library.add(name, "\n\n".join([text] * 8)) for name, text in TOPICS.items()]
    sources = Sources(sites=list(urls)) if urls else Sources(documents=documents[:2])
    return await make(folder, brief(sources, Sources(documents=documents[2:])))


def told(log: Played) -> list[dict[str, Any]]:
    """What the stream says after each event of a run, one by one."""
    fold = Fold()
    messages = []
    for event in log.events:
        fold.apply(event)
        messages.append(view({**log.snapshot, **fold.snapshot()}, event["time"]))
    return messages


async def test_every_message_of_a_run_is_one(tmp_path: Path) -> None:
    """From the first event to the last: the form, steps in order, progress that never falls."""
    messages = told(await played(tmp_path))
    for message in messages:
        assert Message.model_validate(message).wire() == message
    events = [message["event"] for message in messages]
    assert set(events) == {"status", "progress", "educational", "complete"}
    steps = [message["data"]["step"] for message in messages]
    assert steps == sorted(steps)
    assert set(steps) == set(range(1, len(STEPS) + 1))
    percents = [message["data"]["progress"] for message in messages]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert events.index("complete") == len(events) - 1


async def test_lessons_are_streamed_beside_progress(tmp_path: Path) -> None:
    """Each has a message of its own, and stays in those that follow: who polls now and then has the newest."""
    messages = told(await played(tmp_path))
    lessons = [message["data"]["educational_content"] for message in messages if message["event"] == "educational"]
    assert [lesson["number"] for lesson in lessons] == list(range(1, len(lessons) + 1))
    assert messages[-1]["data"]["educational_content"] == lessons[-1]
    assert all(lesson["title"] and lesson["content"] for lesson in lessons)


async def test_a_run_that_failed_says_why(tmp_path: Path) -> None:
    """With the hint that mends it."""
    log = await played(tmp_path, "http://10.0.0.1/")
    message = message_of(log.snapshot).wire()
    assert message["event"] == "error"
    assert "10.0.0.1 is at 10.0.0.1, which is not on the public Internet" in message["data"]["error"]
    assert message["data"]["error"].endswith("(name a public site)")


@pytest.mark.parametrize(
    "change",
    [
        {"event": "timeout"},
        {"data": {"progress": 101}},
        {"data": {"step": 0}},
        {"data": {"timestamp": "yesterday"}},
        {"data": {"educational_content": {"title": "no number"}}},
        {"data": {"status": "request timed out"}},
        {"data": {"more": 1}},
    ],
    ids=str,
)
async def test_what_is_no_message_is_not_sent(change: dict[str, Any]) -> None:
    """The model refuses it."""
    data = {
        "step": 1,
        "progress": 0,
        "message": "",
        "timestamp": "2026-12-01T00:00:00Z",
        "run_id": "r",
        "status": "running",
    }
    Message.model_validate({"event": "progress", "data": data})
    wrong = {"event": change.get("event", "progress"), "data": data | change.get("data", {})}
    with pytest.raises(ValidationError):
        Message.model_validate(wrong)


def test_the_events_are_those_that_were_agreed_on() -> None:
    """In the published schema, too."""
    assert set(Message.model_json_schema()["properties"]["event"]["enum"]) == EVENTS
