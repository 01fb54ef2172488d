"""The site is built without a warning: no link leads nowhere, no page is left out, every docstring is read."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_it_is_built_strictly(tmp_path: Path) -> None:
    """As `make docs` does it."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr
    for page in ("tutorial.html", "reference/python.html", "reference/typescript/client/share.html", "protocol.html"):
        assert (tmp_path / "site" / page).is_file()
    assert not (tmp_path / "site" / "examples").exists()
