"""Where a file lies."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from headway.cli.doctor import place as module
from headway.cli.doctor.findings import Finding, Level
from headway.cli.doctor.place import long_wal, place


class Usage(NamedTuple):
    """Of a disk."""

    total: int
    used: int
    free: int


def found(path: Path, mounts: str | None = None) -> dict[str, Finding]:
    """Findings by what they are about."""
    return {each.about: each for each in place(path, mounts)}


@pytest.fixture
def path(tmp_path):
    """A file that only its user may read."""
    made = tmp_path / "headway.db"
    made.touch(0o600)
    return made


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("ext4", Level.OK),
        ("xfs", Level.OK),
        ("nfs4", Level.FAIL),
        ("cifs", Level.FAIL),
        ("fuse.sshfs", Level.FAIL),
        ("fuse.mystery", Level.WARN),
        ("9p", Level.WARN),
        ("tmpfs", Level.WARN),
        ("overlay", Level.WARN),
    ],
)
def test_file_systems(path, kind, level):
    """Those over a network fail, those that forget or may not lock are warned of."""
    finding = found(path, f"22 1 254:0 / / rw - {kind} /dev/x rw\n")["file system"]
    assert (finding.level, kind in finding.text) == (level, True)
    assert bool(finding.mend) == (level is not Level.OK)


def test_where_mounts_cannot_be_told(path):
    """Nothing is made up."""
    finding = found(path, "")["file system"]
    assert finding.level is Level.OK
    assert "cannot be told" in finding.text


def test_here(path):
    """All is well with a private file on this machine's disk; a file that is not there has no readers."""
    levels = {about: each.level for about, each in found(path).items() if about != "file system"}
    assert levels == dict.fromkeys(("disk", "rights", "privacy"), Level.OK)
    assert "privacy" not in found(path.with_name("no.db"))


@pytest.mark.parametrize(("free", "level"), [(10**6, Level.FAIL), (10**8, Level.WARN), (10**11, Level.OK)])
def test_room(path, monkeypatch, free, level):
    """What is left counts."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10**12, 0, free))
    assert found(path)["disk"].level is level


def test_a_folder_that_is_not_there(tmp_path):
    """Nothing else can be said then."""
    (finding,) = place(tmp_path / "no" / "headway.db")
    assert (finding.level, finding.about) == (Level.FAIL, "folder")


@pytest.mark.parametrize(
    ("mode", "level", "said"),
    [(0o600, Level.OK, "closed to"), (0o644, Level.OK, "may read"), (0o666, Level.WARN, "may change")],
)
def test_other_users(path, mode, level, said):
    """Who else may look into the runs."""
    path.chmod(mode)
    finding = found(path)["privacy"]
    assert (finding.level, said in finding.text) == (level, True)


def test_what_this_user_may_not_touch(path, monkeypatch):
    """Is named; often root has made it once."""
    wal = path.with_name("headway.db-wal")
    wal.touch()
    monkeypatch.setattr(os, "access", lambda each, _mode: each != wal)
    finding = found(path)["rights"]
    assert finding.level is Level.FAIL
    assert str(wal) in finding.text


def test_a_log_that_is_held_back(path, monkeypatch):
    """By a reader that does not end."""
    assert long_wal(path).level is Level.OK
    path.with_name("headway.db-wal").write_bytes(b"x" * 1_000)
    assert long_wal(path).text == "on, 1.0 kB"
    monkeypatch.setattr(module, "WAL_WARN", 999)
    assert long_wal(path).level is Level.WARN
