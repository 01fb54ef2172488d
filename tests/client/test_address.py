"""Where a run is found."""

import pytest

from headway.client.address import Address
from headway.errors import UsageError


@pytest.mark.parametrize(
    ("run", "url", "state"),
    [
        ("run_1", "http://host/headway/", "http://host/headway/v1/runs/run_1"),
        ("a/b?c", "http://host", "http://host/v1/runs/a%2Fb%3Fc"),
        ("https://host/v1/runs/run_1", "http://other", "https://host/v1/runs/run_1"),
        ("https://host:8/x/v1/runs/run_1/stream", "http://other", "https://host:8/x/v1/runs/run_1"),
        ("https://host/v1/runs/run_1/events", "http://other", "https://host/v1/runs/run_1"),
        ("https://u:p@host/v1/runs/run_1/", "http://other", "https://u:p@host/v1/runs/run_1"),
    ],
)
def test_a_run_among_our_routes(run, url, state):
    """By id or by any of its addresses."""
    assert Address.of(run, url) == Address(f"{state}/stream", state, f"{state}/events")


@pytest.mark.parametrize(
    "run", ["https://host/reports/7/events", "https://host/v1/runs/run_1/stream?token=t", "http://host"]
)
def test_a_stream_somewhere_else(run):
    """One address for everything; its query may be what lets us in."""
    assert Address.of(run, "http://other") == Address(run, run, run)


@pytest.mark.parametrize("run", ["ftp://host/v1/runs/run_1", "http:///v1/runs/run_1", "://"])
def test_no_address(run):
    """Said before anything is sent."""
    with pytest.raises(UsageError, match="no address of a run"):
        Address.of(run, "http://host")
