"""Whatever happens in whatever order: what is acknowledged was written once and in order, and nothing after a stop."""

import asyncio
import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from headway.core.events import NewEvent, new_event
from headway.errors import Fenced, HeadwayError, StoreUnavailable
from headway.publish.publisher import Publisher, Receipt
from headway.stores.base import Checkpoint

VERBS = st.sampled_from(["publish", "urgent", "write", "flush", "step", "cancelled flush", "cancelled publish", "turn"])
OUTCOMES = st.sampled_from(["written", "written", "late", "away", "fenced"])


class Sink:
    """Does what its script says with each batch, then writes everything."""

    def __init__(self, script: Sequence[str]) -> None:
        self.script = list(script)
        self.log: list[str] = []
        self.fenced = False
        self.busy = False

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Write a batch, later, or not at all."""
        assert not self.busy, "one batch at a time, or their order is left to chance"
        assert not self.fenced, "nothing is sent after a stop"
        outcome = self.script.pop(0) if self.script else "written"
        self.busy = True
        for _ in range(5 if outcome == "late" else 0):
            await asyncio.sleep(0)
        self.busy = False
        if outcome == "away":
            raise StoreUnavailable("away")
        if outcome == "fenced":
            self.fenced = True
            raise Fenced("another execution has it")
        for event in events:
            data = json.loads(event.data)
            self.log += data["delta"].split() if event.type == "output.appended" else [data["body"]]
        return Receipt(len(self.log), "1.a", "running", False)


class Impatient(Publisher):
    """Tries again at once: how long it waits is not what is looked at here."""

    async def _back_off(self, attempt: int, error: HeadwayError) -> None:
        await asyncio.sleep(0)


class Play:
    """One job that reports, with what it was told."""

    def __init__(self, script: Sequence[str]) -> None:
        self.sink = Sink(script)
        self.stops: list[HeadwayError] = []
        self.publisher = Impatient(self.sink, window_s=0.0001, max_bytes=600, on_stop=self.stops.append)
        self.taken: list[str] = []
        self.maybe: set[str] = set()

    async def do(self, verb: str, name: str) -> None:
        """Do one thing."""
        event = new_event("note", {"body": name})
        if verb == "turn":
            await asyncio.sleep(0)
        elif verb.startswith("cancelled"):
            await self.cancelled(verb, event, name)
        elif verb == "write":
            await self.publisher.write("text", f"{name} ")
            self.taken.append(name)
        elif verb == "flush":
            await self.publisher.flush()
            assert self.sink.log == self.written(), "all that was handed over is there"
        else:
            self.taken.append(name)
            if verb == "publish":
                await self.publisher.publish(event)
            else:
                urgent = verb == "urgent"
                await (self.publisher.publish(event, urgent=True) if urgent else self.publisher.flush(event))
                assert self.sink.log == self.written()

    async def cancelled(self, verb: str, event: NewEvent, name: str) -> None:
        """Begin something and stop waiting for it."""
        flushing = verb == "cancelled flush"
        task = asyncio.create_task(self.publisher.flush(event) if flushing else self.publisher.publish(event))
        self.taken.append(name)
        await asyncio.sleep(0)
        if not flushing and not task.done():
            self.taken.remove(name)  # it waited for room, and was not taken
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def written(self) -> list[str]:
        """What must be in the log."""
        return self.taken


@settings(max_examples=300, deadline=None)
@given(st.lists(VERBS, max_size=30), st.lists(OUTCOMES, max_size=25))
def test_what_is_acknowledged_is_written_once_and_in_order(verbs: list[str], script: list[str]) -> None:
    """And what is not acknowledged is written in order, too, up to a stop, and never after it."""

    async def run() -> None:
        play = Play(script)
        try:
            for number, verb in enumerate(verbs):
                await play.do(verb, str(number))
            await play.publisher.flush()
        except Fenced:
            assert play.sink.fenced
        await play.publisher.close()
        if play.sink.fenced:
            assert [type(error) for error in play.stops] == [Fenced]
            assert play.sink.log == play.taken[: len(play.sink.log)]
        else:
            assert play.sink.log == play.taken
            assert play.stops == []

    asyncio.run(run())
