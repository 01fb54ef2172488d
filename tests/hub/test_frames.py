import orjson
import pytest

from headway.core.events import StoredEvent
from headway.core.fold import Fold
from headway.core.sse import Parser
from headway.hub import frames
from headway.hub.frames import DEFAULT, Block, Encoded, Form, form_of

EVENT = StoredEvent(7, "abc", "item.finished", b'{"seq":7}', 1_000)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (form_of(), b'id: 7.abc\nevent: item.finished\ndata: {"seq":7}\n\n'),
        (form_of(named=False), b'id: 7.abc\ndata: {"seq":7}\n\n'),
        (form_of(prefixed=True), b'id: run_1:7.abc\nevent: item.finished\ndata: {"seq":7}\n\n'),
        (form_of(families=frozenset({"item"})), b'id: 7.abc\nevent: item.finished\ndata: {"seq":7}\n\n'),
        (form_of(families=frozenset({"run"})), b""),
    ],
)
def test_forms(form: Form, expected: bytes) -> None:
    """One event in every form."""
    assert Encoded(EVENT).frame(form, "run_1") == expected


@pytest.mark.parametrize("form", [DEFAULT, form_of(named=False)])
def test_each_form_is_encoded_once(form: Form) -> None:
    """The same bytes for everybody."""
    encoded = Encoded(EVENT)
    assert encoded.frame(form, "run_1") is encoded.frame(form, "run_1")


def test_the_usual_form_is_one_object() -> None:
    """So that it is quick to recognise."""
    assert form_of() is DEFAULT
    assert form_of(named=False) == form_of(named=False) != DEFAULT


def test_joined() -> None:
    """Frames of one tick are one piece."""
    later = StoredEvent(8, "abc", "note", b'{"seq":8}', 2_000)
    data = frames.joined([Encoded(EVENT), Encoded(later)], DEFAULT, "run_1")
    assert [frame.id for frame in Parser().feed(data)] == ["7.abc", "8.abc"]


def test_block() -> None:
    """Chunked once, however many viewers take it."""
    block = Block(b"hello")
    assert block.coded(chunked=False) == b"hello"
    assert block.coded(chunked=True) == b"5\r\nhello\r\n"
    assert block.coded(chunked=True) is block.coded(chunked=True)


def test_anchor_sets_the_id_and_says_nothing() -> None:
    """A browser takes it as `Last-Event-ID` without an event."""
    parser = Parser()
    assert parser.feed(frames.anchor("7.abc")) == []
    (frame,) = parser.feed(b"data: x\n\n")
    assert frame.id == "7.abc"


def test_phase_of_the_flat_summary() -> None:
    """The phase that runs, else the last that has ended, else none."""
    fold = Fold()

    def shown() -> object:
        return orjson.loads(Parser().feed(frames.progress(fold, DEFAULT, "run_1", None))[0].data)["phase"]

    def apply(event_type: str, data: object) -> None:
        event = {"run_id": "run_1", "seq": fold.seq + 1, "type": event_type, "time": "2026-01-01T00:00:00.000Z"}
        fold.apply(event | {"execution_id": "exe_1", "step": None, "data": data})

    assert shown() is None
    apply("run.planned", {"phases": [{"id": name, "title": "", "weight": 1} for name in ("a", "b", "c")]})
    assert shown() is None
    apply("phase.started", {"id": "a", "total": None, "unit": None})
    assert shown() == "a"
    apply("phase.finished", {"id": "a"})
    assert shown() == "a"
    apply("phase.started", {"id": "c", "total": None, "unit": None})
    assert shown() == "c"
