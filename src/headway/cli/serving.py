"""``headway serve``: any application on uvicorn, with connections handed over to the hub."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import uvicorn

from headway.app import Headway
from headway.cli.lifespan import Application
from headway.cli.startup import Row, print_block
from headway.cli.target import Target, load_target
from headway.cli.terminal import err, tell
from headway.config import Settings
from headway.errors import AuthNotConfigured, HeadwayError, UsageError
from headway.hub.direct import http_protocol, why_off
from headway.ops.logging import configure, get_logger
from headway.security.access import is_loopback
from headway.stores.location import shown

GRACE_S: Final = 10
"""How long requests may go on after SIGTERM. Our own streams end at once."""

RELOAD_GRACE_S: Final = 1

BACKLOG: Final = 2048
"""Connections that may wait to be accepted: as uvicorn has it."""

HANDLED_BY_US: Final = frozenset({"Application startup failed. Exiting."})

_log = get_logger("headway.server")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to serve, and how.

    Attributes:
        target: ``module:attribute``; None: Headway's own routes.
        port: 0: any free one.
        access_log: Whether each request is a line.
        quiet: Say nothing about the start.
    """

    target: str | None
    host: str = "127.0.0.1"
    port: int = 8000
    reload: bool = False
    access_log: bool = False
    quiet: bool = False


def serve(plan: Plan, environment: dict[str, str | None]) -> None:
    """Serve until the process is told to stop.

    Args:
        plan: What and how.
        environment: ``HEADWAY_*`` variables given as options; None: not given.

    Raises:
        UsageError: something about it cannot work.
        AuthNotConfigured: everybody could reach it, and nobody would be recognised.
    """
    if plan.reload:
        # what is edited is tried at once: attempts are handed back and go on in the next process
        environment = {"HEADWAY_DRAIN_S": os.environ.get("HEADWAY_DRAIN_S", "0"), **environment}
    os.environ.update({name: value for name, value in environment.items() if value is not None})
    Settings()  # a wrong variable is told before the application is imported
    listening = bind(plan.host, plan.port)
    with listening:
        server = Server(plan, f"http://{shown_host(plan.host)}:{listening.getsockname()[1]}")
        if plan.reload:
            from headway.cli.reloading import Reloader

            Reloader(server.config, target=server.run, sockets=[listening]).run()
        else:
            server.run([listening])


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; the first one the name stands for.

    It listens at once: two sockets that do not yet can be bound to one port, and then both servers would seem to serve.

    Raises:
        UsageError: it is taken, or not an address of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        made = socket.socket(family, kind)
    except OSError as error:
        raise UsageError(
            f"{host}:{port} is no address: {error.strerror or error}", hint="name one with --host"
        ) from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise UsageError(
            f"{host}:{port} cannot be used: {error.strerror or error}",
            hint="choose another --port; 0 takes any free one",
        ) from error
    return made


def shown_host(host: str) -> str:
    """Return a host as it stands in a URL; one that means all addresses as one that can be opened."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


class Server(uvicorn.Server):
    """uvicorn with our protocol; loads the application itself, and says what it serves.

    Args:
        plan: What and how.
        url: Where.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        config = uvicorn.Config(
            _not_loaded,
            host=plan.host,
            http=http_protocol(),
            loop="uvloop" if _has_uvloop() else "asyncio",
            lifespan="auto",
            log_config=None,
            access_log=plan.access_log,
            reload=plan.reload,
            server_header=False,
            timeout_graceful_shutdown=RELOAD_GRACE_S if plan.reload else GRACE_S,
        )
        super().__init__(config)
        self.plan = plan
        self.url = url
        self.restarted = False
        self._target: Target | None = None
        self._app: Application | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on sockets that are bound, in this process; ends it when that fails."""
        signal.signal(signal.SIGTERM, _terminate)
        settings = Settings()
        configure(level=settings.log_level, format=settings.log_format)
        quiet_others(settings.log_level)
        try:
            self._load()
            with suppress(KeyboardInterrupt):
                super().run(sockets)
        except HeadwayError as error:
            tell(error)
            sys.exit(2 if isinstance(error, UsageError) else 1)

    def _load(self) -> None:
        self._target = load_target(self.plan.target)
        check_access(self.plan, self._target)
        self._app = self.config.app = Application(self._target.app)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then say that it is served."""
        try:
            await super().startup(sockets)
        except SystemExit:
            if self._app is not None and isinstance(self._app.failure, HeadwayError):
                raise self._app.failure from None
            _log.error("the application did not start", error=self._app.failure if self._app is not None else None)
            raise
        self._say_it_started()

    def _say_it_started(self) -> None:
        assert self._target is not None  # noqa: S101 - it was started
        if self.restarted:
            _log.info("serving again", url=self.url)
        elif not self.plan.quiet:
            settings = self._target.headways[0].settings if self._target.headways else Settings()
            found = rows(self.plan, self._target, self.url)
            print_block("server", found, "Ctrl-C stops it.", err(), settings.log_format)


