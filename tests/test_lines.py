"""What a log line is made of."""

import logging

import pytest

from headway.lines import Line


def test_any_formatter_prints_it(caplog: pytest.LogCaptureFixture) -> None:
    """The event, then its fields."""
    logging.getLogger("headway.test").warning(Line("viewer left", connection_id="con_1", seconds=3.2))
    assert caplog.messages == ["viewer left connection_id=con_1 seconds=3.2"]


def test_a_field_may_be_called_event() -> None:
    """Nothing is in the way of a name."""
    assert str(Line("read", event="run.queued")) == "read event=run.queued"
