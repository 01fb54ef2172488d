"""Who asks, and what they may do."""

import pytest

from headway.errors import Forbidden, UsageError
from headway.security.principal import ALL_SCOPES, LOCAL, Principal


def test_a_user_has_what_users_need() -> None:
    """And is no administrator."""
    ada = Principal("ada")
    for scope in ALL_SCOPES - {"admin"}:
        ada.require(scope)
    with pytest.raises(Forbidden) as caught:
        ada.require("admin")
    assert caught.value.extra == {"scope": "admin"}


def test_scopes_are_all_there_is() -> None:
    """Without one, nothing else helps."""
    reader = Principal("ada", scopes=["runs:read"])
    reader.require("runs:read")
    with pytest.raises(Forbidden):
        reader.require("runs:write")


def test_an_administrator_may_all() -> None:
    """And sees the runs of everybody."""
    admin = Principal("root", scopes=["admin"])
    for scope in ALL_SCOPES:
        admin.require(scope)
    assert admin.sees("ada")
    assert admin.sees("")


def test_users_see_their_own() -> None:
    """Neither those of others nor those of nobody in particular."""
    ada = Principal("ada", groups=["team"])
    assert ada.sees("ada")
    assert not ada.sees("bob")
    assert not ada.sees("")
    assert not ada.sees("team")


def test_whoever_sits_here_sees_all() -> None:
    """While no authenticator is configured."""
    assert LOCAL.is_admin
    assert LOCAL.sees("ada")


def test_a_scope_misspelt_is_a_bug() -> None:
    """It would never be granted."""
    with pytest.raises(UsageError, match="runs:reed"):
        Principal("ada", scopes=["runs:reed"])  # type: ignore[list-item]


def test_principals_are_values() -> None:
    """They compare, hash and cannot be changed."""
    assert Principal("ada", ["a", "b"]) == Principal("ada", ("b", "a"))
    assert len({Principal("ada"), Principal("ada"), Principal("bob")}) == 2
    with pytest.raises(AttributeError):
        Principal("ada").user = "bob"  # type: ignore[misc]
