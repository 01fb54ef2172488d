"""What is taken back when a step dies: exactly what unfinished steps wrote, but for finished entries."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core import limits
from headway.core.events import new_event
from headway.core.fold import Fold
from headway.core.run import ENDED
from headway.core.withdraw import KINDS, Withdrawal
from tests.core.conformance import normal
from tests.core.histories import Event, History, histories, history

Log = list[Event]


def log_of(*events: tuple[Any, ...]) -> Log:
    """A log of ``(type, data, step)``."""
    return [
        {
            "run_id": "run_1",
            "seq": seq,
            "type": type,
            "time": "2026-01-01T00:00:00.000Z",
            "execution_id": "exe_1",
            "step": step[0] if step else None,
            "data": orjson.loads(new_event(type, data).data),
        }
        for seq, (type, data, *step) in enumerate(events, 1)
    ]


def withdrawal(log: Iterable[Event], withdrawn: Callable[[str], bool], base: Any = None) -> Any:
    """What is put back."""
    work = Withdrawal(withdrawn, base)
    for event in log:
        work.feed(event)
    return work.result()


def discarded(log: Log, withdrawn: Callable[[str], bool], step: str | None = None) -> Log:
    """The log with the withdrawal at its end, as a runtime writes it."""
    changes = withdrawal(log, withdrawn)
    data = {"attempt": 1, "step": step, "set": changes or put_back()}
    return [*log, {**log[0], "seq": log[-1]["seq"] + 1, "type": "attempt.discarded", "step": None, "data": data}]


def put_back(**changes: Any) -> dict[str, Any]:
    """``set``, of which the rest is empty."""
    return {"phases": {}, "items": {}, "outputs": {}, "notes": [], "custom": [], **changes}


def state_after(log: Iterable[Event]) -> dict[str, Any]:
    """What a viewer sees."""
    fold = Fold()
    for event in log:
        fold.apply(event)
    return fold.snapshot()


def entries(fold: Fold) -> dict[tuple[str, str], Any]:
    """All entries of a fold."""
    return {(kind, key): fold.entry(kind, key) for kind in KINDS for key in fold.keys(kind)}


BEGUN = [
    ("run.queued", {"attempt": 1, "reason": "created"}),
    ("run.started", {"attempt": 1}),
    ("run.planned", {"phases": [{"id": "p"}]}),
]


def test_nothing_to_take_back():
    """None, so that nobody writes an event for it."""
    log = log_of(*BEGUN, ("item.planned", {"key": "a"}), ("output.appended", {"key": "o", "delta": "x"}))
    assert withdrawal(log, lambda step: True) is None
    assert withdrawal([], lambda step: True) is None


def test_two_parallel_steps_one_finished():
    """The finished one keeps all it wrote, the other nothing; what the body wrote stays."""
    log = log_of(
        *BEGUN,
        ("item.planned", {"key": "a", "title": "A"}),
        ("item.started", {"key": "a"}),
        ("item.progressed", {"key": "a", "done": 1}, "s"),
        ("output.appended", {"key": "s-text", "delta": "kept"}, "t"),
        ("output.appended", {"key": "o", "delta": "gone"}, "s"),
        ("item.planned", {"key": "b"}, "s"),
        ("phase.progressed", {"id": "p", "done": 1, "total": 2}, "s"),
        ("step.finished", {"key": "t"}, "t"),
    )
    changes = withdrawal(log, lambda step: step != "t")
    assert changes["outputs"] == {"o": None}
    assert changes["items"]["b"] is None
    assert (changes["items"]["a"]["status"], changes["items"]["a"]["progress"]) == ("running", None)
    assert changes["phases"]["p"]["done"] == 0


def test_finished_entries_survive():
    """Whoever wrote them: their reader has acted upon them."""
    log = log_of(
        *BEGUN,
        ("item.finished", {"key": "a", "data": 1}, "s"),
        ("output.appended", {"key": "o", "delta": "text"}, "s"),
        ("output.finished", {"key": "o"}, "s"),
        ("phase.finished", {"id": "p"}, "s"),
        ("item.failed", {"key": "b", "error": {"code": "c", "message": "m"}}, "s"),
    )
    assert withdrawal(log, lambda step: True) == put_back(items={"b": None})


def test_notes_of_a_step_are_said_once():
    """Also when nothing but notes was written: the next try says them again."""
    log = log_of(
        *BEGUN,
        ("note", {"body": "of the body"}),
        ("note", {"body": "of the step"}, "s"),
        ("note", {"body": "of another"}, "t"),
        ("note", {"body": "of one that finished"}, "u"),
        ("step.finished", {"key": "u"}, "u"),
    )
    assert withdrawal(log, lambda step: step == "s") == put_back(notes=[5])
    log = discarded(log, lambda step: step == "s", "s")
    log += [{**log[4], "seq": 10}, {**log[7], "seq": 11, "data": {"key": "s"}}]
    said = [note["body"] for note in state_after(log)["notes"]]
    assert said == ["of the body", "of another", "of one that finished", "of the step"]
    assert withdrawal(log, lambda step: step == "t") == put_back(notes=[6])
    assert withdrawal(log, lambda step: False) is None


def test_notes_that_others_pushed_out_do_not_come_back():
    """Only what is in the ring is named, and the ring has room then."""
    log = log_of(
        *BEGUN,
        *[("note", {"body": "before"})] * 100,
        *[("note", {"body": "in the step"}, "s")] * (limits.NOTES_MAX - 1),
    )
    log = discarded(log, lambda step: True)
    assert log[-1]["data"]["set"]["notes"] == list(range(104, 303))
    assert [note["seq"] for note in state_after(log)["notes"]] == [103]


def test_errors_stay():
    """That a step failed is true also when it is tried again."""
    log = log_of(*BEGUN, ("error", {"message": "m", "code": "c", "category": "a", "severity": "error"}, "s"))
    assert withdrawal(log, lambda step: True) is None


def test_custom_values_go_back():
    """To what they were before the step, be that nothing or an application's own null."""
    log = log_of(
        *BEGUN,
        ("custom", {"name": "a", "data": None}),
        ("custom", {"name": "a", "key": "kept", "data": [1]}),
        ("custom", {"name": "a", "data": 1}, "s"),
        ("custom", {"name": "a", "key": "new", "data": 1}, "s"),
        ("custom", {"name": "b", "key": "new", "data": 1}, "s"),
        ("custom", {"name": "c", "data": 1}, "t"),
        ("step.finished", {"key": "t"}, "t"),
    )
    before = state_after(log[:5])["custom"]
    changes = withdrawal(log, lambda step: step == "s")
    assert changes == put_back(
        custom=[
            {"name": "a", "key": "new", "value": None},
            {"name": "b", "key": "new", "value": None},
            {"name": "a", "key": "", "value": {"data": None}},
        ]
    )
    assert state_after(discarded(log, lambda step: step == "s"))["custom"] == {**before, "c": {"": 1}}


