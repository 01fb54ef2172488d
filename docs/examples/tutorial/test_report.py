"""The report, run to its end in memory. `pytest` needs the plugin `pytest-asyncio` for it."""

from main import Report, report

import headway


async def test_a_report() -> None:
    """Every page is read, and the words are counted."""
    played = await headway.testing.play(report, Report(title="Q3", pages=3), phases={"read": 80, "write": 20})
    assert played.status == "succeeded"
    assert played.result == 101 + 102 + 103
    assert [item["status"] for item in played.snapshot["items"].values()] == ["finished"] * 3
