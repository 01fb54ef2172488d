"""What is in the wheel, what a base install brings along, and that it works on every Python we promise."""

import email
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.packaging.wheels import ROOT, build, environment, interpreter, run

pytestmark = pytest.mark.slow

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

BASE = {
    "annotated-doc", "annotated-types", "anyio", "certifi", "fastapi", "h11", "headway", "httpcore", "httpx", "idna",
    "opentelemetry-api", "orjson", "pydantic", "pydantic-core", "pydantic-settings", "python-dotenv", "starlette",
    "typing-extensions", "typing-inspection",
}  # fmt: skip
"""Everything a base install installs. An addition is a decision: say why in the change."""

HEAVY = ("uvicorn", "uvloop", "typer", "rich", "structlog", "prometheus_client", "ortools", "mypy")

SMOKE = """
import asyncio, sys
from headway import Headway, Run

hw = Headway("runs.db", worker="inline")

@hw.job
async def count(run: Run, upto: int) -> int:
    async with run.output("text") as out:
        for number in range(upto):
            await run.progress(number, upto)
            await out.write("🙂")
    return upto

async def main():
    async with hw:
        handle = await hw.start(count, 5)
        assert await handle.result() == 5
        states = [state async for state, _ in hw.watch(handle.id)]
        assert states[-1]["outputs"]["text"]["text"] == "🙂" * 5

asyncio.run(main())
print(sys.version_info[:2], "works")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    return build(tmp_path_factory.mktemp("wheel"))


def test_it_holds_all_that_runs(wheel: Path) -> None:
    """Pages, SQL and types among it; no sources of pages, no tests, nothing at the top level but the package."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for needed in (
        "headway/py.typed", "headway/static/client.js", "headway/static/console/index.html",
        "headway/stores/sql/sqlite/queries.sql", "headway/examples/itinerary/static/index.html",
        "headway/examples/itinerary/data/paris.json",
    ):  # fmt: skip
        assert needed in names
    assert {name.split("/")[0] for name in names} == {"headway", f"headway-{PROJECT['version']}.dist-info"}
    kinds = (".ts", ".tsx", ".db")
    assert not [name for name in names if name.endswith(kinds) or {"web", "tests"} & set(name.split("/"))]


def test_the_metadata_is_whole(wheel: Path) -> None:
    """Every extra the documentation names."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read(f"headway-{PROJECT['version']}.dist-info/METADATA"))
    assert {"server", "demo"} <= set(metadata.get_all("Provides-Extra") or [])
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"


@pytest.mark.parametrize("version", PYTHONS)
def test_a_base_install_is_small_and_works(version: str, wheel: Path, tmp_path: Path) -> None:
    """With the dependencies that are stated and no other, on each Python that can be had here."""
    found = interpreter(version)
    if found is None:
        pytest.skip(f"NO PYTHON {version} ON THIS MACHINE: the wheel is not tested with it")
    python = environment(tmp_path / "venv", found, str(wheel))
    list_all = "from importlib.metadata import distributions as d; print(*{x.metadata['Name'].lower() for x in d()})"
    installed = {name.replace("_", "-") for name in run(python, "-c", list_all, cwd=tmp_path).split()}
    assert installed <= BASE
    assert "works" in run(python, "-c", SMOKE, cwd=tmp_path)
    imported = "import headway, sys; print(*sys.modules)"
    modules = {name.partition(".")[0] for name in run(python, "-c", imported, cwd=tmp_path).split()}
    assert not modules & {*HEAVY, "fastapi", "starlette", "httpx", "sqlite3"}, "import headway is to be light"


def test_without_the_extra_it_is_said_what_is_missing(wheel: Path, tmp_path: Path) -> None:
    """The command is there; it names the extra it needs, instead of a traceback."""
    python = environment(tmp_path / "venv", sys.executable, str(wheel))
    command = python.with_name("headway")
    done = subprocess.run([command, "serve"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "headway[server]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_users_project_is_typed(wheel: Path, tmp_path: Path) -> None:
    """``mypy --strict`` on what a user writes finds nothing; on a mistake it finds it."""
    python = environment(tmp_path / "venv", sys.executable, str(wheel))
    sample = tmp_path / "project.py"
    sample.write_text((Path(__file__).parent / "sample" / "project.py").read_text())
    check = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        str(python),
        "--config-file=",
        str(sample),
    ]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    sample.write_text(sample.read_text() + "\nasync def wrong(run: Run) -> int:\n    return await run.progress('x')\n")
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.count("error:") >= 2, done.stdout
