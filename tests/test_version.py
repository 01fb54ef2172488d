"""One version, wherever it is said."""

import tomllib
from pathlib import Path

import headway
from headway.version import VERSION


def test_the_version_is_that_of_the_package():
    """As the package says it, and as it is built."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert headway.__version__ == VERSION == project["version"]
