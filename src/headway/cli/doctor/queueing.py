"""The engine: whether its queue can be reached, and what it would lose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from headway.cli.doctor.findings import Finding, fail, ok
from headway.cli.words import one_line
from headway.config import Settings
from headway.engines.base import Engine, Inspected
from headway.engines.choice import engine_of
from headway.errors import HeadwayError, UsageError
from headway.stores.location import store_at

PATIENCE_S: Final = 5.0


async def queueing(settings: Settings, own: Engine | None) -> AsyncIterator[Finding]:
    """Look at the engine the settings name, or the application's own. Nothing is made or sent.

    Args:
        settings: As they count.
        own: The engine of an application that was named; None: none was.
    """
    try:
        engine = own or engine_of(
            settings.engine, store=store_at(settings.store), store_url=settings.store, broker=settings.broker, jobs={}
        )
    except UsageError as error:
        yield fail("engine", error.detail, error.hint or "")
        return
    if engine.finds_runs:
        yield ok("engine", f"{engine.name}: workers look for queued runs in the store")
    elif isinstance(engine, Inspected):
        yield await _reached(engine)
    else:
        yield ok("engine", f"{engine.name}: of the application's own; its queue was not looked at")


async def _reached(engine: Inspected) -> Finding:
    mend = "look at HEADWAY_BROKER, or at what it stands for; runs wait in the store meanwhile"
    try:
        async with asyncio.timeout(PATIENCE_S):
            return ok("engine", f"{engine.name}: {await engine.look()}")
    except TimeoutError:
        return fail("engine", f"{engine.name}: the queue did not answer within {PATIENCE_S:g} s", mend)
    except HeadwayError as error:
        return fail("engine", f"{engine.name}: {error.detail}", error.hint or mend)
    except Exception as error:  # noqa: BLE001 - each library has errors of its own
        return fail("engine", f"{engine.name}: {one_line(str(error) or type(error).__name__)}", mend)
    finally:
        await engine.close()
