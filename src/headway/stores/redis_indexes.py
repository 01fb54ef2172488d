"""The sorted sets by which runs are found, and how they follow a row.

Every list holds ids in their order (all scores are 0), one set per status, so that a page of any list is a few ranges.
"""

from __future__ import annotations

from typing import TypeAlias

import orjson

from headway.core.clock import parse_ms
from headway.core.run import AT_WORK, RunStatus
from headway.stores.base import RunFilter, RunRow

Place: TypeAlias = tuple[str, str]
"""A set, and the score in it; "" for a set without scores."""


def index_commands(old: RunRow | None, new: RunRow | None, lapses_ms: int | None) -> bytes:
    """Return the commands that move a run from where it was found to where it is found now, as JSON; b"": none.

    Args:
        old: The row before; None for a run that is created.
        new: The row after; None for a run that is removed.
        lapses_ms: When the run will have lost its worker.
    """
    before = set() if old is None else _places(old)
    after = set() if new is None else _places(new)
    run = new or old
    assert run is not None  # noqa: S101 - one of the two is there
    # a run that became due was put with those that are ready, so it leaves both
    left = before | {(f"ready:{run.job}", "0") for name, _ in before - after if name.startswith("due:")}
    staying = {name for name, _ in after}
    commands = [_leave(place, run.id) for place in left - after if place[0] not in staying]
    commands += [_enter(place, run.id) for place in after - before]
    if run.external and run.lease_s is not None:
        commands.append(
            _leave(("lapsing", "0"), run.id) if lapses_ms is None else _enter(("lapsing", str(lapses_ms)), run.id)
        )
    return orjson.dumps(commands) if commands else b""


def _places(run: RunRow) -> set[Place]:
    places = {(name, "0") for name in _lists(run)}
    if run.worker is not None:
        places |= {("claimed", "0"), (f"claimed:{run.job}", ""), (f"held:{run.worker}", "")}
    elif run.status is RunStatus.QUEUED and not run.external:
        places.add((f"ready:{run.job}", "0") if run.due_ms is None else (f"due:{run.job}", str(run.due_ms)))
    elif run.cancel_requested and run.status in AT_WORK:
        places.add(("asked_to_stop", "0"))
    if run.status is RunStatus.WAITING and run.worker is None and not run.external and run.due_ms is not None:
        places.add(("lapsing", str(run.due_ms)))
    if run.finished_at is not None:
        places.add(("ended", str(parse_ms(run.finished_at))))
    if run.status is RunStatus.SUCCEEDED:
        places.add((f"succeeded:{run.job}", str(parse_ms(run.finished_at))))
    return places


def _lists(run: RunRow) -> list[str]:
    names = [f"list:{run.status}:", f"list:{run.status}:owner:{run.owner}", f"list:{run.status}:job:{run.job}"]
    return names if run.group is None else [*names, f"list:{run.status}:group:{run.group}"]


def _enter(place: Place, run_id: str) -> list[str]:
    name, score = place
    return ["ZADD", name, score, run_id] if score else ["SADD", name, run_id]


def _leave(place: Place, run_id: str) -> list[str]:
    name, score = place
    return ["ZREM" if score else "SREM", name, run_id]


def lists_of(which: RunFilter) -> list[str]:
    """Return the lists to be looked at: of the most telling condition, one per status."""
    if which.group is not None:
        end = f"group:{which.group}"
    elif which.owner is not None:
        end = f"owner:{which.owner}"
    else:
        end = "" if which.job is None else f"job:{which.job}"
    statuses = RunStatus if which.status is None else which.status
    return [f"list:{status}:{end}" for status in dict.fromkeys(statuses)]
