"""One viewer in Python that can stop reading, come back by its cursor, and knows what state it ended in.

It folds by itself, so that a fault in the product's fold cannot hide one in its streams. Only what the benchmark
publishes is folded: application events, and the run's end.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

BROKEN = (ConnectionError, http.client.HTTPException, TimeoutError)


class Reader:
    """A viewer of one run.

    Attributes:
        state: `status`, `seq` and `custom` as this viewer knows them.
        resets: The reasons of the resets it was sent.
        reconnects: How often it came back after being cut.
    """

    def __init__(self, port: int, path: str) -> None:
        self.state: dict[str, Any] = {"status": None, "seq": 0, "custom": {}}
        self.resets: list[str] = []
        self.reconnects = 0
        self._path = path
        self._port = port
        self._cursor = ""
        self._retry_s = 1.0
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None

    def connect(self) -> None:
        """Ask for the stream, from the cursor if there is one, and read no more than the response's head.

        The first bytes of the body come into a buffer with the head; the kernel keeps all that follows.
        """
        self.close()
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._cursor} if self._cursor else {})
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        self._connection.request("GET", self._path, headers=headers)
        self._response = self._connection.getresponse()

    def close(self) -> None:
        """Leave."""
        if self._connection:
            self._connection.close()

    def read_to_end(self, within: float = 60.0) -> str:
        """Read until the run's end, coming back when cut; return what went wrong, or ''."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                if self._read():
                    return ""
                self.reconnects += 1
                time.sleep(self._retry_s)
                self.connect()
            except BROKEN:
                self._response = None
            except ValueError as error:
                return str(error)
        return f"no `end` within {within:g} s; the last seq was {self.state['seq']}"

    def _read(self) -> bool:
        """Read one response; True when the run has ended for this viewer, False when it was cut."""
        if self._response is None:
            return False
        if self._response.status == 204:
            return True
        try:
            return any(self._take(event, data, cursor) for event, data, cursor in self._frames(self._response))
        except BROKEN:
            return False

    def _frames(self, response: http.client.HTTPResponse) -> Iterator[tuple[str, dict[str, Any], str]]:
        event, data, cursor = "message", "", ""
        while raw := response.readline():
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                data = value
            elif name == "id":
                cursor = value
            elif name == "retry":
                self._retry_s = int(value) / 1000
            elif not name:
                if data:
                    yield event, json.loads(data), cursor
                event, data, cursor = "message", "", ""

    def _take(self, event: str, data: dict[str, Any], cursor: str) -> bool:
        if event == "snapshot":
            self.state = {name: data[name] for name in self.state}
        elif event == "reset":
            self.resets.append(data["reason"])
        elif event == "end":
            self._check_end(data)
            return True
        elif cursor:
            self._fold(event, data)
        self._cursor = cursor or self._cursor
        return False

    def _check_end(self, end: dict[str, Any]) -> None:
        known = {name: self.state[name] for name in ("status", "seq")}
        if known != {name: end[name] for name in known}:
            raise ValueError(f"`end` says {end}, but what came before it says {known}")

    def _fold(self, event: str, frame: dict[str, Any]) -> None:
        if frame["seq"] != self.state["seq"] + 1:
            raise ValueError(f"seq {frame['seq']} came after {self.state['seq']} without a reset")
        self.state["seq"] = frame["seq"]
        if event == "custom":
            custom = frame["data"]
            self.state["custom"].setdefault(custom["name"], {})[custom.get("key") or ""] = custom["data"]
        elif event in {"run.succeeded", "run.failed", "run.partial", "run.cancelled"}:
            self.state["status"] = event.removeprefix("run.")
