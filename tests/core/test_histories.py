"""The random histories have in them what they are made for; else two folds that agree on them would say little."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from headway.core.events import PAYLOADS
from headway.core.fold import Applied, Fold
from headway.core.run import ITEM_TRANSITIONS, PHASE_TRANSITIONS, is_legal
from tests.core.histories import Event, History, history, overflow

HISTORIES = 400

Look = Callable[[Event, Fold, set[str]], bool]
"""Whether an event is of a kind, given the fold before it and the steps that have events but have not finished."""


def discards(step: bool, kind: str = "") -> Look:
    """A withdrawal that withdraws something: of one step, or of all at a take-over."""
    return lambda event, _, __: (
        event["type"] == "attempt.discarded"
        and (event["data"]["step"] is not None) == step
        and bool(event["data"]["set"].get(kind) if kind else any(event["data"]["set"].values()))
    )


def of_parallel_steps(event: Event, fold: Fold, open_steps: set[str]) -> bool:
    """A step is withdrawn while another one is at work."""
    return discards(step=True)(event, fold, open_steps) and bool(open_steps - {event["data"]["step"]})


def in_mid_text(event: Event, fold: Fold, _: set[str]) -> bool:
    """A step is withdrawn that was writing a text: some of it goes, some was there before."""
    if not discards(step=True, kind="outputs")(event, fold, set()):
        return False
    return any(
        then is not None
        and (now := fold.entry("outputs", key)) is not None
        and 0 < len(then["text"]) < len(now["text"])
        for key, then in event["data"]["set"]["outputs"].items()
    )


def again(*reasons: str) -> Look:
    """A further attempt begins."""
    return lambda event, fold, _: (
        event["type"] == "run.queued"
        and event["data"]["reason"] in reasons
        and fold.get("attempt") > 0
        and is_legal(fold.status, "run.queued")
    )


def illegal_for_an_entry(event: Event, fold: Fold, _: set[str]) -> bool:
    """A finished item cannot fail, and so on."""
    data = event["data"]
    for kind, table, name in (("items", ITEM_TRANSITIONS, "key"), ("phases", PHASE_TRANSITIONS, "id")):
        if event["type"] in table and isinstance(data, dict):
            entry = fold.entry(kind, data[name])
            return entry is not None and entry["status"] not in table[event["type"]]
    return False


def strings(value: Any) -> Iterator[str]:
    """All texts in some JSON, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


INGREDIENTS: dict[str, Look] = {
    "retry": again("retry"),
    "take-over": again("takeover"),
    "resumed later": again("resumed"),
    "reopened": lambda event, fold, _: event["type"] == "run.reopened" and is_legal(fold.status, "run.reopened"),
    "withdrawal at a take-over": discards(step=False),
    "withdrawal of a phase": discards(step=True, kind="phases"),
    "withdrawal of an item": discards(step=True, kind="items"),
    "withdrawal of a note": discards(step=True, kind="notes"),
    "withdrawal of a custom value": discards(step=True, kind="custom"),
    "withdrawal as older Headways wrote it": lambda event, _, __: (
        event["type"] == "attempt.discarded" and event["data"]["set"].keys() <= {"phases", "items", "outputs"}
    ),
    "withdrawal from parallel steps": of_parallel_steps,
    "step retry in mid-text": in_mid_text,
    "text beyond the BMP": lambda event, _, __: any(max(map(ord, text), default=0) > 0xFFFF for text in strings(event)),
    "null": lambda event, _, __: isinstance(event["data"], dict) and None in event["data"].values(),
    "illegal for the run": lambda event, fold, _: (
        event["type"] in PAYLOADS and not is_legal(fold.status, event["type"])
    ),
    "illegal for an entry": illegal_for_an_entry,
    "unknown type": lambda event, _, __: event["type"] not in PAYLOADS and isinstance(event["data"], dict),
    "data that is none": lambda event, _, __: not isinstance(event["data"], dict),
}


def found_in(made: History) -> Counter[str]:
    """How often a history has each ingredient."""
    found: Counter[str] = Counter(offer.applied.value for offer in made.offers)
    fold = Fold()
    open_steps: set[str] = set()
    for event in made.log:
        found.update(name for name, look in INGREDIENTS.items() if look(event, fold, open_steps))
        fold.apply(event)
        if event["type"] == "step.finished":
            open_steps.discard(event["step"])
        elif event["step"] is not None:
            open_steps.add(event["step"])
    return found


@pytest.fixture(scope="module")
def found() -> Counter[str]:
    """What so many histories have in them together, each counted once per history."""
    total: Counter[str] = Counter()
    for seed in range(HISTORIES):
        total.update(found_in(history(Random(seed))).keys())
    return total


@pytest.mark.parametrize("name", [*(applied.value for applied in Applied), *INGREDIENTS])
def test_every_ingredient_is_in_one_history_of_forty(found: Counter[str], name: str):
    """So the thousands that both folds are given hold each of them many times."""
    assert found[name] >= HISTORIES / 40


def test_some_go_past_the_rings():
    """More than the caps keep."""
    fold = Fold()
    for event in overflow(Random(1)).log:
        fold.apply(event)
    assert any(output["from_offset"] for output in fold.snapshot()["outputs"].values())
