"""Asking all processes on a store: who answers, who does not, and what that costs whom."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from headway.errors import StoreUnavailable
from headway.ops import processes as module
from headway.ops.processes import Processes, Reach
from headway.stores.base import Store
from headway.stores.location import store_at
from headway.stores.memory import MemoryStore
from tests.gateways.serving import eventually
from tests.ops.conftest import Shared

LEASE_S = 60.0


class Forked(MemoryStore):
    """A store in memory that several "processes" of one test share."""

    caps = dataclasses.replace(MemoryStore.caps, processes=True)


@asynccontextmanager
async def joined(store: Store, called: str, /, **gives: Any) -> AsyncIterator[Processes]:
    """A process that answers with its name, and as else it is told."""

    async def name_of(about: Mapping[str, Any]) -> Any:
        return [called, about]

    worker = await store.join()
    process = Processes(store, lease_s=LEASE_S)
    for question, give in {"name": name_of, **gives}.items():
        process.give(question, give)
    await process.start(worker)
    try:
        yield process
    finally:
        await process.stop()
        await store.leave(worker)


@pytest.fixture
async def store() -> AsyncIterator[Forked]:
    """An open store."""
    store = Forked()
    await store.open()
    yield store
    await store.close()


async def test_everybody_answers(shared: Shared) -> None:
    """On every store: this process and those of others, each once, with what was asked."""
    async with AsyncExitStack() as stack:
        others = [store_at(shared.url) for _ in range(2)]
        for other in others:
            await other.open()
            stack.push_async_callback(other.close)
        me = await stack.enter_async_context(joined(shared.store, "me"))
        for number, other in enumerate(others):
            await stack.enter_async_context(joined(other, f"other {number}"))
        answers = await me.ask("name", {"x": [1, None]}, patience_s=20)
        assert sorted(answers.given.values()) == [
            ["me", {"x": [1, None]}],
            ["other 0", {"x": [1, None]}],
            ["other 1", {"x": [1, None]}],
        ]
        assert answers.reach == Reach(3, 3)
        assert answers.reach.complete
        assert me.me in answers.given


async def test_who_did_not_join_may_ask(shared: Shared) -> None:
    """A command that has only opened the store."""
    other = store_at(shared.url)
    await other.open()
    async with joined(shared.store, "server") as server:
        answers = await Processes(other, lease_s=LEASE_S).ask("name", {}, patience_s=20)
        assert dict(answers.given) == {server.me: ["server", {}]}
    await other.close()


async def test_two_who_ask_at_once_get_their_own_answers(store: Forked) -> None:
    """Whatever the order, nothing is mixed up."""
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(joined(store, f"{number}")) for number in range(3)]
        asked = [made[number % 3].ask("name", {"n": number}, patience_s=20) for number in range(12)]
        for number, answers in enumerate(await asyncio.gather(*asked)):
            assert sorted(answers.given.values()) == [[f"{name}", {"n": number}] for name in range(3)]
            assert answers.reach.complete


async def test_who_is_slow_is_missing_and_the_others_are_told(store: Forked) -> None:
    """Its answer comes too late, and disturbs nobody."""
    go_on = asyncio.Event()

    async def slowly(about: Mapping[str, Any]) -> str:
        await go_on.wait()
        return "late"

    async with joined(store, "quick") as quick, joined(store, "slow", name=slowly) as slow:
        assert slow.me is not None
        answers = await quick.ask("name", {}, patience_s=0.05)
        assert list(answers.given.values()) == [["quick", {}]]
        assert answers.reach == Reach(2, 1, (slow.me,))
        assert not answers.reach.complete
        go_on.set()
        again = await quick.ask("name", {"again": True}, patience_s=20)
        assert again.given[slow.me] == "late"
        assert again.given[quick.me or ""] == ["quick", {"again": True}]


async def test_who_dies_before_it_answers_is_missing(store: Forked) -> None:
    """It stays on the list: nobody knows yet that it is dead."""
    async with joined(store, "alive") as alive:
        dead = await store.join()
        answers = await alive.ask("name", {}, patience_s=0.05)
        assert answers.reach == Reach(2, 1, (dead,))


async def test_who_leaves_meanwhile_owes_no_answer(store: Forked) -> None:
    """It was there when the question was asked, and took its leave."""
    async with joined(store, "stays") as stays:
        leaves = await store.join()
        asking = asyncio.create_task(stays.ask("name", {}, patience_s=2))
        await eventually(lambda: store._board["questions"])
        await store.leave(leaves)
        assert (await asking).reach == Reach(1, 1)


async def test_who_cannot_answer_says_so_at_once(store: Forked, caplog: pytest.LogCaptureFixture) -> None:
    """It is missing, without anybody waiting for it; it knows the next question."""

    async def fail(about: Mapping[str, Any]) -> None:
        raise RuntimeError("broken")

    async with joined(store, "good", new=fail) as good, joined(store, "bad", name=fail) as bad:
        async with asyncio.timeout(20):
            answers = await good.ask("name", {}, patience_s=3_600)
            assert answers.reach == Reach(2, 1, (bad.me or "",))
            assert "broken" in caplog.text
            answers = await bad.ask("new", {}, patience_s=3_600)
        assert not answers.given
        assert answers.reach == Reach(2, 0, tuple(sorted((good.me or "", bad.me or ""))))


async def test_a_question_is_answered_once(store: Forked) -> None:
    """However often the bell rings while it stands."""
    answered = 0

    async def count(about: Mapping[str, Any]) -> int:
        nonlocal answered
        answered += 1
        return answered

    async with joined(store, "asks") as asks, joined(store, "answers", count=count):
        dead = await store.join()
        asking = asyncio.create_task(asks.ask("count", {}, patience_s=0.5))
        while not asking.done():
            await store.post("notices", "x", 1)
            await store.put_setting("x", 1)
            await asyncio.sleep(0.01)
        assert dead in (await asking).missing
        assert answered == 1


async def test_nobody_answers_after_the_time_is_over(store: Forked) -> None:
    """Who was told that it was not reached need not fear that it is done later."""
    closed: list[Any] = []

    async def close(about: Mapping[str, Any]) -> bool:
        closed.append(about)
        return True

    async with joined(store, "asks") as asks:
        await store.join()
        await asks.ask("close", {"id": 1}, patience_s=0.02)
        async with joined(store, "late", close=close):
            await asks.ask("name", {}, patience_s=0.05)
        assert closed == []


async def test_nothing_stays_of_a_question(store: Forked, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was posted goes by itself, also when who asked was cancelled."""
    monkeypatch.setattr(module, "KEPT_S", 0.02)
    async with joined(store, "one") as one, joined(store, "two"):
        for _ in range(5):
            await one.ask("name", {}, patience_s=0.02)
        dead = await store.join()
        asking = asyncio.create_task(one.ask("name", {}, patience_s=0.05))
        await eventually(lambda: store._board["questions"])
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        await store.leave(dead)
        watchers = len(store._doorbell)
        await asyncio.sleep(0.06)
        assert await store.posted("questions") == {}
        assert await store.posted("answers") == {}
        assert watchers == 2, "of the two processes that answer"


