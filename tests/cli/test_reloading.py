"""Which files `--reload` looks at."""

import os

from headway.cli.reloading import times


def test_python_files_somebody_edits(tmp_path):
    """Not those of packages, caches and hidden folders: there are tens of thousands of them."""
    for name in (
        "app.py", "package/deep/down.py", "package/data.json", ".venv/lib/x.py", "node_modules/y.py",
        "package/__pycache__/z.py", "lib/site-packages/p.py", ".git/hooks/h.py",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    found = {str(path.relative_to(tmp_path)) for path, _ in times(tmp_path)}
    assert found == {"app.py", "package/deep/down.py"}


def test_a_change_is_a_new_time(tmp_path):
    """Or a file more or less."""
    path = tmp_path / "app.py"
    path.write_text("1")
    before = dict(times(tmp_path))
    os.utime(path, ns=(1, 1))
    assert dict(times(tmp_path)) == {path: 1} != before


def test_a_link_to_nothing(tmp_path):
    """Is passed over: editors make such files."""
    (tmp_path / ".#app.py").symlink_to("nobody@nowhere")
    assert dict(times(tmp_path)) == {}
