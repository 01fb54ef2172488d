"""Servers other tests have, too."""

from tests.stores.conftest import postgres_server, redis_server

__all__ = ["postgres_server", "redis_server"]
