"""The command as it is called."""

import asyncio
import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from headway.app import Headway
from headway.cli.commands import app
from headway.config import Settings
from tests.client.running import running

APP = """
from headway import Headway

async def nobody(connection): return None

hw = Headway("runs.db", authenticate=nobody)
"""


async def invoke(*arguments: str, **variables: str | None) -> Result:
    """Run the command where it has no event loop around it."""
    env = {"HEADWAY_STORE": None, "HEADWAY_TOKEN": None, "COLUMNS": "100", **variables}
    return await asyncio.to_thread(CliRunner().invoke, app, ["doctor", *arguments], env=env)


def by_about(result: Result) -> dict[str, Any]:
    """Findings of ``--json``."""
    return {each["about"]: each for each in json.loads(result.stdout)["findings"]}


async def test_all_is_well(folder):
    """0, in sections, and nothing was made."""
    result = await invoke()
    assert result.exit_code == 0, result.output
    assert [line for line in result.output.splitlines() if line and not line.startswith(" ")][:-1] == [
        "this machine",
        "settings",
        "store",
        "engine",
    ]
    assert list(folder.iterdir()) == []


async def test_something_fails(folder):
    """1."""
    result = await invoke("--store", "no/headway.db")
    assert result.exit_code == 1
    assert "1 failure" in result.output
    result = await invoke("--json", HEADWAY_STORE="no/headway.db")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False


async def test_a_server_has_a_store_of_its_own(folder):
    """This machine's is only looked at when somebody names it."""
    with running(Headway("memory://", worker="none", settings=Settings(ping_s=0.2))) as server:
        asked = by_about(await invoke("--json", "--url", server.url))
        assert (asked["server"]["level"], "durability" in asked) == ("ok", False)
        asked = by_about(await invoke("--json", "--url", server.url, "--store", "x.db"))
        assert (asked["server"]["level"], "durability" in asked) == ("ok", True)


async def test_an_applications_own_settings(module):
    """Those in its code count, and its authenticator is known."""
    module("doctored", APP)
    found = by_about(await invoke("doctored:hw", "--json", HEADWAY_INSECURE="1", HEADWAY_DURABILITY="full"))
    assert found["access"]["text"] == "an authenticator tells who asks"
    assert "runs.db is not there yet" in found["store"]["text"]
    assert found["durability"]["text"].startswith("full")


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["nothing:app"], {}, "there is no module 'nothing'"),
        ([], {"HEADWAY_PING_S": "x"}, "HEADWAY_PING_S"),
        (["--url", "ftp://x"], {}, "no address of a server"),
    ],
)
async def test_wrong_usage(folder, arguments, variables, said):
    """Is 2."""
    result = await invoke(*arguments, **variables)
    assert result.exit_code == 2
    assert said in result.stderr
