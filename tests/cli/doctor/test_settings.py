"""Settings somebody may regret."""

from typing import Any

import pytest

from headway.cli.doctor.findings import Finding, Level
from headway.cli.doctor.settings import weak_settings
from headway.config import Settings


def found(
    authenticator: bool | None = None, environ: dict[str, str] | None = None, **settings: Any
) -> dict[str, Finding]:
    """What is said of settings, by what it is about, where it is not all well."""
    findings = weak_settings(Settings(**settings), environ or {}, authenticator)
    return {each.about: each for each in findings if each.level is not Level.OK}


@pytest.mark.parametrize("authenticator", [None, False, True])
def test_the_defaults_are_well(authenticator):
    """With an authenticator and without."""
    assert found(authenticator) == {}


def test_everybody_is_answered():
    """Unless an authenticator says otherwise."""
    assert "everybody who reaches the port" in found(insecure=True)["access"].text
    assert "access" in found(False, insecure=True)
    assert found(True, insecure=True) == {}


@pytest.mark.parametrize(
    ("settings", "about", "mend"),
    [
        ({"cors_origins": "*"}, "pages (CORS)", "list the origins"),
        ({"transports": "poll,ingest"}, "transports", "HEADWAY_TRANSPORTS"),
        ({"ping_s": 60}, "pings", "set it to 15"),
        ({"lease_s": 1}, "lease", "set it to 15"),
        ({"max_connections": 0}, "limits", "what this machine can carry"),
    ],
)
def test_weak_settings(settings, about, mend):
    """Each with how to mend it."""
    (finding,) = found(**settings).values()
    assert (finding.about, finding.level, mend in finding.mend) == (about, Level.WARN, True)


def test_listed_pages_are_well():
    """And named."""
    findings = weak_settings(Settings(cors_origins="https://a.example"), {}, None)
    assert [each.text for each in findings if each.about == "pages (CORS)"] == ["pages of https://a.example, too"]


def test_a_misspelt_variable():
    """With the one that was meant, if that can be guessed."""
    environ = {"HEADWAY_DURABILTY": "full", "HEADWAY_PING_S": "15", "PATH": "/bin"}
    (finding,) = found(environ=environ).values()
    assert "HEADWAY_DURABILTY" in finding.text
    assert finding.mend == "did you mean HEADWAY_DURABILITY?"
    assert found(environ={"HEADWAY_XQZW": "1"})["settings"].mend == "take it away"