async def test_one_process_alone_writes_nothing(store: Forked) -> None:
    """As with a store in memory, or a server without a worker process."""
    async with joined(store, "alone") as alone:
        answers = await alone.ask("name", {"x": 1})
        assert answers.given == {alone.me: ["alone", {"x": 1}]}
        assert store._board["questions"] == {}
    plain = MemoryStore()
    await plain.open()
    async with joined(plain, "in memory") as alone:
        assert (await alone.ask("name", {})).reach == Reach(1, 1)
    await plain.close()


async def test_a_store_that_is_away_is_an_error(store: Forked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of who asks; who answers goes on when it is back, and says so once."""
    async with joined(store, "asks") as asks, joined(store, "answers") as other:

        async def away(*_: Any, **__: Any) -> Any:
            raise StoreUnavailable("away")

        for name in ("workers", "post", "posted"):
            with monkeypatch.context() as patch:
                patch.setattr(store, name, away)
                with pytest.raises(StoreUnavailable):
                    await asks.ask("name", {})
        answers = await asks.ask("name", {}, patience_s=20)
        assert answers.given.keys() == {asks.me, other.me}


async def test_a_lost_ring_costs_a_moment(store: Forked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look now and then anyway."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(module, "COLLECT_EVERY_S", 0.02)
    monkeypatch.setattr(store, "watch", lambda ring: lambda: None)
    async with joined(store, "asks") as asks, joined(store, "answers"):
        answers = await asks.ask("name", {}, patience_s=20)
        assert answers.reach == Reach(2, 2)


async def test_who_has_been_silent_for_long_is_not_asked(store: Forked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that counts beats lists the dead for a day."""
    async with joined(store, "alive") as alive:
        dead = await store.join()
        listed = store.workers

        async def aged() -> Any:
            return {
                worker: dataclasses.replace(state, silent_s=LEASE_S + 1 if worker == dead else 1.0)
                for worker, state in (await listed()).items()
            }

        monkeypatch.setattr(store, "workers", aged)
        assert (await alive.ask("name", {})).reach == Reach(1, 1)
