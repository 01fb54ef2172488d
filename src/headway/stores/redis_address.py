"""The address of a Redis, and the prefix of the keys in it."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

PREFIX: Final = "headway:"


def without_password(url: str) -> str:
    """Return an address as it may be shown."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    kept = parse_qs(parts.query)
    query = urlencode({name: values for name, values in kept.items() if name != "password"}, doseq=True, safe=":{}/")
    return parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query=query).geturl()


def split_prefix(url: str) -> tuple[str, str | None]:
    """Return an address without the option ``prefix``, and its value."""
    parts = urlsplit(url)
    options = parse_qs(parts.query, keep_blank_values=True)
    prefix = options.pop("prefix", [None])[-1]
    return parts._replace(query=urlencode(options, doseq=True)).geturl(), prefix
