from collections.abc import AsyncIterator

import pytest

from tests.wire import Stream


@pytest.fixture(autouse=True)
async def _closed_streams() -> AsyncIterator[None]:
    """Leave no socket open behind a test."""
    yield
    await Stream.close_all()
