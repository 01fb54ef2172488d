"""Phases as users write them."""

import orjson
import pytest
from pydantic import ValidationError

from headway.core.events import PhasePlan
from headway.core.plan import MAIN_PHASE, as_phases, planned
from headway.errors import UsageError


def test_weights_by_name():
    """In the order they are written; titles for people."""
    assert as_phases({"read_pages": 80, "write-PDF": 20.5}) == (
        PhasePlan(id="read_pages", title="Read pages", weight=80),
        PhasePlan(id="write-PDF", title="Write PDF", weight=20.5),
    )


def test_names_alone_weigh_the_same():
    """And may stand beside whole phases."""
    own = PhasePlan(id="b", title="Mine", weight=3)
    assert as_phases(["a", own]) == (PhasePlan(id="a", title="A", weight=1), own)


@pytest.mark.parametrize("none", [None, [], {}, ()])
def test_a_run_without_phases_has_one(none):
    """Or `run.progress` would have nothing to move."""
    assert as_phases(none) == (MAIN_PHASE,)


def test_a_lone_text_is_a_mistake():
    """Its letters would become phases."""
    with pytest.raises(UsageError, match=r"write phases=\['read'\]"):
        as_phases("read")


@pytest.mark.parametrize("wrong", [{"": 1}, {"a": 0}, {"a": -1}, ["x" * 201]])
def test_phases_nobody_can_have(wrong):
    """Refused where they are declared."""
    with pytest.raises(ValidationError):
        as_phases(wrong)


def test_the_event_that_declares_them():
    """Whole and in order."""
    event = planned(as_phases(["a", "b"]))
    assert event.type == "run.planned"
    assert [phase["id"] for phase in orjson.loads(event.data)["phases"]] == ["a", "b"]
