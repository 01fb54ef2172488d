"""The first five minutes, as the README prints them, from the built wheel in a fresh environment."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page

from tests.integration.servers import free_port

ROOT = Path(__file__).parents[2]

PREFACE = """
import asyncio
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from headway import Headway, Run

class ReportIn(BaseModel):
    title: str
    pages: int

class User(BaseModel):
    id: str

def current_user() -> User:
    return User(id="ada")

async def read(page: int) -> None:
    await asyncio.sleep(0.25)

"""

PAGE = '''

hw.mount(app, "/headway")

@app.get("/watch/{run_id}")
async def page(run_id: str) -> HTMLResponse:
    return HTMLResponse("""<!doctype html><p id="status"></p><p id="message"></p><p id="connection"></p>
    <script type="module">
      import { watchRun } from "/headway/client.js";
      const put = (id, text) => { document.getElementById(id).textContent = text };
      watchRun("/reports/" + location.pathname.split("/").pop() + "/events", {
        onState: (run) => { put("status", run.status); put("message", run.progress.message ?? "") },
        onConnection: (connection) => put("connection", connection.state),
      });
    </script>""")
'''


def printed_code() -> str:
    """The README's first Python block, to the letter."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return next(block for block in blocks if "BackgroundTasks" in block)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with nothing but the wheel and what it asks for; returns its bin."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = str(Path(sys.executable).with_name("uv"))
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True)
    (wheel,) = folder.glob("*.whl")
    python = folder / "venv" / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    constraints = ["--no-verify-hashes", "--constraints", str(ROOT / "requirements" / "dev.txt")]
    subprocess.run([*install, *constraints, f"{wheel}[server]"], check=True)
    return python.parent


@pytest.fixture
def project(tmp_path: Path, environment: Path) -> Iterator["Project"]:
    """A folder with the printed file, served by `headway serve`."""
    (tmp_path / "main.py").write_text(PREFACE + printed_code() + PAGE)
    project = Project(tmp_path, environment)
    yield project
    project.stop()


class Project:
    """What a newcomer has after five minutes."""

    def __init__(self, folder: Path, bin: Path) -> None:
        self.folder, self.bin, self.port = folder, bin, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str, out: str) -> subprocess.Popen[bytes]:
        """Start a program; what it says goes to a file."""
        env = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONPATH": ""}
        with (self.folder / out).open("ab") as file:
            process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=file, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    async def serve(self) -> subprocess.Popen[bytes]:
        """`headway serve main:app`, until it answers."""
        server = self.run(str(self.bin / "headway"), "serve", "main:app", "--port", str(self.port), out="server.log")
        async with asyncio.timeout(120), httpx.AsyncClient() as http:
            while True:
                assert server.poll() is None, self.said("server.log")
                try:
                    await http.get(f"{self.url}/headway/healthz")
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
                else:
                    return server

    def said(self, out: str) -> str:
        """What a program has said so far."""
        return (self.folder / out).read_text(errors="replace")

    def stop(self) -> None:
        """Stop everything."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


async def create(project: Project, pages: int) -> str:
    """Start a report as a client of the application would."""
    async with httpx.AsyncClient(base_url=project.url, timeout=30) as http:
        answer = await http.post("/reports", json={"title": "Q3", "pages": pages})
    assert answer.status_code == 202
    handle = answer.json()
    assert set(handle) == {"id", "links"}
    run_id: str = handle["id"]
    return run_id


async def until(said: "Project", out: str, text: str, within_s: float = 120) -> None:
    """Wait until a program has said something."""
    async with asyncio.timeout(within_s):
        while text not in said.said(out):
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_created_watched_three_ways_and_ended(project: Project, page: Page) -> None:
    """curl, the command line and a page see the same run to its end."""
    await project.serve()
    run_id = await create(project, pages=24)
    stream = f"{project.url}/reports/{run_id}/events"
    curl = project.run("curl", "-sN", stream, out="curl")
    watch = project.run(str(project.bin / "headway"), "watch", stream, out="watch")
    await page.goto(f"{project.url}/watch/{run_id}")
    await page.wait_for_function("document.querySelector('#message').textContent.startsWith('page')")
    await page.wait_for_function("document.querySelector('#status').textContent === 'succeeded'")
    assert await asyncio.to_thread(curl.wait, 60) == 0
    assert await asyncio.to_thread(watch.wait, 60) == 0, project.said("watch")
    assert project.said("curl").rstrip().endswith('"final":true}')
    assert "succeeded" in project.said("watch")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_killed_server_comes_back_and_all_three_learn_the_truth(project: Project, page: Page) -> None:
    """The work died with the server; nobody is told anything else, and nobody has to reload."""
    server = await project.serve()
    run_id = await create(project, pages=10_000)
    stream = f"{project.url}/reports/{run_id}/events"
    reconnecting = ["curl", "-sN", "--retry", "100", "--retry-all-errors", "--retry-delay", "1", stream]
    project.run(*reconnecting, out="curl")
    watch = project.run(str(project.bin / "headway"), "watch", stream, out="watch")
    await page.goto(f"{project.url}/watch/{run_id}")
    await page.wait_for_function("document.querySelector('#message').textContent.startsWith('page')")
    await until(project, "watch", "page")
    await until(project, "curl", "phase.progressed")
    server.send_signal(signal.SIGKILL)
    server.wait()
    await page.wait_for_function("document.querySelector('#connection').textContent !== 'live'")
    await project.serve()
    await page.wait_for_function("document.querySelector('#status').textContent === 'failed'")
    assert await asyncio.to_thread(watch.wait, 60) == 1, project.said("watch")
    assert "worker_lost" in project.said("watch") or "died" in project.said("watch")
    await until(project, "curl", '"status":"failed"')
