"""The address of a Redis, and the prefix of the keys in it."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlencode

PREFIX: Final = "headway:"


def without_password(url: str) -> str:
    """Return an address as it may be shown."""
    start, options = _split(url)
    scheme, _, rest = start.partition("://")
    user, at, host = rest.rpartition("@")
    options.pop("password", None)
    return _joined(f"{scheme}://{user.partition(':')[0]}{at}{host}", options)


def split_prefix(url: str) -> tuple[str, str | None]:
    """Return an address without the option ``prefix``, and its value."""
    start, options = _split(url)
    prefix = options.pop("prefix", [None])[-1]
    return _joined(start, options), prefix


def _split(url: str) -> tuple[str, dict[str, list[str]]]:
    # `urlunsplit` would make unix:/path of unix:///path
    start, _, query = url.partition("?")
    return start, parse_qs(query, keep_blank_values=True)


def _joined(start: str, options: dict[str, list[str]]) -> str:
    query = urlencode(options, doseq=True, safe=":{}/")
    return f"{start}?{query}" if query else start
