"""The dispatcher tells an engine of what is queued until it has been started, whatever the engine forgets."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import pytest

from headway import Run
from headway.core.events import NewEvent, RunStarted, new_event
from headway.engines.base import Delivery
from headway.engines.commands import About
from headway.engines.dispatcher import FIRST_WAIT_S, LAST_WAIT_S, WINDOW, Dispatcher, role_of
from headway.engines.job import make_job
from headway.errors import Conflict
from headway.stores.base import Claim, Write
from tests.engines.world import World


class Queue:
    """An engine that only remembers what it was told, and may be away."""

    name = "queue"
    finds_runs = False

    def __init__(self) -> None:
        self.told: list[Delivery] = []
        self.away: Exception | None = None

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Remember."""
        if self.away is not None:
            raise self.away
        self.told += deliveries

    async def close(self) -> None:
        """Nothing is held."""

    def take(self) -> list[tuple[str, int]]:
        """Return what it was told since."""
        told, self.told = self.told, []
        return [(one.run_id, one.attempt) for one in told]


class Watch:
    """Seconds as the test wants them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell them."""
        return self.now


async def work(run: Run) -> None:
    """Nothing."""


async def narrow(run: Run) -> None:
    """The same."""


@pytest.fixture
def queue() -> Queue:
    """The engine."""
    return Queue()


@pytest.fixture
def watch() -> Watch:
    """Its time."""
    return Watch()


class Lead:
    """Whether this process is the leader, and how often that was asked."""

    def __init__(self) -> None:
        self.held, self.asked = True, 0

    async def __call__(self) -> bool:
        """Tell."""
        self.asked += 1
        return self.held


@pytest.fixture
def lead() -> Lead:
    """It is."""
    return Lead()


@pytest.fixture
async def dispatcher(here: World, queue: Queue, watch: Watch, lead: Lead) -> AsyncIterator[Dispatcher]:
    """Not started."""
    made = Dispatcher(here.store, queue, here.jobs, lead, monotonic=watch)
    here.commands.on_queued = made.submit
    yield made
    await made.stop()


async def test_it_tells_ever_more_seldom_until_a_run_has_started(
    here: World, queue: Queue, watch: Watch, dispatcher: Dispatcher
) -> None:
    """A run whose creator has told of it is left alone at first."""
    run_id = await here.start(work)
    times = []
    while watch.now < 2 * LAST_WAIT_S:
        if await dispatcher.look():
            times.append(watch.now)
        watch.now += 1
    waits = [second - first for first, second in itertools.pairwise(times)]
    assert times[0] == FIRST_WAIT_S
    assert waits == sorted(waits)
    assert waits[:2] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S]
    assert waits[-1] <= LAST_WAIT_S
    assert set(queue.take()) == {(run_id, 1)}
    await here.finish(run_id)
    watch.now += 10 * LAST_WAIT_S
    assert await dispatcher.look() == 0


async def test_of_a_later_attempt_it_tells_at_once(
    here: World, queue: Queue, watch: Watch, dispatcher: Dispatcher
) -> None:
    """Nobody else does."""

    async def fails(run: Run) -> None:
        raise ValueError("no")

    run_id = await here.start(fails, retries=1)
    assert await here.deliver(run_id)
    await here.clock.sleep(60)
    assert await dispatcher.look() == 1
    assert queue.take() == [(run_id, 2)]
    assert await dispatcher.look() == 0


@pytest.mark.parametrize("here", ["memory"], indirect=True)
async def test_a_delayed_run_is_told_of_when_it_is_due(here: World, queue: Queue, dispatcher: Dispatcher) -> None:
    """Not by its creator."""
    here.jobs["work"] = job = make_job(work)
    await dispatcher.start()
    row, _ = await here.commands.start(job, None, About(), delay_s=0.3)
    await asyncio.sleep(0.05)
    assert queue.take() == []  # on the store's clock, which stands still here
    await here.clock.sleep(0.3)
    async with asyncio.timeout(20):
        while not queue.told:
            await asyncio.sleep(0.01)
    assert queue.take() == [(row.id, 1)]


async def test_of_a_job_with_a_limit_it_tells_as_much_as_there_is_room(
    here: World, queue: Queue, watch: Watch, dispatcher: Dispatcher
) -> None:
    """And of more when a run ends; other jobs pass it."""
    runs = [await here.start(narrow, concurrency=2) for _ in range(4)]
    other = await here.start(work)
    assert await dispatcher.look() == 2
    assert queue.take() == [(runs[0], 1), (runs[1], 1)]
    claimed = await here.store.append(runs[0], Write(events=[started()], claim=Claim(here.runtime.worker, 2)))
    assert claimed.run.worker
    assert await dispatcher.look() == 0, "the second was told of, and has the other slot"
    await here.finish(runs[1])
    await dispatcher.look()
    assert queue.take() == [(runs[2], 1)]
    watch.now += FIRST_WAIT_S
    await dispatcher.look()
    assert (other, 1) in queue.take()


