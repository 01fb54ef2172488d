"""The units are such as systemd takes, and stop as what they start stops."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from headway.config import Settings
from tests.deploy.proxies import DEPLOY

UNITS = ("headway.service", "headway-worker@.service")


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_it(name: str, tmp_path: Path) -> None:
    """With a program in the place of ours."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd on this machine")
    unit = tmp_path / name.replace("@", "@1")
    unit.write_text((DEPLOY / "systemd" / name).read_text().replace("/srv/app/.venv/bin/headway", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_it_sets_what_there_is(name: str) -> None:
    """No variable is misspelt, and systemd waits longer than what it starts takes."""
    unit = (DEPLOY / "systemd" / name).read_text()
    names = {name.removeprefix("HEADWAY_").lower() for name in re.findall(r"^Environment=(\w+)=", unit, re.MULTILINE)}
    assert names <= Settings.model_fields.keys()
    stop = re.search(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > Settings().drain_s + 10
    assert "KillMode=mixed" in unit
    # an outage of the store longer than five starts must not leave the unit failed for good
    assert "StartLimitIntervalSec=0" in unit.partition("[Service]")[0]
