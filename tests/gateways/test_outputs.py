"""The whole text of an output."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core import limits
from headway.core.fold import Fold
from headway.gateways import outputs
from headway.gateways.outputs import WholeText
from headway.stores.retention import Part
from tests.gateways.serving import World, as_user, open_run, problem_of, report


def text(type: str, key: str = "text", **data: str) -> dict[str, object]:
    """An output event."""
    return {"type": f"output.{type}", "data": {"key": key, **data}}


async def test_text_as_far_as_it_is_written(client: httpx.AsyncClient) -> None:
    """As plain text, which no browser takes for a page."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, text("started"), text("appended", delta="<b>Grüße "), text("appended", delta="🎈"))
    answer = await client.get(f"/v1/runs/{run_id}/outputs/text")
    assert answer.text == "<b>Grüße 🎈"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["headway-from-offset"] == "0"


async def test_keys_are_paths(client: httpx.AsyncClient) -> None:
    """As steps write them."""
    run_id = (await open_run(client))["id"]
    await report(client, run_id, text("appended", "day:3/summary ü", delta="x"))
    assert (await client.get(f"/v1/runs/{run_id}/outputs/day:3/summary%20%C3%BC")).text == "x"


async def test_an_output_that_is_not_there(client: httpx.AsyncClient) -> None:
    """Is not found."""
    run_id = (await open_run(client))["id"]
    problem_of(await client.get(f"/v1/runs/{run_id}/outputs/text"), 404, "not_found")


async def test_others_do_not_read_it(users: httpx.AsyncClient) -> None:
    """The run does not exist for them."""
    run_id = (await open_run(users, headers=as_user("ada")))["id"]
    problem_of(await users.get(f"/v1/runs/{run_id}/outputs/text", headers=as_user("bob")), 404, "run_not_found")


async def large(client: httpx.AsyncClient) -> tuple[str, str]:
    """A run with more text than its snapshot keeps; returns both."""
    run_id = (await open_run(client))["id"]
    pieces = [f"{number:06d}🎈" * 20_000 for number in range(8)]
    for piece in pieces:
        await report(client, run_id, text("appended", delta=piece[:70_000]), text("appended", delta=piece[70_000:]))
    return run_id, "".join(pieces)


async def test_what_the_snapshot_dropped_is_read_from_the_log(client: httpx.AsyncClient) -> None:
    """The whole, to the last character."""
    run_id, whole = await large(client)
    state = (await client.get(f"/v1/runs/{run_id}")).json()
    assert state["outputs"]["text"]["from_offset"] == len(whole) - limits.OUTPUT_TEXT_MAX > 0
    answer = await client.get(f"/v1/runs/{run_id}/outputs/text")
    assert (answer.text, answer.headers["headway-from-offset"]) == (whole, "0")


async def test_long_logs_are_read_page_by_page(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other outputs and what is withdrawn of them stand in between."""
    monkeypatch.setattr(outputs, "PAGE_MAX", 3)
    run_id, whole = await large(client)
    await report(client, run_id, text("appended", "other", delta="x"), {"type": "note", "data": {"body": "x"}})
    assert (await client.get(f"/v1/runs/{run_id}/outputs/text")).text == whole


def test_withdrawals_of_other_outputs_do_not_matter() -> None:
    """Nor do their events."""
    whole = WholeText("text")
    for key in ("text", "other"):
        whole.feed({"type": "output.appended", "data": {"key": key, "delta": key}})
    gone = withdrawn(None)
    gone["data"]["set"]["outputs"] = {"other": None}
    whole.feed(gone)
    assert whole.read() == "text"


async def test_what_is_not_kept_any_more_is_said(world: World, client: httpx.AsyncClient) -> None:
    """The rest, and where it begins."""
    run_id, whole = await large(client)
    await report(client, run_id, {"type": "run.succeeded", "data": {}})
    await world.hw.projections.save(run_id, force=True)
    await world.hw.store.trim(run_id, floor=10, part=Part.TEXT)
    answer = await client.get(f"/v1/runs/{run_id}/outputs/text")
    begins = int(answer.headers["headway-from-offset"])
    assert begins == len(whole) - limits.OUTPUT_TEXT_MAX
    assert answer.text == whole[begins:]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("output.started"), st.just("")),
        st.tuples(st.just("output.appended"), st.text(min_size=1, max_size=6)),
        st.tuples(st.just("output.finished"), st.just("")),
        st.tuples(st.just("attempt.discarded"), st.integers(0, 8).map(str)),
        st.tuples(st.just("removed"), st.just("")),
    ),
    max_size=25,
)


@pytest.mark.parametrize("cap", [3, 1_000])
@given(steps=steps)
def test_it_ends_like_the_fold(cap: int, steps: list[tuple[str, str]]) -> None:
    """Whatever happens to an output, the snapshot's text is the end of the whole text."""
    whole, fold = WholeText("text"), Fold()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "OUTPUT_TEXT_MAX", cap)
        for seq, event in enumerate(history(steps, fold), 1):
            event |= {"seq": seq, "run_id": "r", "execution_id": "e", "time": "2026-01-01T00:00:00.000Z", "step": None}
            fold.apply(event, f"{seq}.a")
            if event["type"].startswith(("output", "attempt")):
                whole.feed(event)
            output = fold.entry("outputs", "text") or {"text": "", "from_offset": 0}
            assert whole.read()[output["from_offset"] :] == output["text"]
            assert len(whole.read()) == output["from_offset"] + len(output["text"])


def withdrawn(output: dict[str, Any] | None) -> dict[str, Any]:
    """An event that puts the output back."""
    return {
        "type": "attempt.discarded",
        "data": {"attempt": 1, "step": None, "set": {"phases": {}, "items": {}, "outputs": {"text": output}}},
    }


def history(steps: list[tuple[str, str]], fold: Fold) -> Iterator[dict[str, Any]]:
    """Events of a running run; what is withdrawn goes back to an earlier length, as withdrawals do."""
    yield {"type": "run.queued", "data": {"attempt": 1, "reason": "created"}}
    yield {"type": "run.started", "data": {"attempt": 1}}
    for kind, value in steps:
        output = fold.entry("outputs", "text")
        if kind == "removed":
            yield withdrawn(None)
        elif kind == "attempt.discarded":
            if output is not None:
                keep = output["text"][: int(value)]
                yield withdrawn({**output, "text": keep, "finished": False})
        else:
            data = {"key": "text"} | ({"delta": value} if kind == "output.appended" else {})
            yield {"type": kind, "data": data}
