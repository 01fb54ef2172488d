"""Errors as one line."""

import pytest
import typer
from pydantic import BaseModel

from headway.cli.terminal import out, plainly
from headway.config import Settings
from headway.errors import HeadwayError, RunNotFound, StoreLocked, UsageError


def raising(error: BaseException):
    """A command that fails."""

    @plainly
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (RunNotFound("there is no run 'x'"), 1, ["error: there is no run 'x' (run_not_found)"]),
        (
            UsageError("that is wrong", hint="do it right"),
            2,
            ["error: that is wrong (usage)", "hint: do it right"],
        ),
        (StoreLocked("a\x1b[2Jb"), 1, ["error: ab (store_locked)"]),
        (HeadwayError("new", code="too_clever"), 1, ["error: new (too_clever)"]),
        (
            ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn.config"),
            2,
            ["error: uvicorn.config is not installed (usage)", "hint: pip install 'headway[server]'"],
        ),
    ],
)
def test_what_can_be_mended_is_one_line(capsys, error, code, lines):
    """With its hint and its code, on standard error."""
    with pytest.raises(typer.Exit) as caught:
        raising(error)()
    assert caught.value.exit_code == code
    captured = capsys.readouterr()
    assert captured.err.splitlines() == lines
    assert captured.out == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("PING_S", "often", "Input should be a valid number"), ("STORE", "mysql://x", "there is no store 'mysql'")],
)
def test_a_wrong_variable_is_named(capsys, monkeypatch, name: str, value: str, said: str):
    """As it is called in the environment."""
    monkeypatch.setenv(f"HEADWAY_{name}", value)

    @plainly
    def command() -> None:
        Settings()

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 2
    assert capsys.readouterr().err.startswith(f"error: HEADWAY_{name}: {said}")


class Model(BaseModel):
    """Of somebody's application."""

    n: int


@pytest.mark.parametrize("error", [ValueError("a bug"), ZeroDivisionError(), ModuleNotFoundError("x", name="x")])
def test_mistakes_of_programs_are_not_hidden(error):
    """They keep their traceback."""
    with pytest.raises(type(error)):
        raising(error)()


def test_foreign_validation_is_not_ours():
    """Only settings are told as variables."""

    @plainly
    def command() -> None:
        Model.model_validate({"n": "x"})

    with pytest.raises(ValueError, match="Model"):
        command()


def test_what_a_command_returns_is_passed_on():
    """And its name stays."""

    @plainly
    def command() -> int:
        """Do."""
        return 7

    assert command() == 7
    assert command.__doc__ == "Do."


def test_a_pipe_is_wide(monkeypatch):
    """Where nobody says how wide it is."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert out().width == 120
    monkeypatch.setenv("COLUMNS", "90")
    assert out().width == 90
