"""Applications to be served."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from headway.stores.base import Store
from headway.stores.memory import MemoryStore
from headway.stores.sqlite import SqliteStore
from tests.stores.conftest import postgres_server, redis_server

__all__ = ["postgres_server", "redis_server"]

APP = """
from fastapi import FastAPI, Request
from headway import Headway, Run

hw = Headway()
app = FastAPI(lifespan=hw.lifespan)
hw.mount(app, "/headway")

@app.get("/hello")
async def hello(): return "hello"

@hw.job
async def double(run: Run, n: int) -> int:
    await run.progress(1, 2)
    return 2 * n
"""


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store, open."""
    made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "headway.db")
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A fresh store in a file, open."""
    made = SqliteStore(tmp_path / "headway.db")
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def module(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], str]]:
    """Write a module that can be imported until the test ends."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(name: str, text: str) -> str:
        path = folder.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    yield write
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(folder)):
            del sys.modules[name]
