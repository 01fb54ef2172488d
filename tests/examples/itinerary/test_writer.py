"""The writer: by templates; by a language model, in pydantic-ai's own test doubles of one; and when the model fails."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.test import TestModel

from examples.itinerary.agents.words import sentences
from examples.itinerary.agents.writer import Writer
from examples.itinerary.enhanced import EnhancedDay
from examples.itinerary.models import Walk
from examples.itinerary.provider_client import ProviderClient
from examples.itinerary.search import DaySearch
from headway import Run
from headway.testing import Played, play
from tests.examples.itinerary.planning import real_problem, trip_days
from tests.examples.itinerary.providing import ROOT
from tests.examples.itinerary.trips import orchestrator, trip

DAYS = [
    EnhancedDay(**DaySearch(day, *real_problem(day), budget_s=0.05).run().model_dump()) for day in trip_days(days=2)
]


async def write(provider: ProviderClient, model: Any) -> Played:
    """What a run that has only its summary written looks like."""

    async def job(run: Run) -> str:
        async with run.agent("writer") as agent:
            return await Writer(provider, model).write(agent, DAYS)

    return await play(job, phases={"write": 1})


async def test_a_model_writes_from_the_facts(provider: ProviderClient) -> None:
    """It is told the days and nothing else, and its words are streamed as they come."""
    asked: list[str] = []

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        asked.extend(str(part.content) for part in messages[-1].parts if part.part_kind == "user-prompt")
        for word in ("On Monday ", "you see ", "Rome."):
            yield word

    log = await write(provider, FunctionModel(stream_function=stream))
    assert log.result == log.snapshot["outputs"]["summary"]["text"] == "On Monday you see Rome."
    assert log.snapshot["phases"][0]["done"] == 2
    assert {event["agent"] for event in log.of("output.started", "output.appended", "output.finished")} == {"writer"}
    [facts] = [json.loads(text) for text in asked]
    assert [day["day"] for day in facts] == [day.day.title for day in DAYS]
    assert [stop["name"] for stop in facts[0]["stops"]] == [visit.place.name for visit in DAYS[0].tour.visits]
    assert log.snapshot["errors"] == []


async def test_any_model_pydantic_ai_knows_by_name(provider: ProviderClient) -> None:
    """``test`` is its own, and needs no key."""
    log = await write(provider, "test")
    assert log.result == "success (no tool calls)"
    assert (await write(provider, TestModel(custom_output_text="Go to Rome."))).result == "Go to Rome."


async def breaks_off(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
    """A model whose connection breaks."""
    yield "On Monday you "
    raise ConnectionError("reset by peer")


async def says_nothing(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
    """A model without an opinion."""
    yield " "


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (FunctionModel(stream_function=breaks_off), "reset by peer"),
        (FunctionModel(stream_function=says_nothing), "nothing"),
        ("nobody:knows-it", "cannot be used"),
    ],
    ids=["breaks off", "says nothing", "unknown"],
)
async def test_a_model_that_fails_is_replaced_by_templates(provider: ProviderClient, model: Any, why: str) -> None:
    """It is told, and the half sentence is gone."""
    log = await write(provider, model)
    assert log.status == "succeeded"
    assert log.result.startswith("Monday in Rome: ")
    assert log.snapshot["outputs"]["summary"]["text"] == log.result
    [error] = log.snapshot["errors"]
    assert (error["severity"], error["category"], error["code"]) == ("warning", "model", "model_failed")
    assert why in error["message"]


async def test_without_pydantic_ai_it_says_what_to_install(
    provider: ProviderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model was configured, its package was not installed: templates, and a warning."""
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    log = await write(provider, "test")
    assert log.result.startswith("Monday in Rome: ")
    assert "pydantic-ai is not installed" in log.snapshot["errors"][0]["message"]


@pytest.mark.parametrize("package", ["pydantic_ai", "ortools"])
def test_what_takes_long_to_load_is_not_loaded_without_need(package: str) -> None:
    """The one is an optional part, the other the worker's alone: a server that was killed is soon back."""
    code = f"import sys, examples.itinerary.app; sys.exit({package!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


async def test_the_model_is_configured_from_outside(provider_url: str, tmp_path: Path) -> None:
    """A whole trip, written up by the model that is named in the settings."""
    log = await play(orchestrator(tmp_path, provider_url, model="test").plan_trip, trip(lisbon=1))
    assert log.status == "succeeded"
    assert log.result["summary"] == "success (no tool calls)"


async def test_the_way_back_is_left_out_when_nobody_knows_it(provider: ProviderClient) -> None:
    """A text without it is a text, too."""
    await provider.turn_dial(down=True)
    log = await write(provider, None)
    assert log.status == "succeeded"
    assert "The centre is" not in log.result
    assert {error["item"] for error in log.snapshot["errors"] if not error["message"].startswith("writer/")} == {
        "day:1",
        "day:2",
    }


def test_templates_say_only_what_is_known() -> None:
    """Without notes, sun and way back there is less to say, and it is still whole sentences."""
    text = "".join(sentences(DAYS[0], None))
    assert text.startswith("Monday in Rome: ")
    assert text.endswith("km are walked that day. ")
    walk = Walk(origin="a", destination="b", minutes=7, metres=500, heading="east", notice="")
    assert "".join(sentences(DAYS[0], walk)).endswith("The centre is 7 minutes on foot from the last stop. ")
