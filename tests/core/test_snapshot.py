"""The published shape of a snapshot is the one the fold makes."""

from typing import Any

import pytest
from hypothesis import given
from pydantic import BaseModel

from headway.core import shapes
from headway.core.fold import Fold
from headway.core.snapshot import Execution, Progress, Snapshot
from tests.core.conformance import cases, expand
from tests.core.histories import History, histories

PUBLISHED = [case for case in cases("fold/*.json").values() if case.get("expect", {}).get("run_id")]


def keys(value: Any, model: type[BaseModel], place: str = "") -> list[str]:
    """Places where a value has other keys than its model."""
    named = {field.alias or name for name, field in model.model_fields.items()}
    return [f"{place}: {sorted(value.keys() ^ named)}"] if value.keys() != named else []


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["name"])
def test_cases_fit_the_schema(case):
    """What other languages are promised is what they get."""
    assert_fits(expand(case["expect"]))


@given(histories(40))
def test_random_snapshots_fit_the_schema(history: History):
    """Also where nobody looked."""
    fold = Fold()
    for offer in history.offers:
        fold.apply(offer.event, offer.cursor)
    snapshot = fold.snapshot()
    if snapshot["run_id"] is not None:
        assert_fits(snapshot)


def assert_fits(snapshot: dict[str, Any]) -> None:
    """The model reads it, and no key is missing or one too many."""
    Snapshot.model_validate(snapshot)
    wrong = keys(snapshot, Snapshot) + keys(snapshot["progress"], Progress)
    wrong += [line for execution in snapshot["executions"] for line in keys(execution, Execution)]
    wrong += [line for phase in snapshot["phases"] for line in keys(phase, shapes.Phase)]
    for kind, model in (("items", shapes.Item), ("outputs", shapes.Output)):
        wrong += [line for entry in snapshot[kind].values() for line in keys(entry, model, kind)]
    assert wrong == []


def test_a_new_fold_has_all_keys_too():
    """Only the run's id is not known before the first event."""
    empty = Fold().snapshot()
    assert keys(empty, Snapshot) == []
    assert empty["run_id"] is None
    Snapshot.model_validate({**empty, "run_id": "run_1"})
