"""``headway serve``: uvicorn with our protocol, so that streams leave it after their first bytes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from rich.console import Console
from starlette.applications import Starlette

from headway.app import Headway
from headway.errors import UsageError
from headway.hub.direct import http_protocol, why_off
from headway.ops.logging import configure
from headway.security.access import is_loopback

TARGET = "_HEADWAY_SERVE_TARGET"
_NO_TARGET = "-"


def serve(target: str | None, host: str, port: int, *, reload: bool = False) -> None:
    """Serve until the process is told to stop.

    Raises:
        UsageError: the target cannot be served, or everybody would be answered without being asked who they are.
    """
    sys.path.insert(0, str(Path.cwd()))
    os.environ[TARGET] = target or _NO_TARGET
    served = make_app()
    found = list(_headways(served, target))
    _check_address(host, found)
    settings = found[0].settings if found else Headway("memory://").settings
    configure(level=settings.log_level, format=settings.log_format)
    _greet(target, host, port, found)
    options: dict[str, Any] = {
        "host": host,
        "port": port,
        "http": http_protocol(),
        "log_config": None,
        "log_level": "warning",
        "access_log": False,  # a query may carry a token
        "timeout_graceful_shutdown": 10,
    }
    if reload:
        uvicorn.run("headway.cli.serve:make_app", factory=True, reload=True, **options)
    else:
        uvicorn.run(served, **options)


def make_app() -> Any:
    """Return the application named by the environment; also called in the processes of ``--reload``."""
    target = os.environ[TARGET]
    if target == _NO_TARGET:
        return _alone(Headway())
    sys.path.insert(0, str(Path.cwd()))
    served = _load(target)
    return _alone(served) if isinstance(served, Headway) else served


def _alone(hw: Headway) -> Starlette:
    app = Starlette(lifespan=hw.lifespan)
    app.state.headway = hw
    hw.mount(app, "")
    return app


def _load(target: str) -> Any:
    module_name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise
        raise UsageError(f"there is no module {module_name!r} here", hint="run it where `import` finds it") from error
    try:
        return getattr(module, attribute or "app")
    except AttributeError:
        raise UsageError(
            f"{module_name!r} has no {attribute or 'app'!r}", hint="write module:name_of_the_app"
        ) from None


def _headways(served: Any, target: str | None) -> Iterator[Headway]:
    alone = getattr(getattr(served, "state", None), "headway", None)
    if isinstance(alone, Headway):
        yield alone
        return
    module = sys.modules[(target or "").partition(":")[0]]
    yield from (value for value in vars(module).values() if isinstance(value, Headway))


def _check_address(host: str, found: list[Headway]) -> None:
    for hw in found:
        if not is_loopback(host) and hw.services.authenticate is None and not hw.settings.insecure:
            raise UsageError(
                f"--host {host} is reachable from elsewhere, and nobody would be asked who they are",
                hint="pass `authenticate=` to Headway(...), or --insecure where only people you trust reach this port; "
                "in a container listen on 0.0.0.0 with one of the two",
            )


def _greet(target: str | None, host: str, port: int, found: list[Headway]) -> None:
    console = Console(stderr=True, highlight=False)
    shown = f"[{host}]" if ":" in host else host
    rows = {"serving": target or "Headway's own routes", "at": f"http://{shown}:{port}"}
    if found:
        settings, jobs = found[0].settings, ", ".join(found[0].jobs)
        rows["store"] = settings.store
        rows["jobs"] = f"{jobs} ({settings.worker})" if jobs else "none registered here"
    rows["streams"] = "handed over to the hub" if (why := why_off()) is None else f"by send(): {why}"
    for name, value in rows.items():
        console.print(f"[dim]{name:>9}[/]  {value}")
