"""The house rules a reader can rely on, checked from the syntax trees: who imports whom, and how long things get."""

import ast
import functools
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("syntax trees")  # one process reads them all

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "headway"

# From the top of the house to its ground. A room imports from its own floor or from a lower one; no two rooms of one
# floor import each other.
FLOORS = (
    {"cli", "testing", "worker", "__main__"},
    {"app"},
    {"gateways", "contrib", "tqdm"},
    {"security", "ops"},
    {"engines", "hub", "publish", "client"},
    {"config"},
    {"stores"},
    {"core"},
    {"errors", "lines", "measures", "types", "version"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# `headway/__init__.py` stands on the roof: it collects the public names and nothing inside may ask it for one.
ROOF = "__init__"
WIRES = {"rest", "sse", "poll", "ingest", "socketio", "a2a"}
CONCRETE_STORES = {"memory", "sqlite", "postgres", "redis"}
COMPOSITION_ROOTS = {"app", "cli", "config", "testing", "worker"}
NOT_PURE = {
    "anyio", "asyncio", "concurrent", "fastapi", "httpx", "multiprocessing", "select", "selectors", "signal", "socket",
    "sqlite3", "ssl", "starlette", "subprocess", "threading", "uvicorn",
}  # fmt: skip

MAX_FILE = 600
MAX_FUNCTION = 80
PYTHON_FOLDERS = ("src", "tests", "bench", "examples", "scripts")
WEB_FOLDERS = ("packages", "examples")
FOREIGN = {"node_modules", "dist", "static", "__pycache__"}


def files(folders: tuple[str, ...], *suffixes: str) -> list[Path]:
    """Our own files below the folders."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)
    return sorted(path for path in found if not FOREIGN & set(path.relative_to(ROOT).parts))


@functools.cache
def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def package_of(path: Path) -> list[str]:
    """The dotted package a file's relative imports start from, as parts."""
    base = ROOT / "src" if path.is_relative_to(ROOT / "src") else ROOT
    return list(path.relative_to(base).parent.parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything a file imports, inside functions and for type checkers too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = package_of(path)
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def is_module(dotted: list[str]) -> bool:
    """Whether the dotted name is a module or package of ours."""
    path = ROOT.joinpath("src", *dotted)
    return path.is_dir() or path.with_suffix(".py").is_file()


def room_of(path: Path) -> str:
    """The room a file of the package belongs to: a folder or a module right below `headway`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def edges() -> list[tuple[Path, int, str, str]]:
    """Every import of ours by ours: file, line, the room of the file, the imported name."""
    return [
        (path, line, room_of(path), name)
        for path in files(("src",), ".py")
        for line, name in imports(path)
        if name.split(".")[0] == "headway"
    ]


def target_room(name: str) -> str:
    """The room an import of `headway.…` leads to; the roof when it asks for a public name."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and is_module(parts[:2]) else ROOF


def at(path: Path, line: int) -> str:
    """Where a finding is, in a form editors can open."""
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_room_has_a_floor() -> None:
    """A new room is placed in the house before it is moved into."""
    rooms = {room_of(path) for path in files(("src",), ".py")} - {ROOF, "__main__"}
    assert rooms <= set(FLOOR), f"say on which floor these stand: {sorted(rooms - set(FLOOR))}"


def test_imports_only_go_down() -> None:
    """Nothing asks the roof, or a room above its own, for anything."""
    wrong = [
        f"{at(path, line)} imports {name}"
        for path, line, room, name in edges()
        if room != ROOF and (target_room(name) == ROOF or FLOOR[target_room(name)] < FLOOR[room])
    ]
    assert not wrong, "\n".join(wrong)


def test_rooms_do_not_import_each_other() -> None:
    """Rooms of one floor may build on each other in one direction only."""
    graph: dict[str, set[str]] = {}
    for _, _, room, name in edges():
        if room != ROOF and target_room(name) not in {room, ROOF}:
            graph.setdefault(room, set()).add(target_room(name))
    TopologicalSorter(graph).prepare()


def test_gateways_do_not_know_each_other() -> None:
    """A wire protocol can be taken away without the others noticing."""
    wrong = []
    for path, line, room, name in edges():
        parts = [*path.relative_to(PACKAGE).with_suffix("").parts, ""]
        target = [*name.split("."), "", ""]
        if room == "gateways" and parts[1] in WIRES and target[1] == "gateways" and target[2] in WIRES - {parts[1]}:
            wrong.append(f"{at(path, line)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_only_the_composition_root_picks_a_store() -> None:
    """Everything else works with any store."""
    wrong = [
        f"{at(path, line)} imports {name}"
        for path, line, room, name in edges()
        if room not in COMPOSITION_ROOTS | {"stores"}
        and name.split(".")[1:2] == ["stores"]
        and name.split(".")[2:3] and name.split(".")[2] in CONCRETE_STORES
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_the_core_is_pure() -> None:
    """No event loop, no thread, no socket, no database in `core/` nor in the rooms below it."""
    wrong = [
        f"{at(path, line)} imports {name}"
        for path in files(("src",), ".py")
        if FLOOR.get(room_of(path), -1) >= FLOOR["core"]
        for line, name in imports(path)
        if name.split(".")[0] in NOT_PURE
    ]
    assert not wrong, "\n".join(wrong)


def public_names() -> set[str]:
    """What `headway.__all__` lists."""
    for node in tree(PACKAGE / "__init__.py").body:
        if isinstance(node, ast.Assign) and any(
            isinstance(name, ast.Name) and name.id == "__all__" for name in node.targets
        ):
            return set(ast.literal_eval(node.value))
    return set()


def test_examples_use_public_names_only() -> None:
    """What the examples can do, every user can do."""
    allowed = {"headway", "headway.testing"} | {f"headway.{name}" for name in public_names()}
    wrong = [
        f"{at(path, line)} imports {name}"
        for path in files(("examples",), ".py")
        for line, name in imports(path)
        if name.split(".")[0] == "headway" and name not in allowed and not name.startswith("headway.testing.")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("folders", "suffixes"), [(PYTHON_FOLDERS, (".py",)), (WEB_FOLDERS, (".ts", ".tsx", ".vue"))])
def test_files_are_short(folders: tuple[str, ...], suffixes: tuple[str, ...]) -> None:
    """A file past the limit is split where a reader would split it."""
    long = {
        str(path.relative_to(ROOT)): count
        for path in files(folders, *suffixes)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE and ".gen." not in path.name
    }
    assert not long


def test_functions_are_short() -> None:
    """A function past the limit does more than one thing."""
    long = [
        f"{at(path, node.lineno)} {node.name}: {length} lines"
        for path in files(PYTHON_FOLDERS, ".py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION
    ]
    assert not long, "\n".join(long)
