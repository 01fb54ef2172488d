"""The pages of the TypeScript reference, made from the doc comments of the packages: a hook of MkDocs.

They are written by TypeDoc whenever the site is built, so no page can be older than the code it tells of. A name that a
page mentions and no page explains is an error.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
TYPEDOC = ROOT / "node_modules/typedoc/bin/typedoc"
PACKAGES = ("client", "react")
CONTENTS = "modules.md"
"""What TypeDoc calls its list of the pages; the site's navigation is one already."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add `reference/typescript/PACKAGE/MODULE.md` for each module that can be imported."""
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            for page in _written(package, Path(folder) / package):
                uri = f"reference/typescript/{package}/{page.name}"
                files.append(File.generated(config, uri, content=_titled(page, package)))
    return files


def _written(package: str, folder: Path) -> Iterator[Path]:
    command = [str(ROOT / ".venv/bin/node"), str(TYPEDOC), "--logLevel", "Warn", "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT / "packages" / package, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PluginError(f"TypeDoc on packages/{package} (`make setup` installs it): {done.stdout}{done.stderr}")
    return (page for page in sorted(folder.glob("*.md")) if page.name != CONTENTS)


def _titled(page: Path, package: str) -> str:
    """Return a page under the name by which its module is imported."""
    _, text = page.read_text().split("\n", 1)
    module = "" if page.stem == "index" else f"/{page.stem}"
    return f"# @headway-run/{package}{module}\n{text}"
