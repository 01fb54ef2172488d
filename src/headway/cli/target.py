"""What ``module:attribute`` names: an application, a Headway, or both."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from headway.app import Headway
from headway.errors import UsageError

HOW: Final = "write package.module:attribute"


@dataclass(frozen=True, slots=True)
class Target:
    """What is served.

    Attributes:
        app: The application.
        headways: Those of its module; the one that is served first, if one is.
        own: A Headway's own routes are served, not an application they are mounted in.
    """

    app: ASGIApp
    headways: Sequence[Headway]
    own: bool


def load_target(target: str | None) -> Target:
    """Import what is to be served; None: Headway alone, with runs from outside only.

    Raises:
        UsageError: there is no such module or attribute, or it is no application.
    """
    if target is None:
        return _of_headway(Headway())
    module, found = _load(target)
    if _is_factory(found):
        found = found()
    if isinstance(found, Headway):
        return _of_headway(found)
    if not callable(found) or isinstance(found, type):
        raise UsageError(f"{target} is no ASGI application, but a {type(found).__name__}", hint=HOW)
    return Target(found, _headways(module), own=False)


def load_headway(target: str) -> Headway:
    """Import a Headway: ``module:attribute`` of it, or of anything in the module that holds just one.

    Raises:
        UsageError: there is none, or more than one.
    """
    module, found = _load(target)
    if isinstance(found, Headway):
        return found
    held = _headways(module)
    if len(held) == 1:
        return held[0]
    there = "no Headway" if not held else f"{len(held)} of them"
    raise UsageError(f"{target} names no Headway, and its module holds {there}", hint=f"{HOW} of the Headway")


def _of_headway(headway: Headway) -> Target:
    app = Starlette(lifespan=headway.lifespan)
    headway.mount(app, "")
    return Target(app, [headway], own=True)


def _is_factory(found: Any) -> bool:
    """Whether it is a function that makes the application: one that can be called with nothing."""
    if not inspect.isfunction(found) or inspect.iscoroutinefunction(found):
        return False
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(found).parameters.values()
    return all(each.default is not each.empty or each.kind in kinds for each in parameters)


def _load(target: str) -> tuple[ModuleType, Any]:
    name, _, path = target.partition(":")
    if name.endswith(".py") or "/" in name:
        dotted = name.removeprefix("./").removesuffix(".py").replace("/", ".")
        raise UsageError(f"{name} is a file", hint=f"name the module: {dotted}:{path or 'app'}")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    module = _import(name)
    found: Any = module
    for part in (path or "app").split("."):
        if not hasattr(found, part):
            raise UsageError(f"{name} has no {path or 'app'!r}", hint=_offer(module, name))
        found = getattr(found, part)
    return module, found


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # the module itself is not there, or one that it imports
        if not (error.name and (name == error.name or name.startswith(f"{error.name}."))):
            raise
        raise UsageError(
            f"there is no module {error.name!r}", hint=f"run it where `import {name}` works; here is {Path.cwd()}"
        ) from error


def _offer(module: ModuleType, name: str) -> str:
    found = [key for key, value in vars(module).items() if isinstance(value, Headway | Starlette)]
    return f"there is {', '.join(f'{name}:{key}' for key in found)}" if found else HOW


def _headways(module: ModuleType) -> list[Headway]:
    found: dict[int, Headway] = {}
    for value in vars(module).values():
        if isinstance(value, Headway):
            found[id(value)] = value
    return list(found.values())