def _has_uvloop() -> bool:
    import importlib.util

    return importlib.util.find_spec("uvloop") is not None


async def _not_loaded(*_args: Any) -> None:
    """Stand where the application will stand: it is imported by the process that serves it."""


def _terminate(_number: int, _frame: object) -> None:
    """Leave by way of all `finally` clauses, as one who was asked to: with 0.

    uvicorn raises SIGTERM once more when it has shut down.
    """
    sys.exit(0)


def quiet_others(level: str) -> None:
    """Keep other packages from saying what we say, or what nobody should read."""
    logging.getLogger("uvicorn.access").addFilter(without_query)
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.getMessage() not in HANDLED_BY_US)
    if level != "debug":
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def without_query(record: logging.LogRecord) -> bool:
    """Take the query out of a line of uvicorn's access log: it may hold a token."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, version, status = record.args
        record.args = (client, method, str(path).partition("?")[0], version, status)
    return True


# -- who may reach it


def check_access(plan: Plan, target: Target) -> None:
    """Refuse to listen to other machines while nobody can be recognised.

    Raises:
        AuthNotConfigured: so it would be.
    """
    open_to_all = [
        each for each in target.headways if each.services.authenticate is None and not each.settings.insecure
    ]
    answered = open_to_all if target.own else [each for each in open_to_all if is_mounted(each, target.app)]
    if answered and not is_loopback(plan.host):
        raise AuthNotConfigured(
            f"on {plan.host} other machines could reach Headway's routes, and no authenticator would tell who asks",
            hint="pass `authenticate=` to Headway(...); or --insecure, where only people you trust can reach the port. "
            "In a container: --host 0.0.0.0 --insecure, and publish the port to this machine only "
            f"(docker run -p 127.0.0.1:{plan.port}:{plan.port})",
        )


def is_mounted(headway: Headway, app: Any) -> bool:
    """Whether an application serves all of a Headway's routes. One that has routes of its own asks who it wants."""
    return mounted_at(headway, app) is not None


def mounted_at(headway: Headway, app: Any) -> str | None:
    """Return the prefix at which an application serves all of a Headway's routes, or None when it does not."""
    found = [route for route in getattr(app, "routes", ()) if getattr(route, "app", None) is headway.asgi]
    return found[0].path if found else None


def rows(plan: Plan, target: Target, url: str) -> list[Row]:
    """Return what is worth knowing of a server."""
    found = [Row("Serving", url if plan.target is None else f"{url}  {plan.target}")]
    for headway in target.headways[:1]:
        settings = headway.settings
        prefix = "" if target.own else mounted_at(headway, target.app)
        if settings.console and prefix is not None:
            found.append(Row("Console", f"{url}{prefix}/console/"))
        found.append(Row("Store", shown(settings.store)))
        found.append(Row("Jobs", _jobs(plan, headway)))
        found.append(Row("Engine", headway.engine.name))
        found.append(_access(headway))
    off = why_off() or (None if not target.headways or target.headways[0].settings.direct else "HEADWAY_DIRECT")
    found.append(
        Row("Streams", "handed over (direct path on)" if off is None else f"by send() (direct path off: {off})")
    )
    return found


def _jobs(plan: Plan, headway: Headway) -> str:
    if not headway.jobs:
        return "none; runs are reported from outside"
    names = ", ".join(sorted(headway.jobs))
    where = {
        "process": "in a worker process of this machine",
        "inline": "in the server's own process",
        "none": f"elsewhere: headway worker {plan.target}",
    }
    return f"{names}, {where[headway.settings.worker]}"


def _access(headway: Headway) -> Row:
    if headway.services.authenticate is not None:
        return Row("Access", "as the application's authenticator says")
    if headway.settings.insecure:
        return Row("Access", "everybody who reaches the port (--insecure)", "bold yellow")
    return Row("Access", "this machine only; there is no authenticator")
