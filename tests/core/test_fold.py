"""The fold: its cases, and what holds for every log there may ever be."""

import copy
import json
import sys
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core import limits
from headway.core.events import PAYLOADS
from headway.core.fold import Applied, Fold
from headway.core.run import ENDED, RunStatus, next_status
from tests.core.conformance import cases, expand, groups, normal
from tests.core.histories import Event, History, any_event, histories, overflow

CASES = cases("fold/*.json")
SMALL = {name: case for name, case in CASES.items() if not name.startswith("limits")}
seeds = st.integers(0, 2**32)


def feed(fold: Fold, events: list[Event]) -> Fold:
    """Fold events of a log."""
    for event in events:
        assert fold.apply(event) is Applied.APPLIED
    return fold


# ------------------------------------------------------------------------------------------------ cases


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    """Every answer, every snapshot on the way, and the last one."""
    case = CASES[name]
    fold = Fold(expand(case.get("from")))
    snapshots = dict(case.get("snapshots", {}))
    for group in groups(case["events"]):
        for one in group:
            applied = fold.apply(one["event"], one.get("cursor"), partial=case.get("partial", False))
            assert applied.value == one.get("applied", "applied"), one["event"]["seq"]
            if str(fold.seq) in snapshots and applied is Applied.APPLIED:
                assert normal(fold.snapshot()) == normal(snapshots.pop(str(fold.seq)))
    assert snapshots == {}
    if "expect" in case:
        assert normal(fold.snapshot()) == normal(expand(case["expect"]))
    for kind, size in case.get("sizes", {}).items():
        assert len(fold.snapshot()[kind]) == size


@pytest.mark.parametrize("name", CASES)
def test_case_joined_late(name):
    """From the snapshot after any entry on, the rest leads to the same end."""
    case = CASES[name]
    partial = case.get("partial", False)
    entries = [list(group) for group in groups(case["events"])]
    first = Fold(expand(case.get("from")))
    joined: list[Fold] = []
    for entry in entries:
        for late in joined:
            offer(late, entry, partial)
        offer(first, entry, partial)
        if len(joined) < 20 or name in SMALL:
            joined.append(Fold(first.snapshot()))
    for late in joined:
        assert late.snapshot_json() == first.snapshot_json() or normal(late.snapshot()) == normal(first.snapshot())


@pytest.mark.parametrize("name", [n for n in SMALL if not CASES[n].get("partial") and "gap" not in str(CASES[n])])
def test_case_offered_twice(name):
    """All of it is known already."""
    case = CASES[name]
    entries = [list(group) for group in groups(case["events"])]
    fold = Fold(expand(case.get("from")))
    for entry in entries:
        offer(fold, entry, partial=False)
    before = fold.snapshot_json()
    for entry in entries:
        for one in entry:
            assert fold.apply(one["event"], one.get("cursor")) is Applied.DUPLICATE
    assert fold.snapshot_json() == before


def offer(fold: Fold, entry: list[dict[str, Any]], partial: bool) -> None:
    """Apply what one entry of a case stands for."""
    for one in entry:
        fold.apply(one["event"], one.get("cursor"), partial=partial)


# ------------------------------------------------------------------------------------------------ every history


@given(histories())
def test_snapshot_and_tail_is_the_fold_of_all(history: History):
    """For every k, also across a withdrawal, and whatever the network does twice."""
    whole = Fold()
    late: list[Fold] = []
    for offer in history.offers:
        for fold in (whole, *late):
            assert fold.apply(offer.event, offer.cursor) is offer.applied
        late.append(Fold(whole.snapshot()))
    end = normal(whole.snapshot())
    for fold in late:
        assert normal(fold.snapshot()) == end


@given(histories(), seeds)
def test_duplicates_change_nothing(history: History, seed: int):
    """Idempotent by seq: events offered again, in any order, are known."""
    log = history.log
    once, often = Fold(), Fold()
    rng = Random(seed)
    for place, event in enumerate(log):
        once.apply(event)
        often.apply(event)
        for _ in range(rng.randint(0, 2)):
            assert often.apply(rng.choice(log[: place + 1])) is Applied.DUPLICATE
    assert once.snapshot_json() == often.snapshot_json()


@given(histories(), seeds)
def test_the_order_of_keys_does_not_matter(history: History, seed: int):
    """Objects of another language come with their keys in another order, events and snapshots alike."""
    rng = Random(seed)
    plain, mixed = Fold(), Fold()
    for event in history.log:
        plain.apply(event)
        mixed.apply(shuffled(event, rng))
        if rng.random() < 0.2:
            mixed = Fold(shuffled(mixed.snapshot(), rng))
    assert normal(mixed.snapshot()) == normal(plain.snapshot())


