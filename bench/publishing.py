"""The publisher's side: numbered events over one kept-alive connection, at a steady pace."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Self

from bench.processes import BenchError

if TYPE_CHECKING:
    from bench.peers import Server


def payload(number: int, size: int) -> bytes:
    """Return the JSON object of event `number`, exactly `size` bytes long.

    The load generator finds the number and the time in it (CLOCK_MONOTONIC, one clock for all processes of a host).
    """
    head = b'{"bench":%d,"bench_at":%d,"pad":"' % (number, time.monotonic_ns())
    if size < len(head) + 2:
        raise BenchError(f"an event of {size} bytes has no room for its number and time: use at least 80")
    return head + b"x" * (size - len(head) - 2) + b'"}'


class Publisher:
    """Publishes events numbered `after` + 1, + 2 ... to one server. Each call waits for the server's answer.

    Servers close a connection that was quiet for some seconds: a publisher is made when there is something to publish.
    """

    def __init__(self, server: Server, after: int = 0) -> None:
        self.last = after
        self._server = server
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def publish(self, size: int) -> bytes:
        """Publish the next event, with `size` bytes of application data, and return the answer."""
        self.last += 1
        return self.post(self._server.body(payload(self.last, size)))

    def post(self, body: bytes) -> bytes:
        """Post `body` where events go and return the answer."""
        self._connection.request("POST", self._server.publish, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise BenchError(f"publishing was answered {response.status}: {answer[:500]!r}")
        return answer

    def paced(self, events: int, rate: float, size: int) -> float:
        """Publish `events` events at `rate` a second and return the rate that came of it.

        The times are fixed beforehand: a late answer does not move the events after it.
        """
        start = time.monotonic()
        for index in range(events):
            time.sleep(max(0.0, start + index / rate - time.monotonic()))
            self.publish(size)
        time.sleep(max(0.0, start + events / rate - time.monotonic()))
        return events / (time.monotonic() - start)
