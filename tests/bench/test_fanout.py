"""The benchmark of fan-out runs from end to end. Nothing here looks at a time: only at what was delivered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.peers import available

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark as its README says."""
    command = [sys.executable, "-m", "bench.fanout", "--quick", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)


def test_every_event_reaches_every_viewer_once(tmp_path):
    """Two peers, fifty viewers: all deliveries are made, in frames of one length, and both are in the report."""
    done = bench("--peers", "c_send_loop,bare_asyncio", "--json", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    out = json.loads((tmp_path / "out.json").read_text())["outcome"]["raw"]
    assert [(each["peer"], each["deliveries"]) for each in out["rounds"]] == [
        ("c_send_loop", 50 * 20),
        ("bare_asyncio", 50 * 20),
    ]
    assert out["rounds"][0]["wire_bytes"] == out["rounds"][1]["wire_bytes"]
    assert [each["viewers"] for each in out["idle"]] == [50, 50]
    assert {row["peer"] for row in out["summary"]} == {"c_send_loop", "bare_asyncio"}
    assert "x c_send_loop" in done.stdout


@pytest.mark.parametrize("name", ["nchan", "better-sse", "sse-starlette", "fastapi.sse"])
def test_every_peer_delivers(name):
    """Each of the others runs, and loses nothing; one that is not installed is left out."""
    if missing := available()[name].missing():
        pytest.skip(missing)
    done = bench("--peers", name, "--idle", "0")
    assert done.returncode == 0, done.stderr


def test_a_peer_is_one_file(tmp_path):
    """A file that defines PEERS is measured like those of the folder."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from bench.peers.bare_asyncio import BareAsyncio\n"
        "class Mine(BareAsyncio):\n"
        "    name = 'mine'\n"
        "PEERS = (Mine(),)\n"
    )
    done = bench("--peers", str(file), "--idle", "0", "--json", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    out = json.loads((tmp_path / "out.json").read_text())["outcome"]["raw"]
    assert [each["peer"] for each in out["rounds"]] == ["mine"]


def test_an_unknown_peer_is_an_error():
    """The names that exist are told."""
    done = bench("--peers", "apache")
    assert done.returncode == 1
    assert "no peer is called 'apache'; there are bare_asyncio, better-sse, c_send_loop" in done.stderr
