"""Dramatiq as an engine: messages in Redis, taken by threads of a worker process."""

import asyncio
import signal
import threading
from collections.abc import Sequence
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from headway.engines import Delivery, Lane, Opening, Portal


class DramatiqEngine:
    """Delivers by messages of an actor for each queue. Dramatiq's Redis knows no priorities."""

    name = "dramatiq"
    finds_runs = False  # what is queued is told to it, again and again until it has been started

    def __init__(self, url: str, namespace: str = "headway-dramatiq") -> None:
        self.broker: Any = RedisBroker(url=url, namespace=namespace)  # type: ignore[no-untyped-call]
        self.portal: Portal | None = None

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Send a message for each; an error means that the runs are told of again."""
        await asyncio.to_thread(self._send, deliveries)

    def _send(self, deliveries: Sequence[Delivery]) -> None:
        for one in deliveries:
            self.broker.enqueue(self._actor(one.queue).message(one.run_id, one.attempt))

    def _actor(self, queue: str) -> dramatiq.Actor[[str, int], None]:
        name = f"headway-{queue}"
        known: dramatiq.Actor[[str, int], None] | None = self.broker.actors.get(name)
        if known is not None:
            return known
        # retries and time limits are the job's, and Headway's business
        actor = dramatiq.actor(
            broker=self.broker, actor_name=name, queue_name=queue, max_retries=0, time_limit=float("inf")
        )
        return actor(self._execute)

    def _execute(self, run_id: str, attempt: int) -> None:
        if self.portal is not None:
            self.portal.see_through(run_id, attempt)

    def run(self, opening: Opening, lanes: Sequence[Lane], *, processes: bool) -> int:
        """Be the worker process: `headway worker` calls this. Attempts run in one event loop of this process."""
        self.portal = Portal(opening)
        self.portal.open()
        workers = []
        for lane in lanes:
            for queue in lane.queues:
                self._actor(queue)
            workers.append(dramatiq.Worker(self.broker, queues=set(lane.queues), worker_threads=lane.slots))
        told_to_stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: told_to_stop.set())
        for worker in workers:
            worker.start()
        told_to_stop.wait()
        self.portal.close()  # hands back what runs, so that the threads come to their ends
        for worker in workers:
            worker.stop()
        return 0

    async def close(self) -> None:
        """Let go of the connections."""
        self.broker.close()
        self.broker.client.connection_pool.disconnect()
