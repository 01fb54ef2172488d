"""The whole examination, in sections."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any

from headway.cli.doctor.clocks import Steady
from headway.cli.doctor.findings import Finding, Level
from headway.cli.doctor.machine import direct_path, machine
from headway.cli.doctor.queueing import queueing
from headway.cli.doctor.report import print_json, show
from headway.cli.doctor.serving import serving
from headway.cli.doctor.settings import weak_settings
from headway.cli.doctor.spooling import spooling
from headway.cli.doctor.storing import storing
from headway.cli.terminal import err, out
from headway.client.spool import Spool
from headway.config import Settings
from headway.engines.base import Engine
from headway.hub.direct import why_off

Section = tuple[str, list[Finding]]


@dataclass(frozen=True, slots=True)
class Examined:
    """What to look at.

    Attributes:
        target: ``module:attribute`` of an application, or None: what the environment says.
        store: URL; None: as the application or the environment says.
        url: Of a server, or None.
        token: Sent to it.
    """

    target: str | None = None
    store: str | None = None
    url: str | None = None
    token: str | None = None

    def looks_at_store(self) -> bool:
        """Whether there is a store to look at: a server that is named has its own, mostly elsewhere."""
        named = self.store is not None or self.target is not None or "HEADWAY_STORE" in os.environ
        return self.url is None or named


def examine(what: Examined, *, as_json: bool) -> int:
    """Look at everything, print what was found, and return the exit code."""
    with err().status("looking; a stream is listened to until its first ping" if what.url else "looking"):
        sections = asyncio.run(_sections(what))
    if as_json:
        print_json(sections)
    else:
        show(sections, out())
    return 1 if any(finding.level is Level.FAIL for _, found in sections for finding in found) else 0


async def _sections(what: Examined) -> list[Section]:
    steady = Steady()
    settings, authenticator, engine = _settings(what)
    here = [*machine(), direct_path(wanted=settings.direct, why=why_off())]
    sections: list[Section] = [
        ("this machine", here),
        ("settings", list(weak_settings(settings, os.environ, authenticator))),
    ]
    here += spooling(Spool.of_environment())
    if what.looks_at_store():
        sections.append(("store", [one async for one in storing(settings)]))
        sections.append(("engine", [one async for one in queueing(settings, engine)]))
    if what.url is not None:
        sections.append(("server", [one async for one in serving(what.url, what.token)]))
    here.append(steady.look())  # the longer it was looked at, the more it says
    return sections


def _settings(what: Examined) -> tuple[Settings, bool | None, Engine | None]:
    """Return the settings that count, whether there is an authenticator, and the engine.

    None: no application was named.
    """
    given: dict[str, Any] = {} if what.store is None else {"store": what.store}
    if what.target is None:
        return Settings(**given), None, None
    from headway.cli.target import load_headway

    headway = load_headway(what.target)
    return (
        Settings(**{**headway.settings.model_dump(), **given}),
        headway.services.authenticate is not None,
        headway.engine,
    )
