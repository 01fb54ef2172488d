"""The built wheel, and fresh environments to install it into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))


def build(folder: Path) -> Path:
    """Build the wheel as it is published, without Node: the pages were built before."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PATH": "/usr/bin:/bin"})
    (wheel,) = folder.glob("*.whl")
    return wheel


def interpreter(version: str) -> str | None:
    """Find a Python of this version on the machine."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(installed[-1]) if installed else shutil.which(f"python{version}")


def environment(folder: Path, python: str, *requirements: str) -> Path:
    """Make a virtual environment with these installed, in the versions we test with; return its Python."""
    subprocess.run([UV, "venv", "--quiet", "--python", python, str(folder)], check=True)
    made = folder / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--no-verify-hashes", "--python", str(made)]
    constraints = ["--constraints", str(ROOT / "requirements" / "dev.txt")]
    subprocess.run([*install, *constraints, *requirements], check=True)
    return made


def run(python: Path, *arguments: str, cwd: Path) -> str:
    """Run Python there, away from this source tree; return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HEADWAY", "COV"))}
    done = subprocess.run(
        [python, *arguments], cwd=cwd, env=kept, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
