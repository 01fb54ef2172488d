"""What waits for a write is conflated and joined without changing what readers fold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.events import NewEvent, new_event
from headway.core.fold import Fold
from headway.publish.pending import TEXT_PIECE_MAX, Pending, pieces, sound_text


def progressed(done: int, phase: str = "p") -> NewEvent:
    """A progress event."""
    return new_event("phase.progressed", {"id": phase, "done": done, "total": 10})


def data(event: NewEvent) -> dict:
    """Its payload."""
    return json.loads(event.data)


def test_only_the_last_progress_of_an_entity_is_kept():
    """Progress is absolute, so the last one says it all."""
    pending = Pending()
    for done in range(5):
        pending.add(progressed(done), entity="phase:p", conflate=True)
    pending.add(progressed(1, "q"), entity="phase:q", conflate=True)
    assert [data(event)["done"] for event in pending.take()] == [4, 1]
    assert not pending


def test_progress_is_not_conflated_across_another_event_of_the_entity():
    """Starting a phase resets it: progress before and after are two things."""
    pending = Pending()
    pending.add(progressed(5), entity="phase:p", conflate=True)
    pending.add(new_event("phase.started", {"id": "p"}), entity="phase:p")
    pending.add(progressed(1), entity="phase:p", conflate=True)
    assert [event.type for event in pending.take()] == ["phase.progressed", "phase.started", "phase.progressed"]


def test_deltas_of_one_output_join_where_the_first_one_stood():
    """Tokens become one event."""
    pending = Pending()
    for token in ("a", "b", "🗻"):
        pending.add_text("x", token, step="s", agent=None)
    pending.add_text("y", "other", step=None, agent=None)
    pending.add_text("x", "c", step="s", agent=None)
    first, second = pending.take()
    assert data(first) == {"key": "x", "delta": "ab🗻c"}
    assert (first.step, second.step) == ("s", None)


def test_deltas_do_not_join_across_the_end_of_an_output():
    """What belongs to a text begun anew must not end up in the old one."""
    pending = Pending()
    pending.add_text("x", "old", step=None, agent=None)
    pending.add(new_event("output.started", {"key": "x"}), entity="output:x")
    pending.add_text("x", "new", step=None, agent=None)
    assert [event.type for event in pending.take()] == ["output.appended", "output.started", "output.appended"]


def test_an_event_about_everything_ends_all_conflation():
    """After a withdrawal nothing before it may move."""
    pending = Pending()
    pending.add(progressed(5), entity="phase:p", conflate=True)
    pending.add(new_event("note", {"body": "x"}))
    pending.add(progressed(6), entity="phase:p", conflate=True)
    assert len(pending.take()) == 3


def test_text_is_cut_so_that_each_piece_fits_into_an_event():
    """No delta is refused for its size."""
    text = "🗻" * (2 * TEXT_PIECE_MAX + 5)
    parts = pieces(text)
    assert "".join(parts) == text
    assert max(map(len, parts)) == TEXT_PIECE_MAX


@pytest.mark.parametrize(("text", "sound"), [("a\ud83d\uddfbb", "a🗻b"), ("x\ud800y", "x\ufffdy"), ("plain", "plain")])
def test_surrogates_are_joined_or_replaced(text: str, sound: str):
    """A tokenizer may cut a character in two; UTF-8 cannot carry halves."""
    assert sound_text(text) == sound


OPS = st.one_of(
    st.tuples(st.just("progress"), st.sampled_from("pq"), st.integers(0, 20)),
    st.tuples(st.just("start"), st.sampled_from("pq"), st.just(0)),
    st.tuples(st.just("finish"), st.sampled_from("pq"), st.just(0)),
    st.tuples(st.just("text"), st.sampled_from("xy"), st.integers(0, 9)),
    st.tuples(st.just("begin"), st.sampled_from("xy"), st.just(0)),
)


def folded(events: list[NewEvent]) -> dict:
    """State after these events, without what depends on their number."""
    fold = Fold()
    for seq, event in enumerate(events, 1):
        envelope = {"run_id": "r", "seq": seq, "type": event.type, "time": "2026-01-01T00:00:00.000Z"}
        fold.apply({**envelope, "execution_id": "e", "step": event.step, "data": data(event)})
    state = fold.snapshot()
    outputs = {key: output["text"] for key, output in state["outputs"].items()}
    return {"phases": {p["id"]: (p["status"], p["done"]) for p in state["phases"]}, "outputs": outputs}


@given(st.lists(OPS, max_size=40))
def test_conflated_events_fold_to_the_same_state(ops: list[tuple[str, str, int]]):
    """Whatever is reported, joining and conflating change only how many events say it."""
    pending, plain = Pending(), []
    for verb, name, number in ops:
        if verb == "text":
            pending.add_text(name, str(number), step=None, agent=None)
            plain.append(new_event("output.appended", {"key": name, "delta": str(number)}))
            continue
        kind, entity = ("output.started", f"output:{name}") if verb == "begin" else (None, f"phase:{name}")
        types = {"progress": "phase.progressed", "start": "phase.started", "finish": "phase.finished"}
        body = {"key": name} if kind else {"id": name, "done": number}
        event = new_event(kind or types[verb], body)
        plain.append(event)
        pending.add(event, entity=entity, conflate=verb == "progress")
    assert folded(pending.take()) == folded(plain)
