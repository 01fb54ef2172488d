from headway.core.cursor import Cursor
from headway.core.events import StoredEvent
from headway.hub.frames import Encoded
from headway.hub.recent import Recent


def _events(first: int, last: int, size: int = 100, before: int = 0) -> list[Encoded]:
    return [
        Encoded(StoredEvent(seq, f"t{seq}", "note", b"x" * size, before + size * (seq - first + 1)))
        for seq in range(first, last + 1)
    ]


def _seqs(events: object) -> list[int]:
    return [encoded.event.seq for encoded in events]  # type: ignore[attr-defined]


def test_empty() -> None:
    """Before anything came it covers exactly its base."""
    recent = Recent(Cursor(7, "t7"), 700, limit=1_000)
    assert recent.head == Cursor(7, "t7")
    assert (recent.total, recent.size) == (700, 0)
    assert recent.covers(7)
    assert not recent.covers(6)
    assert not recent.covers(8)
    assert _seqs(recent.after(7)) == []
    assert recent.bytes_after(7) == 0


def test_positions() -> None:
    """Whatever is covered has its cursor, what comes after it, and the bytes of that."""
    recent = Recent(Cursor(7, "t7"), 700, limit=1_000)
    recent.extend(_events(8, 12, before=700))
    assert recent.head == Cursor(12, "t12")
    assert recent.at(7) == Cursor(7, "t7")
    assert recent.at(10) == Cursor(10, "t10")
    assert _seqs(recent.after(10)) == [11, 12]
    assert recent.bytes_after(10) == 200
    assert recent.bytes_after(7) == recent.size == 500


def test_the_oldest_are_given_up() -> None:
    """Down to the limit, but never what somebody still needs."""
    recent = Recent(Cursor(0, "0"), 0, limit=1_000)
    recent.extend(_events(1, 50))
    recent.trim(keep_after=20)
    assert recent.at(20) == Cursor(20, "t20")
    assert not recent.covers(19)
    recent.trim(keep_after=50)
    assert recent.size == 1_000
    assert _seqs(recent.after(40)) == list(range(41, 51))
    assert not recent.covers(39)
    recent.trim(keep_after=50)
    assert recent.size == 1_000


def test_an_event_larger_than_the_limit() -> None:
    """It is given up as soon as nobody needs it."""
    recent = Recent(Cursor(0, "0"), 0, limit=10)
    recent.extend(_events(1, 1))
    recent.trim(keep_after=0)
    assert recent.covers(0)
    recent.trim(keep_after=1)
    assert recent.head == Cursor(1, "t1")
    assert recent.size == 0