async def test_a_job_with_a_rate_is_told_of_at_that_pace(
    here: World, queue: Queue, watch: Watch, lead: Lead, dispatcher: Dispatcher
) -> None:
    """By the leader alone, as far as it may begin; nothing is asked before it may again."""
    lead.held = False  # its own looks would come between ours
    await dispatcher.start()
    runs = [await here.start(work, rate="2/h") for _ in range(5)]
    await dispatcher.look()
    assert {one.run_id for one in queue.told} == set(runs[:2])
    queue.take()
    await here.finish(runs[0])
    await dispatcher.look()
    assert queue.take() == [], "the second was told of, and is the other one that may begin"
    await here.finish(runs[1])
    await dispatcher.look()
    asked = here.calls["queued"]
    for _ in range(3):
        assert await dispatcher.look() == 0
    assert here.calls["queued"] == asked
    watch.now += 3_590
    await dispatcher.look()
    assert queue.take() == []


@pytest.mark.parametrize("here", ["memory"], indirect=True)
async def test_it_is_told_of_again_when_it_may_begin_again(
    here: World, queue: Queue, watch: Watch, dispatcher: Dispatcher
) -> None:
    """And an attempt that was told of and refused is told of like any other."""
    runs = [await here.start(work, rate="1/m", concurrency=3) for _ in range(3)]
    for number, run_id in enumerate(runs):
        assert await dispatcher.look() == 1
        assert queue.take() == [(run_id, 1)]
        if number + 1 < len(runs):
            await here.finish(run_id)
            with pytest.raises(Conflict) as refused:
                await here.deliver(runs[number + 1])
            assert refused.value.extra["rate"] == "1/m"
            assert await dispatcher.look() == 0
        await here.clock.sleep(60)
        watch.now += 60


def started() -> NewEvent:
    """The event of a claim."""
    return new_event("run.started", RunStarted(attempt=1, worker="w"))


async def test_what_was_lost_far_back_is_told_of_in_its_turn(
    here: World, queue: Queue, watch: Watch, dispatcher: Dispatcher
) -> None:
    """Only the oldest are, so that a long queue is not told of again and again as a whole."""
    runs = [await here.start(work) for _ in range(WINDOW + 3)]
    await dispatcher.look()
    watch.now += FIRST_WAIT_S
    assert await dispatcher.look() == WINDOW
    assert [run for run, _ in queue.take()] == runs[:WINDOW]
    for run_id in runs[:2]:
        await here.finish(run_id)
    await dispatcher.look()
    watch.now += FIRST_WAIT_S
    await dispatcher.look()
    assert {run for run, _ in queue.take()} >= {runs[WINDOW], runs[WINDOW + 1]}


async def test_a_queue_nobody_works_on_holds_up_no_other(here: World, queue: Queue, dispatcher: Dispatcher) -> None:
    """However long it is, and whatever is behind it."""

    async def fails(run: Run) -> None:
        raise ValueError("no")

    for _ in range(WINDOW + 1):
        await here.start(work, queue="gpu")
    run_id = await here.start(fails, retries=1)
    assert await here.deliver(run_id)
    await here.clock.sleep(60)
    await dispatcher.look()
    assert (run_id, 2) in queue.take()


async def test_an_engine_that_is_away_is_told_soon_again(
    here: World, queue: Queue, watch: Watch, dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Its trouble shows for as long, and is logged once."""
    run_id = await here.start(work)
    queue.away = ConnectionError("refused")
    await dispatcher.look()
    for _ in range(3):
        watch.now += FIRST_WAIT_S
        await dispatcher.look()
    assert dispatcher.trouble == "refused"
    assert caplog.text.count("takes no deliveries") == 1
    queue.away = None
    watch.now += 1
    await dispatcher.look()
    assert queue.take() == [(run_id, 1)]
    assert dispatcher.trouble is None


async def test_only_the_leader_looks_but_everybody_tells_of_what_is_new(
    here: World, queue: Queue, watch: Watch, lead: Lead, dispatcher: Dispatcher
) -> None:
    """A store that is away for a moment ends neither."""
    lead.held = False
    here.away = {"queued": 1}
    await dispatcher.start()
    first = await here.start(work)
    async with asyncio.timeout(20):
        while not queue.told:
            await asyncio.sleep(0.01)
    assert queue.take() == [(first, 1)]
    asked = here.calls["queued"]
    second = await here.start(work)
    await asyncio.sleep(0.1)
    assert here.calls["queued"] == asked
    assert lead.asked <= 2, "who does not lead does not ask at each ring"
    queue.take()
    lead.held = True
    watch.now += FIRST_WAIT_S
    async with asyncio.timeout(20):
        while (second, 1) not in queue.take():
            watch.now += 1
            await asyncio.sleep(0.05)


def test_who_has_the_same_jobs_shares_a_leader(queue: Queue) -> None:
    """Others could not tell of each other's."""
    assert role_of(queue, ["a", "b"]) == role_of(queue, ["b", "a"])
    assert role_of(queue, ["a", "b"]) != role_of(queue, ["a"])
