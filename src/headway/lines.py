"""Log lines that are an event in plain words, and fields: what every room of the house writes.

``log.info(Line("viewer left", connection_id=id, seconds=3.2))`` works with every formatter; `headway.ops.logging`
writes it as one flat JSON object. Payloads, tokens and query strings do not belong on a line.
"""

from __future__ import annotations

from typing import Any


class Line:
    """What is logged. Any formatter can print it.

    Args:
        event: What happened, in plain words; always the same ones, so that it can be counted.
        fields: What it happened to.
    """

    __slots__ = ("event", "fields")

    def __init__(self, event: str, /, **fields: Any) -> None:
        self.event = event
        self.fields = fields

    def __str__(self) -> str:
        return " ".join([self.event, *(f"{name}={value!s}" for name, value in self.fields.items())])
