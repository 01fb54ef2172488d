"""``headway answer``: by its argument, by standard input, or field by field on a terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr
from typer.testing import CliRunner, Result

from headway.app import Headway
from headway.cli.commands import app
from headway.config import Settings
from headway.publish.run import Run
from tests.cli.terminals import on_terminal
from tests.client.running import Running
from tests.client.running import running as serving


class Order(BaseModel):
    """Everything a form may have."""

    go: bool
    colour: Literal["red", "green"]
    limit: int = Field(default=10, ge=1, description="No more than this.")
    note: str | None = None
    pin: SecretStr


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """Of a Headway with a job that asks."""
    hw = Headway(settings=Settings(store=str(tmp_path / "headway.db"), worker="inline", ask_hold_s=0))

    @hw.job
    async def order(run: Run) -> dict[str, Any]:
        said = await run.ask(Order, "May it be bought?", key="approve")
        return {**said.model_dump(mode="json"), "pin": len(said.pin.get_secret_value())}

    @hw.job
    async def word(run: Run) -> str:
        return await run.ask(str, "Which word?")

    @hw.job
    async def count(run: Run) -> int:
        return await run.ask(int, "How many?")

    with serving(hw, prefix="/headway") as server:
        yield server


async def asking(server: Running, job: str) -> str:
    """Start a run, and wait until it waits."""
    handle = await server.do(lambda: server.hw.start(job))
    async with asyncio.timeout(20):
        while not (await server.do(handle.snapshot))["asks"]:
            await asyncio.sleep(0.01)
    run_id: str = handle.id
    return run_id


async def result(server: Running, run_id: str) -> Any:
    """Wait for the run's result."""
    handle = await server.do(lambda: server.hw.get(run_id))
    async with asyncio.timeout(20):
        return await server.do(handle.result)


async def invoke(server: Running, *arguments: str, input: str | None = None) -> Result:
    """Run the command against the server."""
    environment = {"HEADWAY_URL": server.url.removesuffix("/headway")}
    return await asyncio.to_thread(CliRunner().invoke, app, ["answer", *arguments], input=input, env=environment)


GOOD = '{"go": true, "colour": "red", "pin": "1234"}'


@pytest.mark.parametrize("way", ["argument", "input", "store"])
async def test_an_answer_is_given_in_one_line(server: Running, tmp_path: Path, way: str) -> None:
    """To a server, or straight into its store."""
    run_id = await asking(server, "order")
    arguments, input = [run_id, GOOD], None
    if way == "input":
        arguments, input = [run_id, "-"], GOOD
    elif way == "store":
        arguments += ["--store", str(tmp_path / "headway.db"), "--ask", "approve"]
    told = await invoke(server, *arguments, input=input)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("answered approve; the run is ")
    assert await result(server, run_id) == {"go": True, "colour": "red", "limit": 10, "note": None, "pin": 4}


@pytest.mark.parametrize("text", ["42", "plain words", '"in quotes"'])
async def test_text_needs_no_quotes(server: Running, text: str) -> None:
    """Where a text is wanted, numbers are text, too."""
    run_id = await asking(server, "word")
    assert (await invoke(server, run_id, text)).exit_code == 0
    assert await result(server, run_id) == text.strip('"')


async def test_what_does_not_fit_is_told(server: Running) -> None:
    """All of it; the run goes on waiting, and tells so to who asks it something else."""
    run_id = await asking(server, "order")
    told = await invoke(server, run_id, '{"go": true, "limit": 0}')
    assert told.exit_code == 1
    for words in ("colour: Field required", "limit: Input should be greater than or equal to 1", "(invalid_input)"):
        assert words in told.stderr
    assert told.stderr.splitlines()[1:] == [
        "hint: the answer has these fields:",
        "  go: true or false",
        '  colour: "red" | "green"',
        "  limit: a whole number, else 10, No more than this.",
        "  note: text or null, may be left out",
        "  pin: text",
    ]
    told = await invoke(server, run_id, GOOD, "--ask", "other")
    assert "does not wait for an answer to 'other'" in told.stderr
    told = await invoke(server, run_id)
    assert (told.exit_code, "there is no terminal to ask on" in told.stderr) == (2, True)
    assert "May it be bought?" in told.stderr
    assert (await invoke(server, run_id, GOOD)).exit_code == 0
    await result(server, run_id)
    told = await invoke(server, run_id, GOOD)
    assert (told.exit_code, "is succeeded and waits for no answer" in told.stderr) == (1, True)


async def test_what_is_no_object_is_told_by_its_type(server: Running) -> None:
    """A single value has no fields."""
    run_id = await asking(server, "count")
    told = await invoke(server, run_id, "many")
    assert (told.exit_code, told.stderr.splitlines()[-1]) == (1, "hint: the answer is a whole number")


async def test_fields_are_asked_for_on_a_terminal(server: Running) -> None:
    """Until each fits; what may be left out may be, and what is secret is not shown."""
    run_id = await asking(server, "order")
    url = server.url.removesuffix("/headway")
    async with on_terminal("answer", run_id, HEADWAY_URL=url) as (command, keyboard):
        for label, typed in (
            ("May it be bought?\r\ngo (yes or no): ", "perhaps\n"),
            ("Input should be a valid boolean", "yes\n"),
            ("colour (red | green): ", "green\n"),
            ("limit (No more than this., a whole number, else 10): ", "0\n"),
            ("Input should be greater than or equal to 1", "7\n"),
            ("note (may be left out): ", "\n"),
            ("pin: ", "9876\n"),
        ):
            await command.until(label)
            os.write(keyboard, typed.encode())
        assert await command.ended() == 0, command.output
        assert "the run is " in command.output
        assert "9876" not in command.output
    assert await result(server, run_id) == {"go": True, "colour": "green", "limit": 7, "note": None, "pin": 4}
