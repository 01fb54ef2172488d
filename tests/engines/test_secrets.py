"""What a job was told in confidence: the body has it, nobody else, and with the end of the run it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, field_validator

from headway.core.events import Error, NewEvent, RunFailed, new_event
from headway.core.run import ENDED, RunStatus
from headway.engines.asking import questions
from headway.engines.job import make_job
from headway.engines.sweeper import Sweeper
from headway.publish.run import Run
from headway.stores.base import Write
from tests.engines.inquiries import Login, delivered, unwound, waiting
from tests.engines.world import World
from tests.stores.builders import claim


async def test_secrets_reach_the_body_and_nobody_else(hasty: World) -> None:
    """Neither log nor state has them; with the end of the run they are forgotten."""

    async def login(run: Run) -> str:
        login = await run.ask(Login, "Who are you?", key="login", secret=("password",))
        assert login.token is not None
        assert (login.password, login.token.get_secret_value()) == ("hush", "psst")
        return login.user

    run_id = await hasty.start(login)
    await unwound(hasty, run_id)
    schema = (await hasty.state(run_id))["asks"]["login"]["schema"]
    assert schema["properties"]["password"]["writeOnly"] is True
    await hasty.commands.answer(run_id, "login", {"user": "ada", "password": "hush", "token": "psst"})
    assert (await questions(hasty.store, run_id))[0].answer["password"] == "hush"
    assert (await hasty.finish(run_id))["result"] == "ada"
    (event,) = await hasty.events(run_id, "run.resumed")
    assert event["data"]["answer"] == {"user": "ada", "password": None, "token": None}
    log = repr(await hasty.events(run_id)) + repr(await hasty.state(run_id))
    assert "hush" not in log
    assert "psst" not in log
    assert b"hush" not in b"".join((await hasty.store.steps(run_id)).values())


class Pin(BaseModel):
    """A secret with a rule of its own, whose words repeat it."""

    pin: SecretStr

    @field_validator("pin")
    @classmethod
    def _is_long(cls, pin: SecretStr) -> SecretStr:
        if len(pin.get_secret_value()) < 4:
            raise ValueError(f"{pin.get_secret_value()} is too short")
        return pin


async def test_a_secret_that_is_refused_is_not_told(hasty: World) -> None:
    """Not even in the reason."""

    async def enter(run: Run) -> int:
        return len((await run.ask(Pin, "PIN?", key="pin")).pin.get_secret_value())

    run_id = await hasty.start(enter)
    await unwound(hasty, run_id)
    await hasty.commands.answer(run_id, "pin", {"pin": "psst"[:3]})
    await unwound(hasty, run_id)
    asks = (await hasty.state(run_id))["asks"]
    assert asks["pin#2"]["prompt"] == "PIN?\n\nThe answer was refused."
    await hasty.commands.answer(run_id, "pin#2", {"pin": "psst"})
    assert (await hasty.finish(run_id))["result"] == 4
    assert "pss" not in repr(await hasty.events(run_id))


async def two(run: Run) -> None:
    """All of an answer may be secret."""
    await run.ask(str, "Password?", key="password", secret=True)
    await run.ask(bool, "Go?", key="go")


async def knows(here: World, run_id: str) -> bool:
    """Whether the store still has the secret."""
    return b"hush" in b"".join((await here.store.steps(run_id)).values())


async def told_its_secret(here: World, **options: Any) -> str:
    """A run whose secret is kept, as it waits for something else, held by nobody."""
    run_id = await here.start(two, **options)
    await unwound(here, run_id)
    await here.commands.answer(run_id, "password", "hush")
    await unwound(here, run_id)
    assert await knows(here, run_id)
    return run_id


async def test_secrets_of_a_run_that_is_cancelled_are_forgotten(hasty: World) -> None:
    """Neither are they in its log."""
    run_id = await told_its_secret(hasty)
    await hasty.commands.cancel(run_id)
    assert not await knows(hasty, run_id)
    assert "hush" not in repr(await hasty.events(run_id))


async def cancel(here: World, run_id: str) -> None:
    """Whoever commands it ends the run."""
    await here.commands.cancel(run_id)


async def report(here: World, run_id: str) -> None:
    """Whoever may report on it ends the run."""
    await here.commands.report(run_id, None, [ended_elsewhere()])


async def sweep(here: World, run_id: str) -> None:
    """Its worker has died too often."""
    await here.commands.answer(run_id, "go", True)
    await claim(here.store, await here.row(run_id), "wrk_gone")
    await Sweeper(here.store, here.worker, takeovers_max=0).sweep()


async def work(here: World, run_id: str) -> None:
    """Its worker ends it."""
    await here.commands.answer(run_id, "go", True)
    assert await here.deliver(run_id)


@pytest.mark.parametrize("end", [cancel, report, sweep, work])
async def test_secrets_go_with_the_very_write_that_ends_the_run(
    hasty: World, monkeypatch: pytest.MonkeyPatch, end: Callable[[World, str], Coroutine[Any, Any, None]]
) -> None:
    """Whoever ends it may be killed right after that: there is no moment at which it has ended and knows them."""
    run_id = await told_its_secret(hasty)
    append, ended, go_on = hasty.store.append, asyncio.Event(), asyncio.Event()

    async def append_and_halt(run_id: str, write: Write) -> Any:
        appended = await append(run_id, write)
        if appended.run.status in ENDED:
            ended.set()
            await go_on.wait()
        return appended

    monkeypatch.setattr(hasty.store, "append", append_and_halt)
    ending = asyncio.create_task(end(hasty, run_id))
    async with asyncio.timeout(20):
        await ended.wait()
        assert (await hasty.row(run_id)).status in ENDED
        assert not await knows(hasty, run_id)
        go_on.set()
        await ending


async def test_secrets_of_a_run_that_cannot_be_continued_are_forgotten(hasty: World) -> None:
    """Its body is not even begun."""
    run_id = await told_its_secret(hasty, version="1")
    await hasty.commands.answer(run_id, "go", True)
    hasty.jobs["two"] = make_job(two, version="2")
    assert (await hasty.finish(run_id))["error"]["code"] == "code_changed"
    assert not await knows(hasty, run_id)


def ended_elsewhere() -> NewEvent:
    """What whoever may report on a run may say of it."""
    return new_event("run.failed", RunFailed(error=Error(code="elsewhere", message="over", retryable=False)))


async def test_secrets_of_a_run_that_is_reported_as_ended_are_forgotten(hasty: World) -> None:
    """No worker holds it that could see to that."""
    run_id = await told_its_secret(hasty)
    await hasty.commands.report(run_id, None, [ended_elsewhere()])
    assert (await hasty.row(run_id)).status is RunStatus.FAILED
    assert not await knows(hasty, run_id)


async def test_secrets_of_a_run_that_somebody_else_ends_are_forgotten(held: World) -> None:
    """Nobody else has to see to it."""
    run_id = await held.start(two)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        await held.commands.answer(run_id, "password", "hush")
        async with asyncio.timeout(20):
            while "go" not in await waiting(held, run_id):
                await asyncio.sleep(0.005)
        execution_id = (await held.row(run_id)).execution_id
        await held.store.append(run_id, Write(events=[ended_elsewhere()], execution_id=execution_id))
    assert (await held.row(run_id)).status is RunStatus.FAILED
    assert not await knows(held, run_id)
