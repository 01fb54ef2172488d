"""The demo as its own program starts it: the application, and sites to try."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.examples.report.siting import ROOT
from tests.integration.servers import free_port

pytestmark = pytest.mark.slow

PATIENCE_S = 60


def builder(url: str, process: subprocess.Popen[bytes]) -> dict[str, dict[str, str]]:
    """Wait until it answers; return what the builder is told."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None
        with contextlib.suppress(httpx.TransportError):
            answer: dict[str, dict[str, str]] = httpx.get(f"{url}/api/builder", trust_env=False, timeout=20).json()
            return answer
        time.sleep(0.1)
    raise AssertionError("it does not answer")


def test_the_demo_offers_sites_that_may_be_read_and_ends_in_order(tmp_path: Path) -> None:
    """An order for one of them is taken, though it is on this machine; Ctrl-C ends all of it."""
    port = free_port()
    command = [sys.executable, "-m", "examples.strategy.demo", "--no-browser", "--port", str(port), "--latency", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "HEADWAY_STORE"}
    with (tmp_path / "demo.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        sites = builder(url, process)["sites"]
        assert len(sites) == 4
        order = {"own": {"sites": [next(iter(sites.values()))]}}
        assert httpx.post(f"{url}/api/strategies", json=order, trust_env=False, timeout=20).status_code == 202
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0, (tmp_path / "demo.log").read_text()
    said = (tmp_path / "demo.log").read_text()
    assert f"http://127.0.0.1:{port}/" in said
    assert "Stopping" in said
