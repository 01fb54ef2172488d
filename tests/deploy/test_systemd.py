"""The unit is one systemd takes, and stops as the server stops."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from headway.config import Settings
from tests.deploy.proxies import DEPLOY

UNIT = (DEPLOY / "systemd/headway.service").read_text()


def test_systemd_takes_it(tmp_path: Path) -> None:
    """With a program in the place of ours."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd on this machine")
    unit = tmp_path / "headway.service"
    unit.write_text(UNIT.replace("/srv/app/.venv/bin/headway", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_sets_what_there_is() -> None:
    """No variable is misspelt, and systemd waits longer than the server takes."""
    names = {name.removeprefix("HEADWAY_").lower() for name in re.findall(r"^Environment=(\w+)=", UNIT, re.MULTILINE)}
    assert names <= Settings.model_fields.keys()
    stop = re.search(r"^TimeoutStopSec=(\d+)", UNIT, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > Settings().drain_s + 10
