"""The console: a web app for whoever runs jobs and watches them, served as files below ``/console/``.

The files are public, as those of any web page: they tell nothing of any run. What the app shows it reads from the API,
which asks who is there. Addresses inside the app (``/console/runs/run_…``) all lead to its one page.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from starlette.responses import RedirectResponse, Response

from headway.errors import NotFound
from headway.gateways.answers import matches
from headway.gateways.exchange import Asked

FILES: Final = Path(__file__).parent.parent / "static" / "console"
ADDRESS: Final = "/console"
PAGE: Final = "index.html"
ASSETS: Final = "assets"
"""Folder of the files that carry a hash of their content in their name."""

BASE: Final = b'<base href="./"'
"""Stands in the page once. It is made to lead back to `/console/` from wherever the page is opened, relative to it: so
the app works below any prefix, also below one that a proxy takes away and nobody tells us of."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""Nothing from elsewhere, nothing inline: text of a run that looks like a page stays text."""

COMPRESSED_KINDS: Final = ("text/", "image/svg")
ZIPPED_FILES_MAX: Final = 64

router = APIRouter(include_in_schema=False)


def serves(path: str) -> bool:
    """Whether an address is the console's, who may be asked for by everybody."""
    return path == ADDRESS or path.startswith(f"{ADDRESS}/")


@router.get(ADDRESS)
def to_the_page(asked: Asked) -> Response:
    """Lead to the page: without the slash its relative addresses would miss."""
    _insist_it_is_on(asked)
    return RedirectResponse(f"{ADDRESS.removeprefix('/')}/")  # relative: see BASE


@router.get(f"{ADDRESS}/{{path:path}}")
def console(
    path: str, request: Request, asked: Asked, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Return a file of the app, or its page for every other address."""
    _insist_it_is_on(asked)
    file = FILES / path
    if path.startswith(f"{ASSETS}/") or "." in file.name:
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        return _file(file, zipped=zipped, if_none_match=if_none_match)
    return _page(path, if_none_match)


def _insist_it_is_on(asked: Asked) -> None:
    if not asked.services.settings.console:
        raise NotFound("the console is switched off on this server", hint="HEADWAY_CONSOLE=1 switches it on")


def _page(path: str, if_none_match: str | None) -> Response:
    """Return the page as it has to be at this address: with the way back to the app's root."""
    try:
        body = (FILES / PAGE).read_bytes()
    except FileNotFoundError:
        raise NotFound("the console was not built into this installation", hint="run `make web`") from None
    back = b"../" * path.count("/") or b"./"
    body = body.replace(BASE, b'<base href="' + back + b'"', 1)
    headers = {"ETag": _tag(body), "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers={**headers, "Referrer-Policy": "same-origin"}, media_type="text/html")


def _file(file: Path, *, zipped: bool, if_none_match: str | None) -> Response:
    """Return a file. One with a hash in its name never changes; others are asked for again each time."""
    if "\0" in str(file) or not file.resolve().is_relative_to(FILES.resolve()) or not file.is_file():
        raise NotFound("the console has no such file", hint="after an upgrade: load the page again")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    body = file.read_bytes()
    if file.parent.name == ASSETS:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    else:
        headers = {"Cache-Control": "no-cache", "ETag": _tag(body)}
        if matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
    if kind.startswith(COMPRESSED_KINDS):
        headers["Vary"] = "Accept-Encoding"
        if zipped:
            headers["Content-Encoding"] = "gzip"
            body = _zipped(body)
    return Response(body, headers=headers, media_type=kind)


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


@functools.lru_cache(maxsize=ZIPPED_FILES_MAX)
def _zipped(body: bytes) -> bytes:
    """Compress a file: there are few, and a proxy that would do it is not always there."""
    return gzip.compress(body, mtime=0)
