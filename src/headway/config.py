"""Settings: everything that can be set from outside, read from ``HEADWAY_*`` variables.

What code passes to `headway.Headway` wins over the environment, the environment over the defaults here.
"""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from headway.core.limits import BODY_BYTES_MAX
from headway.stores.location import KINDS
from headway.stores.retention import Retention

PREFIX: Final = "HEADWAY_"
EngineName = Literal["embedded", "procrastinate", "celery"]
Transport = Literal["sse", "poll", "ingest"]
TRANSPORTS: Final[frozenset[Transport]] = frozenset({"sse", "poll", "ingest"})

_READ_ELSEWHERE: Final = frozenset({"HEADWAY_URL", "HEADWAY_TOKEN", "HEADWAY_SPOOL", "HEADWAY_SPOOL_MAX_BYTES"})
"""Variables of the client side: of the command line, and of whoever reports."""

SLOTS: Final = 20
"""Attempts at once in a worker process that has them all in one event loop."""

_OF_EXAMPLES: Final = f"{PREFIX}DEMO_"

_log = logging.getLogger(__name__)


class Settings(BaseSettings):
    """Settings of one Headway. Each field is read from ``HEADWAY_`` and its name in capitals.

    Attributes:
        store: Where runs are kept: ``sqlite:///path``, a plain path, ``postgresql://user@host/db``,
            ``redis://host:6379/0``, or ``memory://``.
        durability: ``normal`` survives the death of the process, ``full`` a power loss, too (each commit waits for
            the disk).
        ping_s: Seconds between two pings on a stream; a client that hears nothing for longer reconnects.
        lifetime_s: Seconds a stream lives at most before the client is asked to reconnect; 80-100 % of it is used.
        cors_origins: Origins of pages that may call this server from another site, comma-separated; ``*`` lets every
            page read, without cookies. Empty: pages of this server only.
        transports: Faces that are on: ``sse``, ``poll``, ``ingest``. A stored setting overrides it at run time.
        direct: Hand streams over to the hub where the server allows it. False: always by ASGI ``send()``.
        console: Serve the web app at `/console/`.
        max_connections: Open streams of this process; more are asked to come back later. 0: any number.
        max_waits: Long-polls waiting in this process; more are asked to come back later. 0: any number.
        max_body_bytes: Bytes of a request's body.
        insecure: Answer everybody although no authenticator is configured.
        worker: Where jobs run in an application started by its lifespan: ``process`` (one child process per host),
            ``inline`` (in the application's own loop), ``none`` (elsewhere: ``headway worker``).
        engine: What delivers queued runs to worker processes: ``embedded`` (they look into the store),
            ``procrastinate`` (a queue in Postgres), ``celery`` (Redis or RabbitMQ).
        broker: Address of the engine's queue. Empty: it is where the runs are.
        queues: Queues a worker process works on, ``reports=4,default``: one with a number has slots of its own, the
            others share `concurrency`. Empty: every queue of the registered jobs.
        pool: How Celery's workers execute jobs: ``prefork``, each in a process of its own, or ``threads``, all in one
            process and event loop.
        concurrency: Attempts at once in one worker process. None: 20; where Celery gives each a process of its own,
            the number of processors.
        lease_s: A worker process that shows no life for so long is dead, and its runs are taken over.
        takeovers_max: How often in a row, without a finished step between, a run may lose its process before it fails.
        drain_s: Seconds a stopping worker lets its attempts go on before it hands them back.
        cancel_grace_s: Seconds a run that was asked to stop has before it is cancelled without its worker.
        ask_hold_s: Seconds a job that waits for nothing but an answer is kept in memory before it makes room.
        retention_s: Seconds the log of an ended run is kept; its last snapshot stays. Jobs may say otherwise.
        text_retention_s: Seconds the streamed text of an ended run is kept in the log.
        lines_retention_s: Seconds the lines of an ended run's own logging are kept; None: as long as the log.
        log_level: Lowest level that is logged by ``headway serve`` and ``headway worker``.
        log_format: ``json``, ``console``, or ``auto``: console on a terminal, else JSON.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True)

    store: str = "sqlite:///headway.db"
    durability: Literal["normal", "full"] = "normal"
    ping_s: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 15.0
    lifetime_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 600.0
    cors_origins: Annotated[frozenset[str], NoDecode] = frozenset()
    transports: Annotated[frozenset[Transport], NoDecode] = TRANSPORTS
    direct: bool = True
    console: bool = True
    max_connections: Annotated[int, Field(ge=0)] = 20_000
    max_waits: Annotated[int, Field(ge=0)] = 2_000
    max_body_bytes: Annotated[int, Field(gt=0)] = BODY_BYTES_MAX
    insecure: bool = False
    worker: Literal["process", "inline", "none"] = "process"
    engine: EngineName = "embedded"
    broker: str = ""
    queues: str = ""
    pool: Literal["prefork", "threads"] = "prefork"
    concurrency: Annotated[int, Field(gt=0)] | None = None
    lease_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 15.0
    takeovers_max: Annotated[int, Field(ge=0)] = 5
    drain_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    cancel_grace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0
    ask_hold_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 60.0
    retention_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30 * 86_400
    text_retention_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3_600
    lines_retention_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"

    @field_validator("store")
    @classmethod
    def _store_url(cls, value: str) -> str:
        if "://" not in value:
            return f"sqlite:///{value}"
        scheme = urlsplit(value).scheme
        if scheme not in KINDS:
            raise ValueError(
                f"there is no store {scheme!r}; write sqlite:///path, a plain path, postgresql://..., redis://..., or memory://"
            )
        return value

    @field_validator("cors_origins", "transports", mode="before")
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: frozenset[str]) -> frozenset[str]:
        for origin in value - {"*"}:
            parts = urlsplit(origin)
            if not parts.scheme or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}".lower():
                raise ValueError(f"{origin!r} is not an origin; write https://host or http://host:port, no path")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    def slots(self, engine: str) -> int:
        """Return how many attempts a worker process of this engine executes at once, where nothing is said of a queue.

        A process for each attempt costs memory and connections of its own, and is there for what keeps a processor
        busy: no more of them than Celery itself would start.
        """
        if self.concurrency is not None:
            return self.concurrency
        return (os.cpu_count() or 1) if engine == "celery" and self.pool == "prefork" else SLOTS

    def retention(self) -> Retention:
        """Return how long ended runs keep their logs, where nothing else is said of their job."""
        return Retention(self.retention_s, self.text_retention_s, self.lines_retention_s)


def warn_of_unknown_variables() -> None:
    """Warn of variables nobody reads: mostly a word misspelt."""
    for name, meant in unknown_variables(os.environ).items():
        _log.warning("unknown variable %s is ignored%s", name, f"; did you mean {meant}?" if meant else "")


def unknown_variables(environ: Mapping[str, str], *, known: Iterable[str] = ()) -> dict[str, str | None]:
    """Return ``HEADWAY_*`` variables that no setting reads, each with the name that was probably meant.

    Args:
        environ: Variables by name.
        known: Further names that somebody reads.
    """
    names = {PREFIX + name.upper() for name in Settings.model_fields} | _READ_ELSEWHERE | set(known)
    ours = (name for name in environ if name.startswith(PREFIX) and not name.startswith(_OF_EXAMPLES))
    unknown = sorted(name for name in ours if name not in names)
    return {name: _meant(name, names) for name in unknown}


def _meant(name: str, names: Iterable[str]) -> str | None:
    """Return the name most like this one; the prefix they share does not count."""
    words = [known.removeprefix(PREFIX) for known in names]
    close = difflib.get_close_matches(name.removeprefix(PREFIX), words, n=1)
    return PREFIX + close[0] if close else None
