"""What the how-to says of its jobs is what the store is told."""

import runpy

from headway.engines.retention import keep_stated, retentions
from headway.stores.memory import MemoryStore
from headway.stores.retention import Retention
from tests.docs.programs import EXAMPLES
from tests.stores.builders import end, running, save


async def test_the_ages_of_the_how_to() -> None:
    """Each part that is named; the others as the settings say."""
    hw = runpy.run_path(str(EXAMPLES / "keep" / "nightly.py"))["hw"]
    store = MemoryStore()
    await store.open()
    for job in ("nightly_audit", "build", "signature", "other"):
        await save(store, (await end(store, await running(store, job=job))).id)
    await keep_stated(store, hw.retentions)
    day = 86_400
    assert await retentions(store, Retention()) == {
        "build": Retention(log_s=2 * day),
        "nightly_audit": Retention(log_s=90 * day, text_s=600, lines_s=7 * day),
        "other": Retention(),
        "signature": Retention(log_s=None),
    }
    await store.close()
