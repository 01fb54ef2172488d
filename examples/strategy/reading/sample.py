"""The sample: two corpora of real text that the source tree has. See ``sample/README.md``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from examples.strategy.models import Side
from examples.strategy.reading.documents import read_document

ROOT: Final = Path(__file__).parents[3]
FOLDER: Final = Path(__file__).parents[1] / "sample"
_LEFT_OUT: Final = frozenset(
    {"benchmarks.md", "changelog.md", "contributing.md", "protocol.md", "security.md", "python.md"}
)


def sample(side: Side) -> list[tuple[str, str]]:
    """Return the sample's texts of one side, each with its name. Reads files: not for an event loop."""
    return [(name, read_document(path.name, path.read_bytes())) for name, path in _files(side)]


def _files(side: Side) -> list[tuple[str, Path]]:
    if side == "competitors":
        paths = sorted((FOLDER / "competitors").rglob("*.rst"))
        return [(str(path.relative_to(FOLDER / "competitors")), path) for path in paths]
    pages = (ROOT / "docs").rglob("*.md")
    paths = sorted(path for path in pages if path.name not in _LEFT_OUT and path.parent.name != "decisions")
    return [(f"headway/{path.relative_to(ROOT / 'docs')}", path) for path in paths]
