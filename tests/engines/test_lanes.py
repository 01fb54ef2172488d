"""Which queues a worker process works on, and how much at once."""

import pytest

from headway.engines.job import make_job
from headway.engines.lanes import Lane, check_queue, lanes_of
from headway.errors import UsageError

QUEUES = {"default", "reports", "mail"}


def lane(slots: int, *queues: str) -> Lane:
    """A lane."""
    return Lane(frozenset(queues), slots)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [lane(20, *QUEUES)]),
        ("reports", [lane(20, "reports")]),
        ("reports, mail", [lane(20, "reports", "mail")]),
        ("reports=4", [lane(4, "reports")]),
        ("reports = 4, default, mail", [lane(4, "reports"), lane(20, "default", "mail")]),
        ("reports=4,mail=1", [lane(4, "reports"), lane(1, "mail")]),
    ],
)
def test_what_is_written_is_what_is_worked_on(text: str, wanted: list[Lane]) -> None:
    """A number makes a lane of its own."""
    assert lanes_of(text, 20, QUEUES) == wanted


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("report", "no job waits in queue 'report'"),
        ("mail,mail", "named twice"),
        ("mail=1,mail", "named twice"),
        ("mail=", "no number of slots"),
        ("mail=0", "no number of slots"),
        ("mail=many", "no number of slots"),
        ("=3", "no job waits"),
    ],
)
def test_what_cannot_be_is_told(text: str, complaint: str) -> None:
    """With the word that is wrong."""
    with pytest.raises(UsageError, match=complaint):
        lanes_of(text, 20, QUEUES)


def test_a_lane_is_shown_in_words() -> None:
    """At the start of a worker."""
    assert str(lane(4, "reports", "mail")) == "mail, reports (4 at once)"


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a=1", "x" * 65, "\n"])
def test_names_of_queues_are_plain_words(name: str) -> None:
    """They stand in command lines and keys of brokers."""
    with pytest.raises(UsageError, match="no name for a queue"):
        check_queue(name)


def test_a_job_has_one_of_ten_priorities() -> None:
    """Told where it is registered."""

    async def work(run: object) -> None: ...

    assert make_job(work, priority=9).priority == 9
    for priority in (-1, 10):
        with pytest.raises(UsageError, match="from 0 to 9"):
            make_job(work, priority=priority)
    with pytest.raises(UsageError, match="no name for a queue"):
        make_job(work, queue="a b")
