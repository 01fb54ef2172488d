"""Text that grows and forgets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.text import _FRESH_MAX, GrowingText

words = st.text(st.sampled_from("ab é😀\u0301"), max_size=6)
drops = st.tuples(st.just("drop"), st.integers(0, 12))
moves = st.lists(st.tuples(st.just("append"), words) | drops | st.just(("read",)))


@given(st.text(max_size=5), st.integers(0, 9), moves)
def test_it_behaves_like_a_string(text, offset, moves):
    """Whatever is done to it, it says what a string and a counter would say."""
    growing = GrowingText(text, offset)
    for kind, *argument in moves:
        if kind == "append":
            text += argument[0]
            growing.append(argument[0])
        elif kind == "drop":
            offset += min(argument[0], len(text))
            text = text[argument[0] :]
            growing.drop_front(argument[0])
        else:
            assert growing.read() == text
        assert (growing.length, growing.from_offset) == (len(text), offset)
    assert growing.read() == text
    assert growing.read() == text


@pytest.mark.parametrize("count", [0, 1, _FRESH_MAX - 1, _FRESH_MAX, _FRESH_MAX + 1, 3 * _FRESH_MAX])
def test_dropping_across_pieces(count):
    """Settled and fresh deltas are dropped alike."""
    growing = GrowingText()
    text = "".join(f"{n}😀" for n in range(3 * _FRESH_MAX))
    for n in range(3 * _FRESH_MAX):
        growing.append(f"{n}😀")
    growing.drop_front(count)
    growing.append("end")
    assert growing.read() == (text + "end")[count:]


def test_each_delta_is_joined_once():
    """A text of single letters is held in few pieces, and none is ever copied into a larger one before it is read."""
    growing = GrowingText()
    for _ in range(100_000):
        growing.append("x")
    assert {len(piece) for piece in growing._pieces} == {_FRESH_MAX}
    assert len(growing._pieces) == 100_000 // _FRESH_MAX
    assert growing.read() == "x" * 100_000