def test_custom_values_that_found_no_room_beside_those_of_the_step_come_back():
    """What is removed makes room first."""
    log = log_of(
        *BEGUN,
        *[("custom", {"name": "a", "key": str(n), "data": n}, "s") for n in range(limits.CUSTOM_MAX)],
        ("custom", {"name": "b", "data": 1}),
    )
    assert "b" not in state_after(log)["custom"]
    assert state_after(discarded(log, lambda step: True))["custom"] == {"b": {"": 1}}


def test_what_an_older_headway_did_not_take_back_goes_with_the_next_withdrawal():
    """It wrote phases, items and outputs only."""
    log = log_of(*BEGUN, ("note", {"body": "b"}, "s"), ("custom", {"name": "a", "data": 1}, "s"))
    old = discarded(log, lambda step: True)
    old[-1]["data"]["set"] = {"phases": {}, "items": {}, "outputs": {}}
    state = state_after(old)
    assert ([note["seq"] for note in state["notes"]], state["custom"]) == ([4], {"a": {"": 1}})
    assert withdrawal(old, lambda step: True) == put_back(notes=[4], custom=[{"name": "a", "key": "", "value": None}])


def test_a_step_tried_again_in_mid_text():
    """Only the new try counts, and the text before the step stays."""
    log = log_of(
        *BEGUN,
        ("output.started", {"key": "o"}),
        ("output.appended", {"key": "o", "delta": "before "}),
        ("output.appended", {"key": "o", "delta": "first try"}, "s"),
    )
    log = discarded(log, lambda step: step == "s", "s")
    assert log[-1]["data"]["set"]["outputs"]["o"]["text"] == "before "
    second = {**log[-2], "seq": len(log) + 1, "data": {"key": "o", "delta": "second"}}
    finished = {**log[-2], "seq": len(log) + 2, "type": "step.finished", "data": {"key": "s"}}
    assert withdrawal([*log, second, finished], lambda step: False) is None
    assert withdrawal([*log, second], lambda step: True)["outputs"]["o"]["text"] == "before "


