"""Notices are told once each, whichever way they come."""

from typing import Any

import pytest

from headway.client.noticing import Notices
from tests.client.scripted import RUN, Log, control, json, opened, scripted, stream, trip
from tests.client.test_poll import POLL, Polled

NOON = {"id": "ntc_1", "text": "noon"}
SLOW = {"id": "ntc_2", "text": "slow today"}


@pytest.fixture
def told() -> list[Any]:
    """What was told."""
    return []


def over(id: str) -> dict[str, Any]:
    """A notice is over."""
    return {"id": id, "over": True}


def test_one_that_stands_is_told_once_however_often_it_comes(told: list[Any]) -> None:
    """With each stream, with each poll."""
    notices = Notices(told.append)
    for _ in range(3):
        notices.take(NOON)
        notices.stand([NOON])
    assert told == [NOON]


def test_one_that_is_over_is_told_so_once_and_only_to_who_has_it(told: list[Any]) -> None:
    """And it may be put there again."""
    notices = Notices(told.append)
    notices.take(over("ntc_1"))
    notices.take(NOON)
    notices.take(over("ntc_1"))
    notices.take(over("ntc_1"))
    notices.take(NOON)
    assert told == [NOON, over("ntc_1"), NOON]


def test_what_is_polled_is_all_there_is(told: list[Any]) -> None:
    """What is not among it any more is over."""
    notices = Notices(told.append)
    notices.stand([NOON, SLOW])
    notices.stand([SLOW])
    notices.stand([])
    assert told == [NOON, SLOW, over("ntc_1"), over("ntc_2")]


def test_words_said_once_are_told_as_they_come(told: list[Any]) -> None:
    """They have no id; an older server's notices neither."""
    notices = Notices(told.append)
    notices.take({"text": "now"})
    notices.take({"text": "now"})
    notices.stand([])
    assert told == [{"text": "now"}, {"text": "now"}]


@pytest.mark.usefixtures("soon")
async def test_a_viewer_that_comes_back_is_told_of_what_stands_once(viewer_of: Any) -> None:
    """And of what went while it was away."""
    log = trip()
    streams = [
        stream(opened(), control("notice", **NOON), log.snapshot(3)),
        stream(opened(), control("notice", **NOON), control("notice", **SLOW), *log.frames(3, 6)),
        stream(opened(), control("notice", **over("ntc_1")), control("notice", **SLOW), *log.frames(6), log.end()),
    ]
    async with scripted(lambda r, n: streams[min(n, 3) - 1]) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.notices == [NOON, SLOW, over("ntc_1")]


class Announced(Polled):
    """A server without streams, before whose viewers a notice stands until the third page."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.known: list[str] = []

    def __call__(self, request: Any, n: int) -> Any:
        """Answer."""
        if request.path.endswith("/stream"):
            return POLL
        if not request.path.endswith("/events"):
            return json({**self.log.state(self.joined), "live": {"queue_position": None, "notices": [NOON]}})
        self.waits.append(request.query["wait"])
        self.known.append(request.query.get("notices", ""))
        page = self.log.page(int(request.query["after"].partition(".")[0]), self.size)
        return json({**page, "notices": [NOON] if len(self.waits) < 3 else []})


@pytest.mark.usefixtures("soon")
async def test_a_viewer_that_polls_is_told_the_same(viewer_of: Any) -> None:
    """In the state and in the pages; what is true of the run is told without them."""
    log: Log = trip()
    script = Announced(log)
    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.notices == [NOON, over("ntc_1")]
    assert script.known[:3] == ["ntc_1"] * 3, "it says which it has"
    assert script.known[3:] == [""] * (len(script.known) - 3) != []
    assert viewer.state == log.state()
