"""What pages print is what is run: files that tests run, commands that exist, examples that were executed."""

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from urllib.parse import urlsplit

import pytest
import typer.main
import yaml
from fastapi import FastAPI
from fastapi.routing import APIRoute

import headway
from headway import Headway
from headway.cli.commands import app as commands
from headway.config import Settings
from headway.gateways.api import GATEWAYS
from headway.stores.base import RunFilter

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(r'--8<-- "([^":]+)(?::(\w+))?"')
PROSE = ("", "text", "mermaid")
EXECUTED = {"docs/reference/http.md": "console", "README.md": "tsx"}
"""Blocks that have a test of their own."""

README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    language: str
    text: str

    @property
    def shows(self) -> list[tuple[str, str]]:
        """Files it shows, each with the part of it."""
        return [(path, part) for path, part in SHOWN.findall(self.text)]


def blocks() -> Iterator[Block]:
    """All blocks of all pages and of the README."""
    pages = [page for page in (ROOT / "docs").rglob("*.md") if "decisions" not in page.parts]
    for page in [*pages, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        text = page.read_text(encoding="utf-8")
        for language, body in re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
            yield Block(str(page.relative_to(ROOT)), language, body)


BLOCKS = list(blocks())
INLINE = [block for block in BLOCKS if not block.shows and block.language not in PROSE]


def ids(found: list[Block]) -> list[str]:
    """Names for a table of blocks."""
    return [f"{n} {block.page} {block.text.partition(chr(10))[0][:40]}" for n, block in enumerate(found)]


# -- files that are shown


def test_what_is_shown_is_tested() -> None:
    """Every program and configuration on a page is a file that some test names."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for path, part in {shown for block in BLOCKS for shown in block.shows}:
        file = ROOT / path
        assert file.is_file(), path
        if path.startswith(("docs/examples/", "deploy/")):
            place = f"{file.parent.name}/{file.name}"
            named = place in tests or (file.stem in tests and f'"{file.parent.name}"' in tests)
            assert named, f"no test runs {path}"
        assert not part or f"[start:{part}]" in file.read_text(encoding="utf-8")


def test_blocks_are_of_a_kind_that_is_run() -> None:
    """A new kind needs a test first."""
    kinds = {block.language for block in INLINE if EXECUTED.get(block.page) != block.language}
    assert kinds <= {"sh", "python"}


# -- commands

LINES = [
    (block.page, line.partition("  #")[0].rstrip("& ").strip())
    for block in INLINE
    if block.language == "sh"
    for line in block.text.splitlines()
    if line.strip() and not line.startswith("#")
]


@pytest.mark.parametrize(("page", "line"), [pytest.param(*line, id=f"{line[0]} {line[1][:50]}") for line in LINES])
def test_commands_exist(page: str, line: str) -> None:
    """Of `headway` with these options, of `make` with this target; others are run by the test of their page."""
    words = shlex.split(line.partition(" > ")[0].partition(" | ")[0].removesuffix(" & echo $!"))
    if words[0] == "headway":
        group = typer.main.get_command(commands)
        command = group.commands[words[1]]  # type: ignore[attr-defined]
        command.make_context(words[1], words[2:])
    elif "make" in words:
        targets = words[words.index("make") + 1 :]
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert [target for target in targets if "=" not in target and f"\n{target}:" not in makefile] == []
    elif words[0] == "curl":
        asked = urlsplit("//" + words[-1].removeprefix("http://")).path.removeprefix("/headway")
        paths = {route.path for gateway in GATEWAYS for route in gateway.router.routes if isinstance(route, APIRoute)}
        assert asked in paths, f"{page}: nothing is at {asked}"
    elif words[0] == "export":
        named = {word.partition("=")[0].removeprefix("HEADWAY_").lower() for word in words[1:]}
        assert named <= Settings.model_fields.keys()
    else:
        assert words[0] in {".", "pip", "pytest", "python3", "kill", "git", "celery"}, f"{page}: nothing runs {line!r}"


# -- Python


@pytest.mark.parametrize("block", [block for block in INLINE if block.language == "python" and "docs/" in block.page])
def test_python_on_pages_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the public names at hand."""
    monkeypatch.chdir(tmp_path)
    names = {name: getattr(headway, name) for name in headway.__all__}
    exec(compile(block.text, block.page, "exec"), names)


PREFACE = """
import asyncio
from collections.abc import AsyncIterator
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from pydantic import BaseModel
from headway import *
from headway import Run
class User(BaseModel):
    id: str
def current_user() -> User: return User(id="ada")
class ReportIn(BaseModel):
    title: str
    pages: int
async def read(page: int) -> None: ...
class Day(BaseModel):
    number: int
class Trip(BaseModel):
    days: list[Day]
trip = Trip(days=[Day(number=1), Day(number=2)])
class Itinerary(BaseModel):
    days: list[int]
    hotel: str
    text: str
def day_item(day: Day) -> ItemPlanned: return ItemPlanned(key=f"day:{day.number}", title=f"Day {day.number}")
async def plan_day(item: Item, day: Day) -> int:
    await item.progress(1, 1)
    return day.number
async def find_hotel(days: list[int]) -> str: return "a hotel"
async def write_summary(run: Run, days: list[int]) -> str:
    async with run.output("summary") as out:
        await out.write("two days")
    return out.text
"""


def compiled(source: str) -> CodeType:
    """Python as it stands on a page, where `await` needs no function around it."""
    return compile(source, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


async def run_compiled(code: CodeType, names: dict[str, object]) -> None:
    """Run it."""
    result = eval(code, names)
    if inspect.isawaitable(result):
        await result


async def test_the_readmes_jobs_run() -> None:
    """What the second Python block defines, started and watched as it says."""
    printed = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    jobs = next(block for block in printed if "@hw.job" in block)
    definitions, start, use = jobs.partition("handle = await hw.start")
    assert start
    names: dict[str, object] = {}
    await run_compiled(compiled(PREFACE), names)
    names["hw"] = hw = Headway("memory://", worker="inline")
    names["app"] = FastAPI(lifespan=hw.lifespan)
    await run_compiled(compiled(definitions), names)
    async with hw:
        await run_compiled(compiled(start + use), names)
        (run,) = await hw.store.list_runs(RunFilter())
        assert run.status == "succeeded"


# -- closed lists


def test_errors_are_explained() -> None:
    """Each code, with its status and whether the same request may succeed later."""
    page = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    rows = yaml.safe_load((ROOT / "conformance/errors.yaml").read_text(encoding="utf-8"))
    of_requests, _, of_runs = page.partition("## Of runs")
    told = re.findall(r"^\| `(\w+)` \| (\d+) \| (yes|no) \| .+ \| .+ \|$", of_requests, flags=re.MULTILINE)
    again = {True: "yes", False: "no"}
    assert set(told) == {(r["code"], str(r["status"]), again[r["retryable"]]) for r in rows if r["kind"] == "http"}
    told = re.findall(r"^\| `(\w+)` \| (yes|no) \| .+ \| .+ \|$", of_runs, flags=re.MULTILINE)
    assert set(told) == {(r["code"], again[r["retryable"]]) for r in rows if r["kind"] == "run"}


def test_public_names_are_in_the_reference() -> None:
    """All of them, each once."""
    page = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")
    shown = re.findall(r"^::: headway\.(\w+)$", page, flags=re.MULTILINE)
    hidden = {"HeadwayError"}  # stands in the reference of `errors`
    assert sorted(shown) == sorted(set(headway.__all__) - hidden)


def test_variables_on_pages_are_settings() -> None:
    """Wherever one is named."""
    known = {f"HEADWAY_{name.upper()}" for name in headway.Settings.model_fields} | {"HEADWAY_URL", "HEADWAY_TOKEN"}
    for page in (ROOT / "docs").rglob("*.md"):
        if "decisions" not in page.parts:
            named = set(re.findall(r"HEADWAY_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
            assert named <= known, page
