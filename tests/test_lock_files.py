"""The lock files pin every package by its content, and name no place it has to come from: a mirror will do."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"\w+://[^\s\"']+")


def test_python_packages_are_pinned_by_hash() -> None:
    """Each of them, by `pip --require-hashes`; no index, no address."""
    text = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert ADDRESS.findall(code) == []
    assert not re.search(r"^--(extra-)?index|^--find-links|^-[ef] ", code, flags=re.MULTILINE)
    packages = re.split(r"\n(?=\S)", code.strip())
    assert len(packages) > 50
    for package in packages:
        assert re.match(r"[\w.\[\]-]+==\S+", package), package[:80]
        assert "--hash=sha256:" in package, package[:80]


def test_npm_packages_are_pinned_by_hash() -> None:
    """Each of them; only our own are links."""
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    foreign = {name: about for name, about in packages.items() if "node_modules/" in name and not about.get("link")}
    assert len(foreign) > 50
    for name, about in foreign.items():
        assert "resolved" not in about, name
        assert about["integrity"].startswith("sha512-") or about.get("inBundle"), name
    for name, about in packages.items():
        assert not about.get("link") or about["resolved"].startswith(("packages/", "examples/", "tests/")), name
