"""`headway demo`: all its processes, started and stopped together."""

import os
import re
import signal
import socket
import sys

import httpx
import pytest

from headway.cli import demo
from headway.cli.demo import NEEDED, Example, Options, check_built, choose_port, find_example, has_display
from headway.cli.serving import bind
from headway.errors import UsageError
from tests.cli.terminals import on_terminal


def test_the_example_of_a_source_tree_is_found():
    """With what has to be on the path for it."""
    example = find_example()
    assert example.package == "examples.itinerary"
    assert (example.root / "examples" / "itinerary" / "app.py").is_file()


def test_a_page_that_was_not_built(tmp_path):
    """Says what to run."""
    with pytest.raises(UsageError, match="not built") as caught:
        check_built(Example("examples.itinerary", tmp_path, tmp_path))
    assert "make web" in (caught.value.hint or "")


@pytest.mark.parametrize("package", ["ortools", "astral"])
def test_a_package_that_is_missing(tmp_path, monkeypatch, package):
    """Says what to install."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index.html").touch()
    for needed in NEEDED:
        monkeypatch.setitem(sys.modules, needed, None if needed == package else sys)
    with pytest.raises(UsageError, match=package) as caught:
        check_built(Example("examples.itinerary", tmp_path, tmp_path))
    assert caught.value.hint == "pip install 'headway[demo]'"


def test_the_usual_port_or_another_one(monkeypatch):
    """One that was asked for has to be free."""
    with bind("127.0.0.1", 0) as place:
        taken = place.getsockname()[1]
        monkeypatch.setattr(demo, "PORT", taken)
        assert choose_port(Options()) not in (taken, 0)
        with pytest.raises(UsageError, match="cannot be used"):
            choose_port(Options(port=taken))
    assert choose_port(Options()) == taken


def test_a_browser_only_where_it_can_be_seen(monkeypatch):
    """Not on a server one is logged in to."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not has_display()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_display()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert has_display()
    monkeypatch.setenv("SSH_CONNECTION", "1")
    assert not has_display()


@pytest.mark.parametrize(
    ("called", "typed"),
    [(".venv/bin/headway", ".venv/bin/headway"), ("/opt/bin/headway", "headway"), ("headway", "headway")],
)
def test_the_command_that_is_shown_can_be_typed(monkeypatch, called, typed):
    """Also where `make demo` called us by a path, and nothing is on the PATH."""
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    assert demo.command() == typed


def is_built() -> bool:
    """Whether the page is there."""
    return (find_example().folder / "static" / "index.html").is_file()


@pytest.mark.slow
@pytest.mark.skipif(not is_built(), reason="the page is not built: make web")
async def test_the_whole_demo(folder):
    """A killed server comes back on its port; one Ctrl-C ends everything."""
    async with on_terminal("demo", "--port", "0", columns=100) as (command, keyboard):
        await command.until("Ctrl-C stops everything")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", command.output)
        address, server = re.findall(r"Open +(http://\S+)", plain)[0], int(re.findall(r"kill -9 (\d+)", plain)[0])
        places = re.findall(r"Places +(http://[^,\s]+)", plain)[0]
        console = re.findall(r"Console +(http://\S+)", plain)[0]
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as http:
            assert "<title>Headway<" in (await http.get(console)).text
            assert "<html" in (await http.get("/")).text
            assert len((await http.get("/api/cities")).json()) >= 6
            assert "itinerary" in (await http.get("/headway/v1/jobs")).text
            offered = (await http.get("/demo")).json()
            assert (offered["kill"], offered["ping_s"]) == (True, 3)
        os.kill(server, signal.SIGKILL)
        await command.until("The server was killed (SIGKILL)")
        await command.until("The server is back")
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as http:
            assert (await http.get("/api/cities")).status_code == 200
        os.write(keyboard, b"\x03")
        await command.until("Stopping ...")
        assert await command.ended() == 0
    assert "Traceback" not in command.output
    for url in (address, places):
        with socket.socket() as place, pytest.raises(ConnectionRefusedError):
            place.connect(("127.0.0.1", int(url.rpartition(":")[2])))