def shuffled(value: Any, rng: Random) -> Any:
    """The same JSON, its keys in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], rng) for key in rng.sample(list(value), len(value))}
    return [shuffled(inner, rng) for inner in value] if isinstance(value, list) else value


@given(histories())
def test_percent_never_falls_within_an_attempt(history: History):
    """But where a take-over withdraws what a dead worker left; and 100 comes only with the end."""
    fold = Fold()
    shown: float | None = None
    attempt = None
    for event in history.log:
        before = fold.status
        fold.apply(event)
        percent, now = fold.get("progress")["percent"], (fold.get("attempt"), len(fold.get("executions")))
        withdrawn = event["type"] == "attempt.discarded" and event["data"]["step"] is None
        reopened = before in ENDED and fold.status is RunStatus.QUEUED
        requeued = event["type"] == "run.queued" and fold.status is RunStatus.QUEUED
        if now != attempt or withdrawn or reopened or requeued:
            shown, attempt = None, now
        if percent is not None:
            assert 0 <= percent <= 100
            assert shown is None or percent >= shown
            assert (percent == 100) == (fold.status in (RunStatus.SUCCEEDED, RunStatus.PARTIAL))
            shown = percent


@given(seeds, st.integers(0, 40), st.booleans())
def test_folding_is_total(seed: int, count: int, partial: bool):
    """Events that fit their type, in any order, legal or not: no error, and a snapshot that can be encoded."""
    rng = Random(seed)
    fold = Fold()
    seq = 0
    for _ in range(count):
        seq += rng.choice((1, 1, 1, 2) if partial else (1,))
        assert fold.apply(any_event(rng, seq), partial=partial) is Applied.APPLIED
        assert fold.seq == seq
    assert json.loads(fold.snapshot_json())["seq"] == seq


@given(seeds)
def test_the_generator_writes_what_fits_its_type(seed: int):
    """Or the test before would say nothing."""
    event = any_event(Random(seed), 1)
    PAYLOADS[event["type"]].model_validate(event["data"])


@given(histories())
def test_status_follows_the_table(history: History):
    """A store keeps the status in a column by the table alone; both must say the same."""
    fold, status = Fold(), None
    for event in history.log:
        fold.apply(event)
        if isinstance(event["data"], dict):
            status = next_status(status, event["type"])
        assert fold.status == status
        assert bool(fold.get("asks")) == (status is RunStatus.WAITING)


@pytest.mark.parametrize("seed", range(4))
def test_past_the_rings(seed):
    """Caps hold, and a late viewer sees the same."""
    log = overflow(Random(seed)).log
    middle = Fold()
    feed(middle, log[: len(log) // 2])
    whole = feed(Fold(middle.snapshot()), log[len(log) // 2 :])
    snapshot = feed(middle, log[len(log) // 2 :]).snapshot()
    assert normal(whole.snapshot()) == normal(snapshot)
    assert len(snapshot["notes"]) <= limits.NOTES_MAX
    assert len(snapshot["errors"]) <= limits.ERRORS_MAX
    assert len(snapshot["executions"]) <= limits.EXECUTIONS_MAX
    assert len(snapshot["phases"]) <= limits.PHASES_MAX
    assert all(len(output["text"]) <= limits.OUTPUT_TEXT_MAX for output in snapshot["outputs"].values())


# ------------------------------------------------------------------------------------------------ sharing


@given(histories(30), seeds)
def test_a_fold_shares_nothing_with_its_events(history: History, seed: int):
    """Whoever owns an event may do with it what he likes."""
    careful, careless = Fold(), Fold()
    for event in history.log:
        careful.apply(copy.deepcopy(event))
        mine = copy.deepcopy(event)
        careless.apply(mine)
        spoil(mine)
    assert careless.snapshot_json() == careful.snapshot_json()


@given(histories(30))
def test_a_snapshot_shares_nothing_with_its_fold(history: History):
    """Neither the one it was made of, nor the one it gave."""
    fold = feed(Fold(), history.log)
    before = fold.snapshot_json()
    given_out = fold.snapshot()
    begun = Fold(given_out)
    spoil(given_out)
    assert fold.snapshot_json() == begun.snapshot_json() == before


@given(histories(30))
def test_a_copied_entry_is_a_value_of_its_own(history: History):
    """As `Fold.entry` promises."""
    fold = feed(Fold(), history.log)
    before = fold.snapshot_json()
    for kind in ("phases", "items", "outputs"):
        for key in fold.keys(kind):
            spoil(fold.entry(kind, key))
    assert fold.snapshot_json() == before


def spoil(value: Any) -> None:
    """Change everything that can be changed."""
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value.clear()
        value["spoiled"] = True
    elif isinstance(value, list):
        for inner in value:
            spoil(inner)
        value.append("spoiled")


# ------------------------------------------------------------------------------------------------ cost


def calls(work: Any) -> int:
    """How many functions, of Python or of C, some work calls."""
    count = 0

    def watch(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def envelope(seq: int, type: str, data: dict[str, Any]) -> Event:
    """An event of a running run."""
    return {
        "run_id": "run_1",
        "seq": seq,
        "type": type,
        "time": "2026-01-01T00:00:00.000Z",
        "execution_id": "exe_1",
        "step": None,
        "data": data,
    }


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("output.appended", {"key": "o", "delta": "token"}),
        ("note", {"kind": "info", "title": None, "body": "b"}),
        ("error", {"severity": "info", "category": "c", "code": "c", "message": "m", "retryable": True, "item": None}),
        ("item.progressed", {"key": "i", "done": 1, "total": 2, "message": None}),
        ("phase.progressed", {"id": "p", "done": 1, "total": 2, "unit": None, "message": "m"}),
        ("custom", {"name": "n", "key": "k", "data": {"a": [1, 2]}}),
    ],
)
def test_folding_is_linear(type, data):
    """The ten-thousandth event costs what the first did, counted in calls: no clock, no slow machine."""

    def fold_of(count: int) -> Fold:
        return feed(Fold(), [envelope(seq, type, data) for seq in range(1, count + 1)])

    few, many = calls(lambda: fold_of(1_000)), calls(lambda: fold_of(10_000))
    assert many <= few * 10.1


def test_a_hundred_thousand_deltas():
    """One output, one text, whole; and the last ten thousand cost what the first did."""
    fold = Fold()
    costs = []
    for start in range(1, 100_001, 10_000):
        log = [
            envelope(seq, "output.appended", {"key": "o", "delta": f"{seq % 10}"})
            for seq in range(start, start + 10_000)
        ]
        costs.append(calls(lambda log=log: feed(fold, log)))
    assert fold.snapshot()["outputs"]["o"]["text"] == "1234567890" * 10_000
    assert max(costs) <= costs[0] * 1.01


def test_many_items_cost_no_more_each():
    """Tallies are kept up, never counted anew; also when one of many items is put back."""

    def busy(count: int) -> None:
        fold = Fold()
        feed(fold, [envelope(seq, "item.planned", planned(seq)) for seq in range(1, count + 1)])
        put_back = {"phases": {}, "outputs": {}, "items": {"1": fold.entry("items", "1")}}
        discard = {"attempt": 1, "step": "s", "set": put_back}
        feed(fold, [envelope(seq, "attempt.discarded", discard) for seq in range(count + 1, 2 * count + 1)])

    def planned(seq: int) -> dict[str, Any]:
        return {"key": str(seq), "kind": "item", "title": "", "parent": None, "phase": "p"}

    few, many = calls(lambda: busy(200)), calls(lambda: busy(2_000))
    assert many <= few * 10.1


def test_text_at_the_cap_of_all_outputs_costs_no_more():
    """An oldest output that was emptied and goes on does not make every delta look at all the others."""
    fold = Fold()
    seq = 0
    for key in range(limits.OUTPUTS_MAX):
        fold.apply(envelope(seq := seq + 1, "output.appended", {"key": str(key), "delta": "x" * 8_389}))

    def go_on(key: str, count: int) -> None:
        nonlocal seq
        for _ in range(count):
            fold.apply(envelope(seq := seq + 1, "output.appended", {"key": key, "delta": "y"}))

    go_on("1", 10_000)
    assert calls(lambda: go_on("0", 100)) < 100 * 30
    assert (fold.entry("outputs", "0") or {})["text"] == ""


# ------------------------------------------------------------------------------------------------ the rest of its face


def test_a_fold_tells_where_it_is():
    """Without making the whole snapshot."""
    fold = Fold()
    assert (fold.seq, fold.cursor, fold.status, fold.get("attempt")) == (0, "0.0", None, 0)
    fold.apply(envelope(1, "run.queued", {"attempt": 1, "reason": "created", "run": None}), "1.9f")
    assert (fold.seq, fold.cursor, fold.status, fold.get("attempt")) == (1, "1.9f", RunStatus.QUEUED, 1)


def test_entries_are_found_by_kind_and_key():
    """Of each kind, in the order they came; unknown ones are none."""
    fold = feed(
        Fold(),
        [
            envelope(1, "phase.started", {"id": "p", "total": None, "unit": None}),
            envelope(2, "item.started", {"key": "b"}),
            envelope(3, "item.started", {"key": "a"}),
            envelope(4, "output.appended", {"key": "o", "delta": "text"}),
        ],
    )
    assert [fold.keys(kind) for kind in ("phases", "items", "outputs")] == [["p"], ["b", "a"], ["o"]]
    assert fold.entry("phases", "p") == fold.snapshot()["phases"][0]
    assert fold.entry("items", "a") == fold.snapshot()["items"]["a"]
    assert fold.entry("outputs", "o") == {"text": "text", "from_offset": 0, "finished": False, "attempt": 0, "seq": 4}
    assert fold.items_by_status() == {"running": 2}
    assert [fold.entry(kind, "none") for kind in ("phases", "items", "outputs")] == [None, None, None]


def test_a_snapshot_may_come_as_other_json_libraries_read_it():
    """`from` a snapshot means its value, not its bytes."""
    fold = Fold()
    fold.apply(envelope(1, "custom", {"name": "n", "key": None, "data": [1.0, -0.0, 1e300]}))
    again = Fold(json.loads(fold.snapshot_json()))
    assert again.snapshot() == orjson.loads(fold.snapshot_json())
