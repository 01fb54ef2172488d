"""Bodies: bounded in bytes and depth, strictly JSON."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.limits import DEPTH_MAX
from headway.errors import BadJson, TooDeep
from headway.gateways.body import accepts, is_deeper, parse_json
from headway.gateways.models import CancelBody, OpenBody


def nested(levels: int) -> str:
    """JSON so many levels deep."""
    return "[" * levels + "]" * levels


def test_depth_ends_where_it_should() -> None:
    """The last level allowed is taken, one more is not."""
    assert parse_json(nested(DEPTH_MAX).encode()) is not None
    with pytest.raises(TooDeep):
        parse_json(nested(DEPTH_MAX + 1).encode())


def depth(value: Any) -> int:
    """Levels of a value, by recursion."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(depth, children), default=0)


values = st.recursive(
    st.none() | st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner)
)


@given(value=values, levels=st.integers(0, 6))
def test_depth_is_counted_without_recursion(value: Any, levels: int) -> None:
    """And comes to the same."""
    assert is_deeper(value, levels) == (depth(value) > levels)


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_body_is_null(body: bytes) -> None:
    """Commands may be sent without one."""
    assert parse_json(body) is None


def test_what_is_wrong_is_told() -> None:
    """With the place in the text."""
    with pytest.raises(BadJson, match="line 1 column"):
        parse_json(b'{"a": }')


def test_openapi_knows_whether_a_body_is_needed() -> None:
    """It is where a field of it is."""
    assert accepts(OpenBody)["requestBody"]["required"]
    assert not accepts(CancelBody)["requestBody"]["required"]
