"""Settings: from the environment, from code, and what is wrong with them."""

import logging
import os

import pytest
from pydantic import ValidationError

from headway import Headway
from headway.config import TRANSPORTS, Settings, unknown_variables
from headway.stores.location import kind_of, path_of


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine counts."""
    for name in list(os.environ):
        if name.startswith("HEADWAY_"):
            monkeypatch.delenv(name)


def test_defaults_are_safe_and_work_at_once() -> None:
    """A file beside the program, nobody from elsewhere."""
    settings = Settings()
    assert settings.store == "sqlite:///headway.db"
    assert settings.cors_origins == frozenset()
    assert settings.transports == TRANSPORTS
    assert settings.insecure is False
    assert settings.ping_s == 15


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists by commas, spaces do not matter; what code says comes first."""
    monkeypatch.setenv("HEADWAY_STORE", "/data/runs.db")
    monkeypatch.setenv("HEADWAY_CORS_ORIGINS", "https://a.example, http://b.example:3000 ,")
    monkeypatch.setenv("HEADWAY_TRANSPORTS", "sse,poll")
    monkeypatch.setenv("HEADWAY_DIRECT", "0")
    monkeypatch.setenv("HEADWAY_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("HEADWAY_PING_S", "5")
    settings = Settings(ping_s=7)
    assert settings.store == "sqlite:////data/runs.db"
    assert settings.cors_origins == {"https://a.example", "http://b.example:3000"}
    assert settings.transports == {"sse", "poll"}
    assert (settings.direct, settings.log_level, settings.ping_s) == (False, "debug", 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORE", "mongodb://x"),
        ("PING_S", "0"),
        ("PING_S", "inf"),
        ("CORS_ORIGINS", "a.example"),
        ("CORS_ORIGINS", "https://a.example/"),
        ("CORS_ORIGINS", "https://A.example"),
        ("TRANSPORTS", "telegraph"),
        ("MAX_BODY_BYTES", "0"),
        ("LOG_LEVEL", "loud"),
        ("WORKER", "somewhere"),
    ],
)
def test_what_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Not when it is first used."""
    monkeypatch.setenv(f"HEADWAY_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_a_name_misspelt_is_warned_of(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Once, with what was probably meant."""
    monkeypatch.setenv("HEADWAY_STOR", "x")
    with caplog.at_level(logging.WARNING, "headway.config"):
        Headway("memory://", worker="none")
    assert [record.getMessage() for record in caplog.records] == [
        "unknown variable HEADWAY_STOR is ignored; did you mean HEADWAY_STORE?"
    ]


def test_known_variables_are_not() -> None:
    """Settings, those of the command line, and those an application names."""
    environ = {"HEADWAY_STORE": "", "HEADWAY_URL": "", "HEADWAY_MINE": "", "HEADWAY_ZZZ": "", "OTHER": ""}
    assert unknown_variables(environ, known=["HEADWAY_MINE"]) == {"HEADWAY_ZZZ": None}


@pytest.mark.parametrize(
    ("given", "kind", "place"),
    [
        ("runs.db", "sqlite", "runs.db"),
        ("./a/runs.db", "sqlite", "a/runs.db"),
        ("/data/runs.db", "sqlite", "/data/runs.db"),
        ("sqlite:///runs.db", "sqlite", "runs.db"),
        ("sqlite:////data/runs.db", "sqlite", "/data/runs.db"),
        ("memory://", "memory", ""),
        ("postgres://me@host/db", "postgres", ""),
        ("postgresql://me@host/db?schema=runs", "postgres", ""),
        ("redis://host:6379/0", "redis", ""),
        ("rediss://host", "redis", ""),
    ],
)
def test_stores_are_found(given: str, kind: str, place: str) -> None:
    """By path or by address."""
    url = Settings(store=given).store
    assert (kind_of(url), str(path_of(url)) if kind == "sqlite" else "") == (kind, place)


def test_every_setting_is_described() -> None:
    """In the docstring, which is where people look."""
    for name in Settings.model_fields:
        assert f"        {name}: " in (Settings.__doc__ or ""), name


def test_processes_are_as_many_as_processors() -> None:
    """Where each attempt has one of its own; elsewhere attempts share one, and nothing stands against what is said."""
    assert Settings(pool="prefork").slots("celery") == os.cpu_count()
    assert [Settings(pool="threads").slots("celery"), Settings().slots("embedded")] == [20, 20]
    assert Settings(pool="prefork", concurrency=3).slots("celery") == 3


def test_settings_do_not_change() -> None:
    """Parts of a running server keep what they read."""
    with pytest.raises(ValidationError):
        Settings().ping_s = 1  # type: ignore[misc]
