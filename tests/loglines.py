"""Finding log lines by what they are about."""

from typing import Any

import pytest

from headway.lines import Line


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The fields of every line about an event, in order."""
    found = [record.msg for record in caplog.records if isinstance(record.msg, Line)]
    return [line.fields for line in found if line.event == event]