def test_one_of_two_steps_on_one_entry_is_tried_again():
    """What the withdrawal of one had put back held the other's words; they go when the other dies."""
    first = log_of(
        *BEGUN,
        ("output.appended", {"key": "o", "delta": "S"}, "s"),
        ("output.appended", {"key": "o", "delta": "T"}, "t"),
    )
    log = discarded(first, lambda step: step == "s", "s")
    assert log[-1]["data"]["set"]["outputs"]["o"]["text"] == "T"
    again = {**first[3], "seq": 7, "data": {"key": "o", "delta": "S2"}}
    finished = {**first[3], "seq": 8, "type": "step.finished", "data": {"key": "s"}}
    changes = withdrawal([*log, again, finished], lambda step: step == "t")
    assert changes["outputs"]["o"]["text"] == "S2"


def test_what_a_finished_step_says_late_stays():
    """Also across a take-over that withdraws all that had not finished."""
    late = ("output.appended", {"key": "o", "delta": "late"}, "s")
    log = log_of(*BEGUN, ("step.finished", {"key": "s"}, "s"), late, ("item.started", {"key": "a"}, "t"))
    log = discarded(log, lambda step: step == "t")
    assert log[-1]["data"]["set"] == put_back(items={"a": None})
    assert withdrawal(log, lambda step: step == "t") is None


def test_values_that_only_python_takes_for_equal_are_put_back():
    """``True`` is not 1 on the wire."""
    log = log_of(
        *BEGUN, ("item.updated", {"key": "a", "data": [1]}), ("item.updated", {"key": "a", "data": [True]}, "s")
    )
    assert withdrawal(log, lambda step: True)["items"]["a"]["data"] == [1]


def test_steps_called_by_a_step_go_with_it():
    """Unless they have finished: their results are kept, so what they wrote is, too."""
    log = log_of(
        *BEGUN,
        ("output.appended", {"key": "a", "delta": "gone"}, "s/inner"),
        ("output.appended", {"key": "b", "delta": "kept"}, "s/done"),
        ("output.appended", {"key": "c", "delta": "kept"}, "spare"),
        ("step.finished", {"key": "s/done"}, "s/done"),
    )
    log = discarded(log, lambda step: step in ("s", "s/inner"), "s")
    assert log[-1]["data"]["set"]["outputs"] == {"a": None}
    more = {**log[3], "seq": len(log) + 1, "type": "step.finished", "step": "s/inner", "data": {"key": "s/inner"}}
    assert withdrawal([*log, more], lambda step: False) is None


def test_what_survived_a_withdrawal_is_not_lost_by_the_next():
    """An entry had finished when its step was tried again; a later step opens it anew, and dies."""
    log = log_of(*BEGUN, ("item.finished", {"key": "a", "data": 1}, "s"), ("item.started", {"key": "b"}, "s"))
    log = discarded(log, lambda step: step == "s", "s")
    assert log[-1]["data"]["set"]["items"] == {"b": None}
    finished = {**log[0], "seq": 7, "type": "step.finished", "step": "s", "data": {"key": "s"}}
    opened = {**log[0], "seq": 8, "type": "item.started", "step": "t", "data": {"key": "a"}}
    changes = withdrawal([*log, finished, opened], lambda step: step == "t")
    assert changes["items"]["a"]["status"] == "finished"
    assert changes["items"]["a"]["data"] == 1


def test_a_phase_that_only_a_withdrawn_plan_had_dropped_comes_back():
    """Entries the whole log has no longer are looked at, too."""
    log = log_of(*BEGUN, ("run.planned", {"phases": [{"id": "q"}]}, "s"))
    changes = withdrawal(log, lambda step: True)
    assert changes["phases"]["q"] is None
    assert changes["phases"]["p"]["status"] == "planned"


def test_unknown_types_and_odd_data_are_no_entries():
    """A newer Headway may write what this one cannot read."""
    log = log_of(*BEGUN, ("note", {"body": "b"}, "s"), ("item.started", {"key": "a"}, "s"))
    log += [
        {**log[0], "seq": 6, "type": "item.moved", "step": "s", "data": None},
        {**log[0], "seq": 7, "type": "item.moved", "step": "s", "data": {"id": "a"}},
    ]
    log = discarded(log, lambda step: False, "s")
    assert withdrawal(log, lambda step: False)["items"] == {"a": None}


