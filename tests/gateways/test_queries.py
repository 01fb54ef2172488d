"""Queries read where FastAPI does not read them."""

import pytest
from starlette.datastructures import QueryParams

from headway.errors import InvalidQuery
from headway.gateways.queries import EventsQuery, ListQuery, StateQuery, WhichQuery, read_query


def test_names_that_may_be_repeated_become_lists() -> None:
    """Of others the last counts; unknown ones are ignored."""
    query = read_query(EventsQuery, QueryParams("type=note&type=log&limit=5&limit=7&colour=red"))
    assert (query.type, query.limit, query.after, query.wait) == (["note", "log"], 7, None, 0)
    assert read_query(WhichQuery, QueryParams("status=failed")).status == ["failed"]
    assert read_query(StateQuery, QueryParams("")).wait == 0


@pytest.mark.parametrize(
    ("model", "query", "place"),
    [
        (EventsQuery, "limit=many", "limit"),
        (EventsQuery, "type=note&type=x", "type"),
        (StateQuery, "wait=nan", "wait"),
        (ListQuery, "status=failed&status=busy", "status[1]"),
    ],
)
def test_what_is_wrong_is_named(model: type[EventsQuery], query: str, place: str) -> None:
    """As by the other routes."""
    with pytest.raises(InvalidQuery) as caught:
        read_query(model, QueryParams(query))
    assert caught.value.detail.startswith(f"{place}: ")
