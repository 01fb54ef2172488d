"""What is expensive is made once: the passages of the sample."""

from collections.abc import Iterator
from typing import Any

import pytest

from examples.strategy.reading.sample import sample
from tests.examples.strategy.siting import Site, running, three_pages

NAMES = ("headway", "huey", "apscheduler")


@pytest.fixture(scope="session")
def bench() -> Any:
    """The sample, ready to be analysed."""
    return workbench()


def workbench() -> Any:
    """The sample, anew."""
    from examples.strategy.analysis.words import Text
    from examples.strategy.analysis.workbench import Workbench

    return Workbench([Text(*one) for one in sample("own")], [Text(*one) for one in sample("competitors")], NAMES)


@pytest.fixture
def site() -> Iterator[Site]:
    """A site about bread, coffee and cheese."""
    with running(Site(three_pages())) as site:
        yield site