def test_from_a_snapshot_on():
    """Where the log was trimmed, what went before cannot be told apart and stays."""
    old, new = ({"key": "o", "delta": delta} for delta in ("old", "new"))
    log = log_of(*BEGUN, ("output.appended", old, "s"), ("output.appended", new, "s"))
    fold = Fold()
    for event in log[:4]:
        fold.apply(event)
    changes = withdrawal(log[4:], lambda step: True, fold.snapshot())
    assert changes["outputs"]["o"]["text"] == "old"


# ------------------------------------------------------------------------------------------------ every history


def survivors(log: Log, withdrawn: Callable[[str], bool]) -> Log:
    """The events that stay, by the words of the rule, looking back and forth as often as it takes."""
    stay = []
    for place, event in enumerate(log):
        step, later = event["step"], log[place + 1 :]
        if event["type"] in ("attempt.discarded", "step.finished"):
            continue
        if step is None or any(finishes(before, step) for before in log[:place]):
            stay.append(event)
        elif not withdrawn(step):
            fate = next((after for after in later if finishes(after, step) or discards(after, step)), None)
            if fate is None or finishes(fate, step) or had_finished(log[: log.index(fate)], event):
                stay.append(event)
    return stay


def finishes(event: Event, step: str) -> bool:
    """The event checkpoints the step."""
    return bool(event["type"] == "step.finished" and event["data"]["key"] == step)


def discards(event: Event, step: str) -> bool:
    """The event withdraws what the step has written so far."""
    if event["type"] != "attempt.discarded":
        return False
    of = event["data"]["step"]
    return of is None or step == of or step.startswith(f"{of}/")


def had_finished(log: Log, event: Event) -> bool:
    """The entry the event belongs to had finished at the end of this log."""
    fold = Fold()
    for earlier in log:
        fold.apply(earlier)
    data = event["data"] if isinstance(event["data"], dict) else {}
    kind = {"phase": "phases", "item": "items", "output": "outputs"}.get(event["type"].partition(".")[0])
    key = data.get("id" if kind == "phases" else "key")
    return kind is not None and key is not None and is_finished(fold.entry(kind, key))


def is_finished(entry: dict[str, Any] | None) -> bool:
    """Phase, item or output."""
    return entry is not None and (entry.get("status") == "finished" or entry.get("finished") is True)


@given(histories(40), st.integers(0, 2**32), st.booleans())
def test_exactly_finished_entries_and_what_kept_steps_wrote(history: History, seed: int, all_unfinished: bool):
    """Put back on the whole log's state, the values give just that, in every history."""
    log = history.log
    done = {event["data"]["key"] for event in log if event["type"] == "step.finished"}
    open_steps = sorted({event["step"] for event in log if event["step"]} - done)
    gone = open_steps if all_unfinished else Random(seed).sample(open_steps, min(1, len(open_steps)))

    whole, kept = Fold(), Fold()
    for event in log:
        whole.apply(event)
    stay = survivors(log, gone.__contains__)
    for event in stay:
        kept.apply(event, partial=True)
    now, then = entries(whole), entries(kept)
    expected = {place: entry for place, entry in then.items() if place not in now or not is_finished(now[place])}
    expected |= {place: entry for place, entry in now.items() if is_finished(entry)}
    said = [note for note in whole.snapshot()["notes"] if note["seq"] in {event["seq"] for event in stay}]

    changes = withdrawal(log, gone.__contains__)
    if changes is not None and log:
        data = {"attempt": 1, "step": "s", "set": changes}
        if whole.status in ENDED:
            whole = Fold({**whole.snapshot(), "status": "running"})
        whole.apply({**log[-1], "seq": whole.seq + 1, "type": "attempt.discarded", "data": data})
    assert normal(entries(whole)) == normal(expected)
    assert whole.snapshot()["notes"] == said
    assert normal(whole.snapshot()["custom"]) == normal(kept.snapshot()["custom"])


@pytest.mark.parametrize("seed", range(20))
def test_withdrawing_twice_changes_nothing_more(seed):
    """What was put back is what stays."""
    log = history(Random(seed), 80).log
    fold = Fold()
    for event in log:
        fold.apply(event)
    if fold.snapshot()["finished_at"] is None and log:
        assert withdrawal(discarded(log, lambda step: True), lambda step: True) is None
