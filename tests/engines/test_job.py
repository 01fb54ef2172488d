"""Functions that can be jobs, and those that cannot."""

from typing import Any

import pytest
from pydantic import BaseModel

from headway import Plain, Run
from headway.engines.job import make_job
from headway.errors import UsageError


class Trip(BaseModel):
    """Some input."""

    days: int


async def _swapped(trip: Trip, run: Run) -> None: ...
async def _forgotten(trip: Trip) -> None: ...
async def _of_a_number(days: int) -> None: ...
def _swapped_and_plain(trip: Any, run: Plain) -> None: ...


@pytest.mark.parametrize("fn", [_swapped, _forgotten, _of_a_number, _swapped_and_plain])
def test_the_run_comes_first(fn):
    """A job that could never run is refused where it is registered, and not when it is started."""
    with pytest.raises(
        UsageError, match=f"job '{fn.__name__}': its first parameter, '(trip|days)', is not the run"
    ) as caught:
        make_job(fn)
    assert "run: Run, input: Model" in (caught.value.hint or "")


def test_a_rate_is_read_where_the_job_is_registered():
    """What is not one is refused there."""
    job = make_job(_alone, rate="10/m")
    assert str(job.rate) == "10/m"
    with pytest.raises(UsageError, match="the rate 'often' is not one") as caught:
        make_job(_alone, rate="often")
    assert "5/s, 10/m, 100/h" in (caught.value.hint or "")


async def _usual(run: Run, trip: Trip) -> None: ...
async def _alone(run: Run) -> None: ...
async def _without_words(run, trip): ...
def _plain(run: Plain, trip: Trip) -> None: ...
def _of_anything(run: Any, trip: Trip) -> None: ...
async def _of_an_object(run: object, days: int) -> None: ...


@pytest.mark.parametrize("fn", [_usual, _alone, _without_words, _plain, _of_anything, _of_an_object])
def test_whatever_can_be_a_job(fn):
    """With annotations or without."""
    assert make_job(fn).name == fn.__name__
