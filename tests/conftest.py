"""Settings of the property tests, the order of all tests, and which of them are traced."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, not about the code.
settings.register_profile("headway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("headway")

os.environ["HEADWAY_SPOOL"] = "off"  # tests leave nothing in the home of whoever runs them; those of the spool name one

TESTS = Path(__file__).parent
UNTRACED = {"bench", "deploy", "docs", "examples", "packaging", "test_layers.py"}
"""Files and folders with tests of something else than the package."""

HANGS_S = 900
"""A slow test that takes so long hangs; on a busy machine two minutes are soon over."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep together what shares something that is dear to make, and give the slow ones time.

    A server that all tests of a module look at would be started by each process that runs one of them. When the hook
    below is called it is too late: xdist has looked for groups by then.
    """
    if isinstance(item, pytest.Function) and shares(item):
        item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))
    if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
        item.add_marker(pytest.mark.timeout(HANGS_S))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones: a test of half a minute that begins last holds up everybody."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace neither slow nor random tests, nor those of other things: they would take up to twice their time.

    Nor is it a loss: what is covered by chance today is not covered tomorrow. The mark `no_cover` would do the same,
    but in a worker of xdist there is a second tracer below the one it stops.
    """
    tracer = sys.gettrace()
    if item.get_closest_marker("slow") or is_random(item) or UNTRACED & set(item.path.relative_to(TESTS).parts):
        sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


def is_random(item: pytest.Item) -> bool:
    """Whether Hypothesis makes its examples."""
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


def shares(item: pytest.Function) -> bool:
    """Whether a test uses a fixture that is made once for its module."""
    definitions = item._fixtureinfo.name2fixturedefs.values()
    return any(each.scope == "module" for found in definitions for each in found)
