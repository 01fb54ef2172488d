"""The core does no I/O: it can be imported, and used, where nothing that does I/O can be imported."""

import os
import subprocess
import sys

import pytest

PRUDE = """
import sys

class Blocked:
    # What reads, writes, waits or runs beside: none of it has a place in a pure core.
    names = {
        "_asyncio", "_socket", "_sqlite3", "_ssl", "anyio", "asyncio", "concurrent", "fastapi", "httpx", "http",
        "multiprocessing", "queue", "select", "selectors", "socket", "sqlite3", "ssl", "starlette", "subprocess",
        "threading", "uvicorn", "uvloop",
    }

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ImportError(f"{name} is blocked: the core is pure")

    def __init__(self):
        present = sorted(self.names & {name.partition(".")[0] for name in sys.modules})
        assert present == [], f"{present} were imported before they could be blocked"

def block(allow=()):
    Blocked.names -= set(allow)
    sys.meta_path.insert(0, Blocked())

def forbid_io():
    # From here on nothing is opened, not even a module.
    def refuse(event, _):
        if event == "open" or event.startswith(("os.", "shutil.", "socket.", "sqlite3.", "subprocess.")):
            raise PermissionError(f"{event}: the core is pure")
    sys.addaudithook(refuse)
"""

PURE = (
    "age", "catchup", "clock", "cursor", "entries", "fold", "ids", "limits", "progress", "run", "sse", "text",
    "withdraw",
)  # fmt: skip
CONTRACT = ("answer", "complaints", "events", "plan", "schema", "shapes", "snapshot")


def alone(code: str) -> None:
    """Run code in a fresh interpreter, in which no coverage is measured: that would import threads before us."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", PRUDE + code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_blocking_blocks():
    """Or the tests below would say nothing."""
    alone(
        """
block()
try:
    import asyncio
except ImportError as error:
    assert "the core is pure" in str(error)
else:
    raise SystemExit("asyncio was not blocked")
forbid_io()
try:
    open("/dev/null")
except PermissionError as error:
    assert "the core is pure" in str(error)
else:
    raise SystemExit("open was not forbidden")
"""
    )


@pytest.mark.parametrize("module", PURE)
def test_imported_without_io(module):
    """Each module alone, so that none hides behind another."""
    alone(f"block()\nimport headway.core.{module}")


@pytest.mark.parametrize("module", CONTRACT)
def test_the_contract_adds_only_pydantic(module):
    """Pydantic itself loads more than it needs; what comes after it may not."""
    alone(
        f"""
from pydantic import BaseModel, ConfigDict, create_model
from pydantic.json_schema import GenerateJsonSchema
create_model("Warm", __base__=BaseModel, field=(int | None, None)).model_json_schema()
present = {{name.partition(".")[0] for name in sys.modules}}
block(allow=present)
import headway.core.{module}
"""
    )


def test_every_module_is_in_one_list():
    """A new module must be pure, too."""
    from pathlib import Path

    from headway import core

    modules = {path.stem for path in Path(core.__file__ or "").parent.glob("*.py")}
    assert modules == {"__init__", *PURE, *CONTRACT}


def test_folding_without_io():
    """Not only imported: used, to the end."""
    alone(
        """
block()
from headway.core.catchup import CatchUp
from headway.core.cursor import Cursor, new_tag
from headway.core.fold import Fold
from headway.core.ids import new_run_id
from headway.core.sse import Parser, frame
from headway.core.withdraw import Withdrawal

forbid_io()
event = {
    "run_id": new_run_id(), "seq": 1, "type": "run.queued", "time": "2026-01-01T00:00:00.000Z", "execution_id": "exe_1",
    "step": None, "data": {"attempt": 1, "reason": "created", "run": None},
}
fold = Fold()
fold.apply(event, str(Cursor(1, new_tag())))
assert Fold(fold.snapshot()).snapshot_json() == fold.snapshot_json()
received = Parser().feed(frame(fold.snapshot_json(), event="snapshot", id=fold.cursor))
assert received[0].id == fold.cursor
work = Withdrawal(lambda step: True)
work.feed(event)
assert work.result() is None
assert CatchUp(0).backlog([], 0) == []
"""
    )
