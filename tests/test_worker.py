"""The worker process: finds its application, works until it is told to stop, and ends with its parent."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headway import Headway
from headway.errors import UsageError
from headway.worker import load, main, run

ROOT = Path(__file__).parents[1]


def module(folder: Path, name: str, text: str) -> str:
    """Write a module that can be imported from its folder."""
    (folder / f"{name}.py").write_text(text)
    return name


def test_a_headway_is_loaded_by_its_name_or_because_it_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``module:hw``, ``module``, or ``module:app`` beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    one = "from headway import Headway\nhw = same = Headway('memory://')\napp = object()\n"
    name = module(tmp_path, "one_headway", one)
    loaded = load(f"{name}:hw")
    assert isinstance(loaded, Headway)
    assert load(name) is loaded
    assert load(f"{name}:app") is loaded
    name = module(tmp_path, "two_headways", one + "other = Headway('memory://')\n")
    assert load(f"{name}:other") is not load(f"{name}:hw")
    with pytest.raises(UsageError, match="found 2"):
        load(name)
    name = module(tmp_path, "broken_import", "import no_such_thing_at_all\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_thing"):
        load(name)
    with pytest.raises(UsageError, match="no module 'not_there'"):
        load("not_there:hw")


def test_a_worker_loads_nothing_that_only_serves() -> None:
    """It is there a third sooner, and smaller; killed ones are replaced by it."""
    code = "import sys; from headway.worker import Headway; Headway('memory://'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"fastapi", "httpx", "uvicorn"} & set(done.stdout.split()) == set()


def test_a_worker_without_jobs_says_so() -> None:
    """It would wait for ever."""
    with pytest.raises(UsageError, match="no job"):
        run(Headway("memory://"))


def test_a_worker_runs_without_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install has none."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    seen: list[str] = []
    hw = Headway("memory://")

    async def work(stop: asyncio.Event) -> None:
        seen.append(type(asyncio.get_running_loop()).__module__)

    monkeypatch.setattr(hw, "work", work)
    run(hw)
    assert seen == ["asyncio.unix_events"]


def test_the_command_line_names_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging is set up by the application's settings before it works."""
    ran: list[tuple[Headway, bool]] = []
    levels: list[str] = []
    monkeypatch.setattr("headway.worker.run", lambda hw, **how: ran.append((hw, how["until_stdin_closes"])))
    monkeypatch.setattr("headway.ops.logging.configure", lambda **given: levels.append(given["level"]))
    monkeypatch.setattr(sys, "argv", ["worker", "tests.engines.crashing:hw", "--until-stdin-closes"])
    main()
    from tests.engines.crashing import hw

    assert ran == [(hw, True)]
    assert levels == ["info"]


@pytest.mark.parametrize("how", ["signal", "stdin"])
def test_it_ends_when_told_and_says_that_all_is_well(tmp_path: Path, how: str) -> None:
    """By SIGTERM while its input is open, or by the end of its input."""
    environment = {**os.environ, "HEADWAY_STORE": str(tmp_path / "runs.db")}
    command = [sys.executable, "-m", "headway.worker", "tests.engines.crashing:hw", "--until-stdin-closes"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stderr is not None
        assert worker.stdin is not None
        for line in worker.stderr:
            if "run by the" in line:
                break
        if how == "signal":
            worker.send_signal(signal.SIGTERM)
        else:
            worker.stdin.close()
        rest = worker.stderr.read()
        assert (worker.wait(30), "Fatal" in rest) == (0, False)
