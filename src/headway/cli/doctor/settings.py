"""Settings that work, and that somebody may regret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from headway.cli.doctor.findings import Finding, ok, warn
from headway.config import TRANSPORTS, Settings, unknown_variables

PROXY_IDLE_S: Final = 60.0
"""nginx, and many others, close what was silent for so long."""

LEASE_MIN_S: Final = 5.0


def weak_settings(settings: Settings, environ: Mapping[str, str], authenticator: bool | None) -> Iterator[Finding]:
    """Look at settings.

    Args:
        settings: As they count.
        environ: Where they may come from.
        authenticator: Whether the application has one; None: it was not looked at.
    """
    yield _access(settings, authenticator)
    yield _pages(settings)
    yield from _odd(settings)
    for name, meant in unknown_variables(environ).items():
        mend = f"did you mean {meant}?" if meant else "take it away"
        yield warn("settings", f"{name} is set, and nobody reads it", mend)


def _access(settings: Settings, authenticator: bool | None) -> Finding:
    if authenticator:
        return ok("access", "an authenticator tells who asks")
    if settings.insecure:
        return warn(
            "access",
            "HEADWAY_INSECURE: everybody who reaches the port is answered, and may see and stop every run",
            "pass `authenticate=` to Headway(...), and take HEADWAY_INSECURE away",
        )
    unless = "; name the application (headway doctor main:app) to look at its own" if authenticator is None else ""
    return ok("access", f"without an authenticator only this machine is answered{unless}")


def _pages(settings: Settings) -> Finding:
    if "*" in settings.cors_origins:
        return warn(
            "pages (CORS)",
            "HEADWAY_CORS_ORIGINS holds *: every page in the world may read runs that need no credentials",
            "list the origins of your pages: https://app.example.com",
        )
    if not settings.cors_origins:
        return ok("pages (CORS)", "pages of this server only")
    return ok("pages (CORS)", f"pages of {', '.join(sorted(settings.cors_origins))}, too")


def _odd(settings: Settings) -> Iterator[Finding]:
    off = sorted(TRANSPORTS - settings.transports)
    if off:
        yield warn("transports", f"off at start: {', '.join(off)}", "take HEADWAY_TRANSPORTS away to have all of them")
    if settings.ping_s >= PROXY_IDLE_S:
        yield warn(
            "pings",
            f"HEADWAY_PING_S is {settings.ping_s:g}: proxies close a connection that was silent for 60 s",
            "set it to 15",
        )
    if settings.lease_s < LEASE_MIN_S:
        yield warn(
            "lease",
            f"HEADWAY_LEASE_S is {settings.lease_s:g}: a worker that is busy for a moment is taken for dead",
            "set it to 15",
        )
    if not settings.max_connections:
        yield warn(
            "limits", "HEADWAY_MAX_CONNECTIONS is 0: any number of streams", "set what this machine can carry: 20000"
        )
