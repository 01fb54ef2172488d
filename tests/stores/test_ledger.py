"""The decision on a write, by itself: the same for every store."""

from collections.abc import Mapping

import orjson
import pytest

from headway.core.cursor import Cursor
from headway.core.events import NewEvent
from headway.core.run import ENDED, RUN_TRANSITIONS, RunStatus
from headway.errors import Conflict, KeyReused, RunClosed, UsageError
from headway.stores.base import Release, Requeue, RunRow, Standing, Write
from headway.stores.ledger import birth, check_same, decide, first_page, judge, lapses_ms, tail_bytes
from headway.stores.retention import trim_limit
from tests.stores.builders import SUCCEEDED, new_run, note, queued, started

NOW = 1_790_000_000_000


def row(**changes: object) -> RunRow:
    """A running run, two events long, changed."""
    run = birth(new_run(started()), now_ms=NOW).run
    return RunRow(**{name: getattr(run, name) for name in RunRow.__slots__} | changes)


@pytest.mark.parametrize("status", list(RunStatus))
@pytest.mark.parametrize("type", sorted(RUN_TRANSITIONS))
def test_the_row_follows_the_table(status: RunStatus, type: str) -> None:
    """Every legal transition is written and leads where the table says; every other one is refused."""
    run = row(status=status)
    requeue = Requeue("exe_2") if type == "run.queued" else None
    write = Write(events=[NewEvent(type, b"{}")], statuses=set(RunStatus), requeue=requeue)
    target = RUN_TRANSITIONS[type].get(status)
    if target is None:
        with pytest.raises(Conflict):
            decide(run, write, now_ms=NOW)
    else:
        after = decide(run, write, now_ms=NOW).run
        assert after.status is target
        assert (after.finished_at is None) == (target not in ENDED)


def test_time_never_falls() -> None:
    """When the clock is put back, events keep the time of the last one."""
    run = row()
    later = decide(run, Write([note()], run.execution_id), now_ms=NOW + 5_000).run
    back = decide(later, Write([note()], run.execution_id), now_ms=NOW)
    assert back.run.updated_at == later.updated_at
    assert back.events[0].envelope()["time"] == later.updated_at


def test_nothing_to_keep_is_the_row_itself() -> None:
    """So that a store can leave it out."""
    run = row()
    assert decide(run, Write(), now_ms=NOW + 1).run is run
    control = Write([note(key="k")])
    assert decide(run, control, now_ms=NOW + 1, known={"k"}).run is run
    beat = decide(run, Write(execution_id=run.execution_id), now_ms=NOW + 1)
    assert (beat.moved, beat.events, beat.run.updated_at > run.updated_at) == (False, [], True)


def test_an_empty_key_is_none() -> None:
    """It is not looked for, and drops nothing."""
    run = row()
    assert len(decide(run, Write([note(key=""), note(key="")], run.execution_id), now_ms=NOW).events) == 2


def test_the_creation_time_is_the_header_s() -> None:
    """So that a list and a snapshot say the same; without a good one it is the store's."""
    assert birth(new_run(), now_ms=NOW).run.created_at == "2026-01-01T00:00:00.000Z"
    for header in ({"created_at": "yesterday"}, {"created_at": None}):
        new = new_run()
        new = type(new)(
            id=new.id, job="j", title="t", events=[NewEvent("run.queued", _queued(header))], execution_id="exe_1"
        )
        made = birth(new, now_ms=NOW).run
        assert made.created_at == made.updated_at


def _queued(header: Mapping[str, str | None]) -> bytes:
    return orjson.dumps({"attempt": 1, "reason": "created", "run": header})


def test_whoever_lets_go_of_a_run_tells_of_it() -> None:
    """Without an event nobody would notice."""
    with pytest.raises(UsageError, match="needs an event"):
        decide(row(), Write(execution_id=row().execution_id, release=Release()), now_ms=5)


def test_a_lease_lapses_while_the_run_goes_on() -> None:
    """Not for runs of our own workers, not without a lease, not after the end."""
    assert lapses_ms(row(external=True, lease_s=1.5), NOW) == NOW + 1_500
    assert lapses_ms(row(external=True), NOW) is None
    assert lapses_ms(row(lease_s=1.5), NOW) is None
    assert lapses_ms(row(external=True, lease_s=1.5, status=RunStatus.FAILED), NOW) is None


def test_a_creation_key_stands_for_one_request() -> None:
    """Compared by fingerprint."""
    new = new_run(key="k", fingerprint="a")
    check_same(row(), new, "a")
    with pytest.raises(KeyReused):
        check_same(row(), new, "b")


@pytest.mark.parametrize(
    ("seq", "own", "partial", "expected"),
    [
        # the log ends at 20, is trimmed to 5 and without deltas to 10
        (20, None, False, Standing.GOOD),
        (21, None, False, Standing.AHEAD),
        (15, "t", False, Standing.GOOD),
        (15, "other", False, Standing.AHEAD),
        (15, None, False, Standing.AHEAD),
        (10, "t", False, Standing.GOOD),
        (10, None, False, Standing.TRIMMED),
        (10, None, True, Standing.GOOD),
        (8, "t", False, Standing.TRIMMED),
        (8, "t", True, Standing.GOOD),
        (8, None, True, Standing.GOOD),
        (8, "other", True, Standing.AHEAD),
        (5, None, True, Standing.GOOD),
        (4, None, True, Standing.TRIMMED),
        (3, None, True, Standing.TRIMMED),
        (0, None, True, Standing.TRIMMED),
        (0, None, False, Standing.TRIMMED),
    ],
)
def test_what_a_cursor_is_worth(seq: int, own: str | None, partial: bool, expected: Standing) -> None:
    """At, between and beyond the floors and the head."""
    run = row(seq=20, tag="t", floor=5, text_floor=10)
    assert judge(run, Cursor(seq, "t"), own, partial=partial) is expected


def test_the_head_s_tag_counts() -> None:
    """Also when its event was trimmed."""
    assert judge(row(seq=20, tag="t"), Cursor(20, "u"), None) is Standing.AHEAD


def test_pages_hold_at_least_one_event() -> None:
    """However small the limits."""
    run = row()
    events = decide(run, Write([note("x" * 100)] * 5, run.execution_id), now_ms=NOW).events
    size = len(events[0].body)
    for limit, max_bytes, count in ((0, 0, 1), (3, 10**6, 3), (9, 2 * size, 2), (9, 1, 1)):
        assert len(first_page(events, limit, max_bytes)) == count
    assert first_page([], 5, 5) == []


def test_tails_are_counted_in_bytes() -> None:
    """From the cursor's own event, else from the first one that follows it."""
    run = row()
    after = decide(run, Write([note()] * 3, run.execution_id), now_ms=NOW)
    first, *rest = after.events
    assert tail_bytes(after.run, Cursor(3, first.tag), first, rest) == sum(len(event.body) for event in rest)
    assert tail_bytes(after.run, Cursor(3, first.tag), None, rest) == sum(len(event.body) for event in rest)
    assert tail_bytes(after.run, Cursor(5, first.tag), None, []) == 0


def test_the_snapshot_s_event_is_never_trimmed() -> None:
    """Nor anything, without a snapshot."""
    assert [trim_limit(snapshot, 10) for snapshot in (0, 1, 5, 11, 20)] == [0, 0, 4, 10, 10]


def test_the_end_is_the_end() -> None:
    """Of a batch, too."""
    run = row()
    with pytest.raises(RunClosed, match="follows the end"):
        decide(run, Write([SUCCEEDED, queued(2)], run.execution_id, requeue=Requeue("exe_2")), now_ms=NOW)
