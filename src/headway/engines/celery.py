"""Celery as an engine: Redis or RabbitMQ between machines, and Celery's own worker processes.

A message is acknowledged when it arrives. What a dead worker had begun is taken over through the store, and what was
lost on the way is told of again; a broker that delivers late, twice or by its visibility time-out changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from celery import Celery, signals
from celery.exceptions import SecurityWarning
from kombu.pools import ProducerPool

from headway.engines.base import Delivery, Opening
from headway.engines.lanes import PRIORITY_MAX, Lane
from headway.engines.portal import Portal
from headway.errors import UsageError

log = logging.getLogger("headway.engine")

TASK: Final = "headway.execute"
PRIORITIES: Final = [0, 3, 6, 9]


def make_app(broker: str, prefix: str) -> Celery:
    """Return a Celery application that only delivers.

    Args:
        broker: ``redis://``, ``rediss://`` or ``amqp://``.
        prefix: Of every key in Redis, where it stands before the names of the queues, too.
    """
    app = Celery("headway", broker=broker, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=False,  # late ones end the worker when their broker was away, and buy nothing over the claim
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        # a queue for orders to the worker, which RabbitMQ gives to one of its name: nothing here gives orders by it
        worker_enable_remote_control=False,
    )
    if broker.startswith("redis"):
        app.conf.broker_transport_options = {
            "global_keyprefix": prefix,
            "visibility_timeout": 300,  # moves only messages that wait in a worker that died
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "priority_steps": PRIORITIES,
            "queue_order_strategy": "priority",
        }
    else:
        app.conf.task_queue_max_priority = PRIORITY_MAX  # without it RabbitMQ knows no priorities
        app.conf.broker_transport_options = {"confirm_publish": True}  # sent is what the broker has
    return app


class CeleryEngine:
    """Delivers by messages of a task; the worker processes are Celery's.

    Args:
        broker: Its address.
        prefix: Of every key in Redis, or every queue in RabbitMQ: an application's own Celery may be there, too, with
            queues of the same names.

    Attributes:
        app: The Celery application.
    """

    name = "celery"
    finds_runs = False

    def __init__(self, broker: str, prefix: str = "headway:") -> None:
        self.app = make_app(broker, prefix)
        # Shared, it would stand in the place of every other engine's of this process; and the check of arguments takes
        # a method for a function.
        self._task = self.app.task(name=TASK, shared=False, typing=False)(self._execute)
        self._is_redis = broker.startswith("redis")
        self._prefix = "" if self._is_redis else prefix
        self._sender = _sender()
        self._producers: ProducerPool | None = None
        self._portal: Portal | None = None

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Send a message for each. Blocks a thread of the engine's own, not the loop.

        Raises:
            OperationalError: the broker is away.
        """
        await asyncio.get_running_loop().run_in_executor(self._sender, self._send, deliveries)

    def _send(self, deliveries: Sequence[Delivery]) -> None:
        producers = self._producers  # which another thread takes away when the engine closes
        if producers is None:
            # Celery's own pool belongs to everybody in the process who is at this broker, and would be closed for all
            connections = self.app.connection_for_write().Pool(limit=1)
            producers = ProducerPool(connections, limit=1, Producer=self.app.amqp.Producer)
            self._producers = producers
        with producers.acquire(block=True) as producer:
            for one in deliveries:
                priority = PRIORITY_MAX - one.priority if self._is_redis else one.priority  # in Redis 0 goes first
                arguments = (one.run_id, one.attempt)
                queue = self._prefix + one.queue
                self._task.apply_async(arguments, queue=queue, priority=priority, producer=producer, retry=False)

    async def look(self) -> str:
        """Say where the broker is."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> str:
        with self.app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
            return f"the broker {connection.as_uri()} answers"

    async def close(self) -> None:
        """Close the connections."""
        self._sender.shutdown(wait=False, cancel_futures=True)
        self._sender = _sender()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        producers, self._producers = self._producers, None
        if producers is not None:
            producers.connections.force_close_all()
        self.app.close()

    def run(self, opening: Opening, lanes: Sequence[Lane], *, processes: bool) -> int:
        """Run Celery's worker in this process until it is told to stop; return its exit code.

        Args:
            opening: For each process that executes attempts.
            lanes: One; Celery knows one number of slots.
            processes: Prefork; False: threads, all in this process's one loop.

        Raises:
            UsageError: there are several lanes.
            StoreError: the store cannot be opened.
        """
        if len(lanes) != 1:
            raise UsageError(
                "a worker of Celery's has one number of slots for all its queues",
                hint="start one `headway worker --queues name=slots` for each",
            )
        self._portal = Portal(partial(opening, at_once=1) if processes else opening)
        ending = _Ending(self._portal)
        # that root is dangerous holds for pickled messages; only JSON is accepted here
        warnings.filterwarnings("ignore", category=SecurityWarning)
        signals.setup_logging.connect(_log_as_we_do, weak=False)
        signals.worker_shutting_down.connect(ending.begin, weak=False)
        if processes:
            signals.worker_process_init.connect(ending.follow, weak=False)
            signals.worker_process_shutdown.connect(ending.end, weak=False)
        else:
            self._portal.open()
        worker: Any = self.app.Worker(
            pool_cls="prefork" if processes else "threads",
            concurrency=lanes[0].slots,
            queues=sorted(self._prefix + queue for queue in lanes[0].queues),
            hostname=f"headway-{os.getpid()}@%h",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        self._portal.close()
        return int(worker.exitcode or 0)

    def _execute(self, run_id: str, attempt: int) -> None:
        if self._portal is not None:
            self._portal.see_through(run_id, attempt)


class _Ending:
    """Tells every process of a worker that it stops: the end of a pipe, so that the death of the first is told, too."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._reading, writing = os.pipe()
        self._writing: int | None = writing

    def begin(self, **_: Any) -> None:
        """Say that the worker stops. In threads the attempts are in this very process."""
        self._let_go()  # each further signal comes here again
        _in_background(self._portal.close)

    def follow(self, **_: Any) -> None:
        """In a forked process: open at once, and close when the first process stops."""
        self._let_go()  # of the copy, which would keep the pipe open
        _in_background(partial(self._wait, self._portal))
        try:
            self._portal.open()
        except Exception:
            log.exception("attempts cannot be executed yet")  # each delivery tries again

    def end(self, **_: Any) -> None:
        """In a forked process that is about to exit: wait until everything is handed back."""
        self._portal.close()

    def _let_go(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            os.close(writing)

    def _wait(self, portal: Portal) -> None:
        os.read(self._reading, 1)
        portal.close()


def _sender() -> ThreadPoolExecutor:
    """Return the one thread that sends: a broker that hangs holds up nothing else."""
    return ThreadPoolExecutor(1, thread_name_prefix="headway-celery")


def _in_background(call: Callable[[], None]) -> None:
    threading.Thread(target=call, name="headway-ending", daemon=True).start()


def _log_as_we_do(**_: Any) -> None:
    """Being connected keeps Celery from setting up logging of its own; its two lines for each message say nothing."""
    for name in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(name).setLevel(logging.WARNING)
