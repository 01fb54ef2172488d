"""Everything a Redis store holds while it is open."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from headway.errors import SchemaNewer, StoreError, StoreInvalid, StoreUnavailable, UsageError
from headway.stores.address import without_password
from headway.stores.doorbell import Doorbell
from headway.stores.redis_beats import Beats, beat_arguments
from headway.stores.redis_clock import RedisClock
from headway.stores.redis_driver import make_pool
from headway.stores.redis_errors import at_start, patiently
from headway.stores.redis_news import Herald, Listener
from headway.stores.redis_wire import Argument, Wire
from headway.stores.redis_writes import Writes

_log = logging.getLogger("headway.stores")

SCHEMA: Final = 1
VERSION_MIN: Final = 7
TIMEOUT_S: Final = 5.0
READERS: Final = 2
"""Connections for reading: a large page on its way does not hold up the others, nor a write."""


class Link:
    """Connections, and who works on them. Used on one event loop.

    Args:
        url: Of the Redis.
        prefix: Of all keys.
        now_ms: The store's clock, if that is not Redis's own.
        patience_s: How long a connection that broke is tried again before anybody hears of it.
        read_only: Whether it is only looked at.
        doorbell: Of the store.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        now_ms: Callable[[], int] | None,
        patience_s: float,
        doorbell: Doorbell,
        *,
        read_only: bool,
    ) -> None:
        self.process = os.getpid()
        self.prefix = prefix
        self.read_only = read_only
        self.patience_s = patience_s
        self.workers: set[str] = set()
        self._url = url
        self._pool = make_pool(url, TIMEOUT_S)
        where, me = without_password(url), secrets.token_hex(4)
        self._clock = RedisClock() if now_ms is None else None
        self._set_now_ms = now_ms
        self._asked: asyncio.Future[Any] | None = None
        self.wire = Wire(self._pool, where, TIMEOUT_S)
        self.readers = [Wire(self._pool, where, TIMEOUT_S) for _ in range(READERS)]
        self._turns = count()
        self.herald = Herald(self.wire, prefix, me, doorbell)
        self.listener = Listener(self._pool, prefix, me, doorbell.news, where)
        self.writes = Writes(self.wire, prefix, self.herald, self.now_ms, patience_s)
        self._beats: Beats | None = None

    async def open(self) -> None:
        """Connect, and see whether this Redis can be worked with."""
        try:
            _check(_parsed(await self.command("INFO")), self._url)
            if not self.read_only:
                await self.command("SETNX", f"{self.prefix}schema", SCHEMA)
            _check_schema(await self.command("GET", f"{self.prefix}schema"), self.prefix)
            if self._clock is not None:
                began = self._clock.begin()
                self._clock.set(began, *map(int, await self.command("TIME")))
            await self.listener.start()
        except StoreUnavailable as error:
            await self.close()
            raise at_start(error) from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish the writes handed in, then let go of everything."""
        await self.writes.finish()
        for worker in self.workers:
            self.wire.call("HDEL", f"{self.prefix}workers", worker).add_done_callback(_let_be)
            self.wire.call("ZREM", f"{self.prefix}workers:seen", worker).add_done_callback(_let_be)
        self.herald.tell()
        if self._beats is not None:
            await asyncio.to_thread(self._beats.stop)
        await self.listener.stop()
        for wire in (self.wire, *self.readers):
            await wire.close()
        await self._pool.disconnect()

    # -- asking

    async def command(self, *command: Argument) -> Any:
        """Do one command of which it does not matter if it is done twice."""
        return await patiently(lambda: self.wire.call(*command), self.patience_s)

    async def script(self, name: str, *arguments: Argument) -> Any:
        """Run a script that writes, and of which it does not matter if it is run twice."""
        return await patiently(lambda: self.wire.script(name, self.prefix, *arguments), self.patience_s)

    async def ask(self, name: str, *arguments: Argument) -> Any:
        """Run a script that reads, on another connection than the writes."""
        return await patiently(lambda: self._reader.script(name, self.prefix, *arguments), self.patience_s)

    async def ask_command(self, *command: Argument) -> Any:
        """Do one command that reads."""
        return await patiently(lambda: self._reader.call(*command), self.patience_s)

    @property
    def _reader(self) -> Wire:
        return self.readers[next(self._turns) % READERS]

    # -- time and beats

    def now_ms(self) -> int:
        """Return the store's time."""
        if self._clock is None:
            assert self._set_now_ms is not None  # noqa: S101 - one of the two is there
            return self._set_now_ms()
        return self._clock()

    def mind_clock(self) -> None:
        """Ask Redis for its time from time to time, without waiting for it."""
        clock = self._clock
        if clock is None or not clock.is_old or (self._asked is not None and not self._asked.done()):
            return
        began = clock.begin()

        def answered(asked: asyncio.Future[Any]) -> None:
            if not asked.cancelled() and asked.exception() is None:
                clock.set(began, *map(int, asked.result()))

        self._asked = self.wire.call("TIME")
        self._asked.add_done_callback(answered)

    async def join(self, worker: str) -> None:
        """List a worker of this process."""
        await self.script("beat", *beat_arguments(worker, 0, self.now_ms()))
        self.workers.add(worker)
        if self._beats is None:
            self._beats = Beats(self._url, self.prefix, TIMEOUT_S, self.now_ms)
            self._beats.start()

    async def leave(self, worker: str) -> None:
        """Take a worker off the list."""
        self.workers.discard(worker)
        await self.command("HDEL", f"{self.prefix}workers", worker)
        await self.command("ZREM", f"{self.prefix}workers:seen", worker)

    def beat_soon(self, worker: str) -> None:
        """Beat from a thread of its own. From any thread."""
        if self._beats is not None:
            self._beats.beat(worker)


def _parsed(info: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in info.decode().splitlines())
    return {name: value for name, colon, value in lines if colon}


def _check(info: dict[str, str], url: str) -> None:
    """Refuse what cannot work, and warn of what loses runs."""
    where = without_password(url)
    if info.get("redis_mode") == "cluster":
        raise UsageError(f"redis at {where} is a cluster", hint="use a single Redis, or a primary with replicas")
    if int(info.get("redis_version", "0").partition(".")[0]) < VERSION_MIN:
        raise UsageError(f"redis at {where} is of version {info.get('redis_version')}", hint="use Redis 7 or later")
    if info.get("maxmemory", "0") != "0" and info.get("maxmemory_policy", "noeviction") != "noeviction":
        _log.warning("redis at %s may throw away runs: set maxmemory-policy to noeviction", where)
    if info.get("aof_enabled") == "0":
        _log.warning("redis at %s loses runs when it is restarted: set appendonly to yes", where)


def _check_schema(found: bytes | None, prefix: str) -> None:
    if found is None:
        raise StoreInvalid(
            f"there are no runs under {prefix}*",
            hint="start its server or a worker once; or check the address, and the prefix in it",
        )
    if (schema := int(found)) > SCHEMA:
        raise SchemaNewer(
            f"the keys {prefix}* are of version {schema}, this Headway knows {SCHEMA}",
            hint="use the newer Headway, or another prefix",
        )


def _let_be(dropped: asyncio.Future[Any]) -> None:
    """A worker that could not be taken off the list is silent, which says the same."""
    if not dropped.cancelled() and isinstance(error := dropped.exception(), StoreError):
        _log.info("a worker could not be taken off the list: %s", error)
