"""The program of the page about queues, run as it is printed."""

from pathlib import Path

from headway import Headway
from tests.docs.programs import python


async def test_each_order_has_one_run(tmp_path: Path) -> None:
    """Although two have started it; what is delayed waits."""
    output = await python("queues/shop.py", folder=tmp_path, HEADWAY_WORKER="none")
    assert sorted(output.splitlines()) == ["report queued", "ship queued", "ship queued"]
    hw = Headway(str(tmp_path / "headway.db"), worker="none")
    async with hw:
        assert [row.job for row in await hw.store.queued(["report", "ship"])] == ["ship", "ship"]


def test_the_engine_of_ones_own_is_what_the_engines_tests_run() -> None:
    """The file `engines/dramatiq_engine.py` is run by `tests/engines/test_delivery.py`."""
    from tests.engines.plant import EVERY

    assert EVERY[-1].engine == "dramatiq"
