"""One process of sites for all tests of the example; each finds them quick and well."""

from collections.abc import Iterator

import httpx
import pytest

from tests.examples.report.siting import running_sites


@pytest.fixture(scope="session")
def lasting_sites() -> Iterator[dict[str, str]]:
    """Addresses of running sites."""
    with running_sites() as sites:
        yield sites


@pytest.fixture
def sites(lasting_sites: dict[str, str]) -> dict[str, str]:
    """The same, their dial set back."""
    turn(lasting_sites, latency_s=0, broken=[])
    return lasting_sites


def turn(sites: dict[str, str], **change: object) -> None:
    """Turn the sites' dial."""
    url = next(iter(sites.values()))
    assert httpx.put(f"{url}/_dial", json=change, trust_env=False).status_code == 200
