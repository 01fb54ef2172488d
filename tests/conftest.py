"""Settings of the property tests, the order of all tests, and which of them are traced."""

import gc
import os
import sys
import threading
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


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was imported and collected: 200,000 objects that stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Stop the tracer for tests it is not meant for: they would take up to twice their time.

    The mark `no_cover` would do the same, but in a worker of xdist there is a second tracer below the one it stops.
    """
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    if not is_traced(item):
        sys.settrace(None)
        threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
        threading.settrace(of_threads)


def is_traced(item: pytest.Item) -> bool:
    """Whether what a test runs through counts as covered.

    Neither slow nor random tests count, nor those of other things, and nothing is lost by it: what is covered by chance
    today is not covered tomorrow. Of ``--cov=headway.core`` only those of `tests/core`: a room is covered by its own.
    """
    parts = item.path.relative_to(TESTS).parts
    if item.get_closest_marker("slow") or is_random(item) or UNTRACED & set(parts):
        return False
    rooms = [name.removeprefix("headway.") for name in item.config.getoption("cov_source", []) if isinstance(name, str)]
    return not rooms or parts[0] in rooms


def is_random(item: pytest.Item) -> bool:
    """Whether Hypothesis makes its examples."""
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


def shares(item: pytest.Function) -> bool:
    """Whether a test uses a fixture that is made once for its module."""
    definitions = item._fixtureinfo.name2fixturedefs.values()
    return any(each.scope == "module" for found in definitions for each in found)
