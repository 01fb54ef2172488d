"""The principal: who asks, and what they may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, get_args

from starlette.requests import HTTPConnection

from headway.errors import Forbidden, UsageError

Scope = Literal["runs:start", "runs:read", "runs:write", "admin"]

ALL_SCOPES: Final[frozenset[Scope]] = frozenset(get_args(Scope))
USER_SCOPES: Final[frozenset[Scope]] = frozenset({"runs:start", "runs:read", "runs:write"})
"""What a user may do: start runs, and read and steer their own."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was recognised.

    Attributes:
        user: Owns what they create, and sees what they own. "" is nobody in particular.
        groups: Carried for the application's own rules; Headway itself decides by owner and scopes.
        scopes: What they may do; ``admin`` sees and steers the runs of all owners.

    Raises:
        UsageError: there is no scope of that name.
    """

    user: str
    groups: Collection[str] = frozenset()
    scopes: Collection[Scope] = USER_SCOPES

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", frozenset(self.groups))
        object.__setattr__(self, "scopes", frozenset(self.scopes))
        unknown = set(self.scopes) - ALL_SCOPES
        if unknown:
            raise UsageError(f"there is no scope {min(unknown)!r}", hint=f"scopes are {', '.join(get_args(Scope))}")

    @property
    def is_admin(self) -> bool:
        """Whether the runs of all owners are theirs to see."""
        return "admin" in self.scopes

    def sees(self, owner: str) -> bool:
        """Whether a run of this owner exists for them."""
        return self.is_admin or owner == self.user

    def require(self, scope: Scope) -> None:
        """Insist on a scope; ``admin`` has all.

        Raises:
            Forbidden: they do not have it.
        """
        if scope not in self.scopes and not self.is_admin:
            raise Forbidden(
                f"this needs the scope {scope!r}",
                hint="return a Principal with this scope from `authenticate`",
                scope=scope,
            )


Authenticate = Callable[[HTTPConnection], Awaitable[Principal | None]]
"""Recognises who asks, by header, cookie or whatever the application uses; None: nobody it knows."""

LOCAL: Final = Principal("", scopes=ALL_SCOPES)
"""Whoever sits at this machine, while no authenticator is configured."""
