"""The commands as they are called, and their documentation."""

import re
import subprocess
import sys
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from headway import __version__
from headway.cli.commands import Level, Status, Worker, app
from headway.cli.stopping import TERMINATED
from headway.cli.watching import CODES, INTERRUPTED, NOT_WATCHED
from headway.config import Settings
from headway.core.run import RunStatus
from tests.checkout import ROOT
from tests.cli.terminals import environment

REFERENCE = (ROOT / "docs" / "reference" / "cli.md").read_text()


def sections() -> dict[str, str]:
    """The reference by command."""
    parts = re.split(r"^## headway ?", REFERENCE, flags=re.MULTILINE)[1:]
    return {re.match(r"[a-z ]*", part)[0].strip(): part for part in parts}  # type: ignore[index]


def commands() -> dict[str, Any]:
    """Every command by what is typed to call it."""
    group: Any = typer.main.get_command(app)
    found = {"": group}
    for name, command in group.commands.items():
        found[name] = command
        found |= {f"{name} {below}": one for below, one in getattr(command, "commands", {}).items()}
    return found


def options_of(command) -> set[str]:
    """All names of all options."""
    return {name for param in command.params for name in (*param.opts, *param.secondary_opts) if name.startswith("-")}


def test_every_command_and_option_is_documented():
    """And nothing that is not there."""
    documented = sections()
    assert set(documented) == set(commands())
    for name, command in commands().items():
        named = set(re.findall(r"`(-{1,2}[a-z][a-z-]*)`", documented[name].split("| option |")[-1].split("\n\n")[0]))
        there = options_of(command) - {"--help", "-h", "--install-completion", "--show-completion"}
        assert named >= there, f"{name}: {there - named}"
        assert not named - there, f"{name}: {named - there}"


def test_exit_codes_are_documented():
    """The same in the reference, in the help and in the code."""
    codes = {*CODES.values(), NOT_WATCHED, INTERRUPTED, TERMINATED, 2}
    table = sections()["watch"].rpartition("| exit code |")[2]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)} == codes
    text = CliRunner().invoke(app, ["watch", "--help"]).output
    codes_told = re.search(r"Exit codes:.*?\.", text, flags=re.DOTALL)
    assert codes_told is not None
    assert {int(code) for code in re.findall(r"\d+", codes_told[0])} == codes - {TERMINATED}


@pytest.mark.parametrize("command", sorted(sections().keys() - {""}))
def test_help(command):
    """Every option says what it does."""
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    for param in commands()[command].params:
        assert param.param_type_name == "argument" or param.help, param.name


def test_what_exists_elsewhere_is_offered_here():
    """Choices are those of the settings and of the runs."""
    assert {str(status) for status in Status} == set(RunStatus)
    assert set(Worker) == set(Settings.model_fields["worker"].annotation.__args__)  # type: ignore[union-attr]
    assert set(Level) == set(Settings.model_fields["log_level"].annotation.__args__)  # type: ignore[union-attr]


def test_the_version():
    """Of the installed package."""
    assert CliRunner().invoke(app, ["--version"]).output == f"headway {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["serve", "--port", "99999"], ["runs", "--limit", "0"], ["watch"], ["nothing"], ["runs", "--status", "x"]],
)
def test_wrong_usage(arguments):
    """Is 2, and never a traceback."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "Usage" in result.stderr


def test_nothing_heavy_is_imported_for_help():
    """It answers at once."""
    code = (
        "import sys; sys.argv = ['headway', '--help']\n"
        "from headway.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'fastapi', 'httpx', 'uvicorn', 'starlette', 'headway.app', 'rich.live'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_a_missing_extra_is_named():
    """The base install brings no command line."""
    code = "import sys; sys.modules['typer'] = None\nfrom headway.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 2
    assert done.stderr == "headway: the command line needs typer: pip install 'headway[server]'\n"


def test_titles_in_any_script_on_any_terminal():
    """A terminal that knows ASCII only shows what it can."""
    code = (
        "import sys; sys.argv = ['headway', '--version']\n"
        "from headway.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "from headway.cli.terminal import out\n"
        "out().print('Z\\xfcrich')"
    )
    ascii_only = environment(PYTHONIOENCODING="ascii")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ascii_only, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "Z?rich"
