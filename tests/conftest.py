"""Settings of the property tests, and the order of all tests."""

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, not about the code.
settings.register_profile("headway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("headway")

HANGS_S = 900
"""A slow test that takes so long hangs; on a busy machine two minutes are soon over."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones, and keep together what shares something that is dear to make.

    A test of two minutes that begins last holds up everybody; a server that all tests of a module look at is started
    by each process that runs one of them.
    """
    for item in items:
        if isinstance(item, pytest.Function) and shares(item):
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(HANGS_S))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def shares(item: pytest.Function) -> bool:
    """Whether a test uses a fixture that is made once for its module."""
    definitions = item._fixtureinfo.name2fixturedefs.values()
    return any(each.scope == "module" for found in definitions for each in found)
