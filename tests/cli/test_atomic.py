"""A file is there whole, or as it was."""

import os
from pathlib import Path

import pytest

from headway.cli.atomic import atomic
from headway.errors import UsageError


def names(folder: Path) -> list[str]:
    """What is there."""
    return sorted(path.name for path in folder.iterdir())


def test_it_has_its_name_when_it_is_whole(tmp_path):
    """Not before; the rights are those of any new file, and what was there is replaced."""
    path = tmp_path / "a.ndjson"
    path.write_text("old")
    with atomic(str(path)) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.ndjson"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_what_was_there(tmp_path, failure):
    """However it ends."""
    path = tmp_path / "a.ndjson"
    path.write_text("old")

    def write() -> None:
        with atomic(str(path)) as file:
            file.write(b"half")
            raise failure

    with pytest.raises(failure):
        write()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.ndjson"]


def test_a_link_stays_one(tmp_path):
    """What it points to is replaced."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with atomic(str(tmp_path / "link")) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize(
    ("name", "said"), [("/dev/null", "no ordinary file"), (".", "no ordinary file"), ("no/x", "cannot be written")]
)
def test_where_it_cannot_be(tmp_path, monkeypatch, name, said):
    """A device, a folder, a folder that is not there: said, and left as they are."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said), atomic(name):
        pass
    assert names(tmp_path) == []
