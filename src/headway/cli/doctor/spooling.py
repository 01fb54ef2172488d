"""Reports that wait on this machine, and those that came too late."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from headway.cli.doctor.findings import Finding, ok, warn
from headway.cli.words import size
from headway.client.spool import REFUSED, VARIABLE, Spool, SpoolFile

SHOWN_MAX: Final = 5
_ABOUT: Final = "reports kept"


def spooling(spool: Spool | None) -> Iterator[Finding]:
    """Look at what reporters of this user have left behind.

    Args:
        spool: Where; None: it is switched off.
    """
    if spool is None:
        yield ok(_ABOUT, f"{VARIABLE}=off: reports wait in memory while their server is away")
        return
    if spool.folder.exists() and not os.access(spool.folder, os.W_OK):
        mend = f"give this user the right to write there, or set {VARIABLE}"
        yield warn(_ABOUT, f"{spool.folder} cannot be written: reports wait in memory", mend)
    waiting = [file for path in spool.files() if (file := spool.take(path)) is not None]
    for file in waiting:
        file.close()
    if waiting:
        text = f"{len(waiting)} reporters have left {size(sum(file.size for file in waiting))} in {spool.folder}"
        yield warn(_ABOUT, text, "headway flush")
    else:
        yield ok(_ABOUT, f"in {spool.folder} while their server is away; nothing was left behind")
    refused = spool.files(REFUSED)
    for path in refused[:SHOWN_MAX]:
        yield _too_late(spool, path)
    if len(refused) > SHOWN_MAX:
        yield warn(
            "reports refused", f"and {len(refused) - SHOWN_MAX} more files in {spool.folder}", "look at them, too"
        )


def _too_late(spool: Spool, path: Path) -> Finding:
    with SpoolFile(spool, path, os.open(path, os.O_RDONLY)) as file:
        header = file.header()
        lines = list(file.lines())
    count = sum(len(line.events or ()) for line in lines)
    codes = sorted({str(line.error.get("code")) for line in lines if line.error is not None})
    whose = "a run" if header is None else header.run_id
    return warn(
        "reports refused",
        f"{count} of {whose} were not taken ({', '.join(codes)}): {path}",
        "the file holds them as JSON, a batch a line; delete it when you have seen it",
    )
