"""What is said of how long logs are kept: in code, in the store, and what is no retention."""

from typing import Any

import pytest

from headway import Headway
from headway.engines.retention import retentions
from headway.errors import UsageError
from headway.publish.run import Run
from headway.stores.base import Store
from headway.stores.memory import MemoryStore
from headway.stores.retention import Retention
from tests.stores.builders import end, running, save


async def job(run: Run) -> None:
    """Do nothing."""


async def test_what_is_said_in_code_is_known_to_whoever_prunes() -> None:
    """Of jobs, and of kinds that are no job; until it is said otherwise, or nothing is said any more."""
    store = MemoryStore()
    first = Headway(store, worker="none")
    first.job(name="nightly", retention={"log": "90d", "text": None})(job)
    first.keep("build", lines=60, log="never")
    async with first:
        await ended(store, "nightly", "build", "else")
        assert await retentions(store, Retention(10, 5)) == {
            "nightly": Retention(90 * 86_400, None),
            "build": Retention(None, 5, 60),
            "else": Retention(10, 5),
        }
    later = Headway(store, worker="none")
    later.job(name="nightly")(job)
    later.keep("build")
    async with later:
        assert set((await retentions(store, Retention(10, 5))).values()) == {Retention(10, 5)}
        await store.put_setting("retention/nightly", {"log": 1.0})  # by another version of the code
        assert (await retentions(store, Retention(10, 5)))["nightly"] == Retention(1, 5)


async def test_what_has_not_changed_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process of many starts, and each change wakes all of them."""
    store = MemoryStore()
    for _ in range(2):
        hw = Headway(store, worker="none")
        hw.job(retention={"log": 60})(job)
        hw.job(name="plain")(job)
        async with hw:
            pass
        monkeypatch.setattr(store, "put_setting", refuse)


async def refuse(name: str, value: object) -> None:
    """Fail the test."""
    raise AssertionError(f"{name} is written: {value}")


async def ended(store: Store, *jobs: str) -> None:
    """Runs that have something to lose."""
    for job in jobs:
        await save(store, (await end(store, await running(store, job=job))).id)


@pytest.mark.parametrize(
    "keep",
    [{"logs": "1d"}, {"log": "1 day"}, {"text": -1}, {"text": float("inf")}, {"lines": True}, {"log": [1]}, "7d", 60],
)
def test_what_is_no_retention(keep: Any) -> None:
    """It is refused where it is written, with an example of one."""
    with pytest.raises(UsageError) as caught:
        Headway(MemoryStore(), worker="none").job(retention=keep)(job)
    assert caught.value.detail.startswith("'job'")
    assert "90d" in (caught.value.hint or "") or "7d" in (caught.value.hint or "")
