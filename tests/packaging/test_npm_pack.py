"""The npm packages as they are published, in a fresh application: it installs, its types are right, it builds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.wheels import ROOT

pytestmark = pytest.mark.slow

APP: Final = Path(__file__).parent / "app"
BIN: Final = ROOT / ".venv" / "bin"
OURS: Final = ("client", "react")
ELSE: Final = ("react", "react-dom", "@types/react", "@types/react-dom", "typescript", "vite")
"""What an application has beside ours. It is here already: nothing is fetched."""


def node(folder: Path, *command: str | Path) -> str:
    """Run something with Node, and return what it printed."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "npm_config_update_notifier": "false"}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def manifest(name: str) -> dict[str, dict[str, object]]:
    """Return the package.json of one of ours."""
    found: dict[str, dict[str, object]] = json.loads((ROOT / "packages" / name / "package.json").read_text())
    return found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application that has installed the packages as npm packs them."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copytree(APP, folder, dirs_exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": "app", "private": True, "type": "module"}))
    packed = [
        folder / node(ROOT / "packages" / name, "npm", "pack", "--silent", "--pack-destination", folder).strip()
        for name in OURS
    ]
    # peers are not looked for: they are linked below
    node(folder, "npm", "install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", *packed)
    for name in ELSE:
        link = folder / "node_modules" / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(ROOT / "node_modules" / name)
    return folder


def built(app: Path, entry: str) -> str:
    """Build a module of the application, and return all JavaScript of it."""
    out = app / "dist" / entry
    vite = ["node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--outDir", str(out)]
    (app / "index.html").write_text((APP / "index.html").read_text().replace("main.tsx", entry))
    node(app, *vite)
    return "".join(path.read_text() for path in out.rglob("*.js"))


def test_every_part_is_in_the_package_and_its_types_are_right(app: Path) -> None:
    """In the strictness of an application that checks its libraries, too; a mistake is found."""
    parts = [
        f"@headway-run/{name}{part.removeprefix('.')}"
        for name in OURS
        for part in manifest(name)["exports"]
        if not part.endswith((".json", ".css"))
    ]
    assert len(parts) > len(OURS)
    lines = [f'export * as part{number} from "{part}";' for number, part in enumerate(parts)]
    (app / "everything.ts").write_text("\n".join(lines))
    node(app, "node", "node_modules/typescript/bin/tsc")
    with (app / "everything.ts").open("a") as module:
        module.write('\nimport { watchRun } from "@headway-run/client";\nwatchRun(7);\n')
    with pytest.raises(AssertionError, match=r"everything\.ts"):
        node(app, "node", "node_modules/typescript/bin/tsc")
    (app / "everything.ts").unlink()


def test_an_application_builds_with_what_it_imports_and_nothing_else(app: Path) -> None:
    """All of it with all parts, none of them where only a run is watched."""
    whole = built(app, "main.tsx")
    assert "headway-outbox" in whole
    assert "headway:log" in whole
    assert "hw-" in "".join(path.read_text() for path in (app / "dist").rglob("*.css"))
    small = built(app, "small.ts")
    assert "event-stream" in small
    assert "headway-outbox" not in small
    assert "headway:log" not in small
    assert len(small) < len(whole) / 5


def test_the_parts_work_in_node_as_they_are_published(app: Path) -> None:
    """Each is a module by itself, without a bundler."""
    names = "createOutbox createStatus createConnection"
    script = "".join(
        f'const {{ {name} }} = await import("@headway-run/client/{part}"); console.log(typeof {name});'
        for name, part in zip(names.split(), ("outbox", "status", "faces"), strict=True)
    )
    (app / "parts.mjs").write_text(script)
    assert node(app, "node", "parts.mjs").split() == ["function"] * 3
