"""Stores of other tests."""

from tests.stores.conftest import Shared, postgres_server, redis_server, shared

__all__ = ["Shared", "postgres_server", "redis_server", "shared"]
