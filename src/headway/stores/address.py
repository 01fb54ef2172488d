"""Addresses of stores: options of ours taken out of the query, and an address as it may be shown."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlencode

PREFIX: Final = "headway:"
"""Of all keys in Redis, unless the address names another."""

SECRET: Final = frozenset({"password", "listen"})
"""Options that are a password, or may hold one."""


def without_password(url: str) -> str:
    """Return an address as it may be shown."""
    start, options = split_options(url)
    scheme, _, rest = start.partition("://")
    user, at, host = rest.rpartition("@")
    shown = {name: values for name, values in options.items() if name not in SECRET}
    return joined(f"{scheme}://{user.partition(':')[0]}{at}{host}", shown)


def split_options(url: str) -> tuple[str, dict[str, list[str]]]:
    """Return an address without its query, and the options in that."""
    # `urlunsplit` would make unix:/path of unix:///path
    start, _, query = url.partition("?")
    return start, parse_qs(query, keep_blank_values=True)


def split_prefix(url: str) -> tuple[str, str]:
    """Return a Redis address without the option ``prefix``, and the prefix of all keys."""
    start, options = split_options(url)
    prefix = options.pop("prefix", [PREFIX])[-1]
    return joined(start, options), prefix


def joined(start: str, options: dict[str, list[str]]) -> str:
    """Put together again what `split_options` took apart."""
    query = urlencode(options, doseq=True, safe=":{}/")
    return f"{start}?{query}" if query else start
