"""The whole text of an output, also where the snapshot keeps only its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from headway.core.cursor import START, Cursor
from headway.core.limits import PAGE_MAX
from headway.core.run import OUTPUT_TRANSITIONS
from headway.errors import NotFound
from headway.gateways.answers import PRIVATE
from headway.gateways.exchange import Asked
from headway.stores.base import Standing, Store
from headway.types import RunId

router = APIRouter(tags=["runs"])


@router.get(
    "/v1/runs/{run_id}/outputs/{key:path}",
    responses={200: {"content": {"text/plain": {}}, "description": "The text as far as it is written."}},
)
async def read_output(run_id: RunId, key: str, asked: Asked) -> Response:
    """Return the whole text of an output.

    `Headway-From-Offset` tells how many characters of its beginning are not kept any more.
    """
    row = await asked.run(run_id)
    output = (await asked.services.projections.current(row.id)).entry("outputs", key)
    if output is None:
        raise NotFound(f"run {row.id} has no output {key[:64]!r}", hint="the snapshot's `outputs` lists them")
    text, from_offset = output["text"], output["from_offset"]
    if from_offset:
        whole = await whole_text(asked.services.store, row.id, key)
        text, from_offset = (text, from_offset) if whole is None else (whole, 0)
    headers = {**PRIVATE, "Headway-From-Offset": str(from_offset)}
    return Response(text.encode(), headers=headers, media_type="text/plain; charset=utf-8")


class WholeText:
    """Folds one output without the caps of a snapshot.

    The events it sees are those the fold sees; what `headway.core.fold` does to the text of one key, it does.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._pieces: list[str] = []
        self._state: str | None = None

    def feed(self, event: Mapping[str, Any]) -> None:
        """Take the next event of the log."""
        type, data = event["type"], event["data"]
        if type == "attempt.discarded":
            self._assign(data["set"].get("outputs") or {})
        elif type in OUTPUT_TRANSITIONS and data["key"] == self._key:
            self._move(type, data)

    def _move(self, type: str, data: Mapping[str, Any]) -> None:
        target = OUTPUT_TRANSITIONS[type].get(self._state)
        if target is None:
            return
        self._state = target
        if type == "output.started":
            self._pieces = []
        elif type == "output.appended":
            self._pieces.append(data["delta"])

    def _assign(self, outputs: Mapping[str, Mapping[str, Any] | None]) -> None:
        if self._key not in outputs:
            return
        value = outputs[self._key]
        if value is None:
            self._pieces, self._state = [], None
            return
        # what the replacement leaves out in front was the same before
        self._pieces = [self.read()[: value["from_offset"]], value["text"]]
        self._state = "finished" if value["finished"] else "open"

    def read(self) -> str:
        """Return the text."""
        return "".join(self._pieces)


async def whole_text(store: Store, run_id: RunId, key: str) -> str | None:
    """Read the text of an output from the log; None when the log does not hold all of it any more.

    Raises:
        RunNotFound: the run was deleted meanwhile.
    """
    text = WholeText(key)
    after = START
    while True:
        page = await store.read(run_id, after=after, limit=PAGE_MAX)
        if page.standing is not Standing.GOOD:
            return None
        for event in page.events:
            if event.type in OUTPUT_TRANSITIONS or event.type == "attempt.discarded":
                text.feed(event.envelope())
        if not page.more:
            return text.read()
        after = Cursor(page.events[-1].seq, page.events[-1].tag)
