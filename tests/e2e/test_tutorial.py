"""The tutorial, step by step, in the order and with the commands it prints, in a real browser."""

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
EXAMPLE = ROOT / "docs" / "examples" / "tutorial"
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
FILES = re.findall(r'--8<-- "docs/examples/tutorial/([\w.]+)"', PAGE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install headway` would fetch."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


class Reader:
    """Somebody who follows the page in an empty folder.

    Args:
        folder: Where they are.
        wheel: Of Headway.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._wheel = wheel
        self._environment = {**os.environ, "PYTHONPATH": "", "HEADWAY_URL": self.url, "no_proxy": "*"}
        constraints = re.sub(r" \\\n(?:    --hash.*\n)+", "\n", (ROOT / "requirements" / "dev.txt").read_text())
        (folder / "constraints.txt").write_text(constraints)
        self._environment["PIP_CONSTRAINT"] = str(folder / "constraints.txt")
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, step: str, **environment: str) -> subprocess.Popen[bytes]:
        """Type a step, on a port that is free, with the wheel in place of its name."""
        step = step.replace("main:app", f"main:app --port {self.port}")
        step = step.replace("'headway[server]'", f"'{self._wheel}[server]'")
        activate = "" if ".venv" in step else ". .venv/bin/activate\n"
        with (self.folder / "said").open("ab") as said:
            process = subprocess.Popen(
                ["bash", "-euc", activate + step],
                cwd=self.folder,
                env={**self._environment, **environment},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    async def do(self, step: str, **environment: str) -> None:
        """Type a step and wait until it is done."""
        process = self.start(step, **environment)
        assert await asyncio.to_thread(process.wait, 300) == 0, self.said()

    async def serve(self, step: str) -> subprocess.Popen[bytes]:
        """Type a step that serves, and wait until it does."""
        process = self.start(step)
        async with asyncio.timeout(60), httpx.AsyncClient() as http:
            while True:
                try:
                    await http.get(self.url)
                except httpx.HTTPError:
                    assert process.poll() in (None, 0), self.said()
                    await asyncio.sleep(0.1)
                else:
                    return process

    def said(self) -> str:
        """What the terminal shows."""
        return (self.folder / "said").read_text(errors="replace")

    def leave(self) -> None:
        """End everything that was started."""
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()


@pytest.fixture
def reader(tmp_path: Path, wheel: Path) -> Iterator[Reader]:
    """A reader with the page's files."""
    for name in FILES:
        (tmp_path / name).write_text((EXAMPLE / name).read_text())
    reader = Reader(tmp_path, wheel)
    yield reader
    reader.leave()


async def shown(page: Page, status: str) -> None:
    """Wait until the page shows a status."""
    await page.wait_for_function(f"document.querySelector('#status').textContent === '{status}'", timeout=60_000)


async def rows(page: Page, with_words: int) -> None:
    """Wait until so many pages were read."""
    await page.wait_for_function(
        f"document.querySelector('#pages').innerText.split('words').length > {with_words}", timeout=60_000
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_every_step(reader: Reader, page: Page) -> None:
    """Install, serve, watch, stop, watch in a terminal, kill, go on, test."""
    install, serve, look, background, kill, again, test = STEPS
    assert FILES == ["main.py", "page.html", "test_report.py"]
    await reader.do(install)

    server = await reader.serve(serve)
    await page.goto(reader.url)
    await page.click("#start")
    await rows(page, 2)
    await page.reload()
    await rows(page, 2)
    assert page.context.browser is not None
    other = await page.context.browser.new_page()
    await other.goto(page.url)
    await rows(other, 2)
    await other.click("#stop")
    await shown(page, "cancelled")
    await shown(other, "cancelled")
    await other.close()

    await page.goto(reader.url)
    await page.click("#start")
    await page.wait_for_function("location.hash.length > 1")
    await reader.do(look, RUN=page.url.partition("#")[2])
    assert "succeeded" in reader.said()
    await shown(page, "succeeded")
    assert "All pages are read." in await page.inner_text("#summary")

    os.killpg(server.pid, signal.SIGINT)
    assert await asyncio.to_thread(server.wait, 30) == 0, reader.said()
    await reader.serve(background)
    await page.goto(reader.url)
    await page.click("#start")
    await rows(page, 3)
    await reader.do(kill)
    await page.wait_for_function("document.querySelector('#connection').textContent === 'backoff'")
    await reader.serve(again)
    await shown(page, "succeeded")
    async with httpx.AsyncClient(base_url=f"{reader.url}/headway/v1/runs/", timeout=30) as http:
        run = (await http.get(page.url.partition("#")[2])).json()
        log = (await http.get(f"{run['run_id']}/events", params={"limit": 1000, "type": "step.finished"})).json()
    assert [execution["outcome"] == "succeeded" for execution in run["executions"]] == [False, True]
    keys = [event["data"]["key"] for event in log["events"]]
    assert len(keys) == len(set(keys)) == 61, "every page was read once, and the summary written once"

    await reader.do(test)
    assert "1 passed" in reader.said()
