"""A browser, pages in it, what they cost its main thread, and a run for them to watch."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.peers.headway_server import call, create_run
from bench.processes import BenchError
from headway.core.events import NewEvent, new_event
from tests.e2e.fault_site import news

ROOT = Path(__file__).parents[1]
PREFIX = "/headway"
BATCHES_A_SECOND = 100
PATIENCE_MS = 300_000
# No sandbox: root has none in a container. No calls home.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
LONG_TASKS = """
  window.long = [];
  new PerformanceObserver((list) => window.long.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: "longtask", buffered: true });
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost a page.

    Attributes:
        shown_ms: From the page's beginning until the last event was on it.
        main_ms: Processor time of its main thread.
        script_ms: Of it in scripts.
        long_ms: Each of its tasks that took more than 50 ms, by the clock.
        commits: How often React drew.
        wrong: What is wrong with what it shows in the end.
    """

    shown_ms: float
    main_ms: float
    script_ms: float
    long_ms: list[float]
    commits: int
    wrong: str


class Steered:
    """A run whose work happens here."""

    def __init__(self, port: int) -> None:
        self.seq = 0
        self.path = (made := create_run(port, PREFIX)).path
        self.id = made.id
        self._execution_id = made.execution_id
        self.port = port
        self._made = 0
        self._post([new_event("output.started", {"key": "text"})])

    def go_on(self, count: int) -> None:
        """Report so many events of many kinds."""
        self._post(news(self._made, count))
        self._made += count

    def paced(self, rate: float, seconds: float) -> None:
        """Report at a steady pace; a late answer does not move what comes after it."""
        start, batches = time.monotonic(), round(seconds * BATCHES_A_SECOND)
        for number in range(batches):
            time.sleep(max(0.0, start + number / BATCHES_A_SECOND - time.monotonic()))
            self.go_on(round(rate / BATCHES_A_SECOND))

    def differs(self, seen: dict[str, int]) -> str:
        """Return what is wrong with what a page shows of it; "" when nothing is."""
        state = call(self.port, "GET", self.path)
        right = {"seq": state["seq"], "items": len(state["items"]), "text": len(state["outputs"]["text"]["text"])}
        wrong = {name: seen[name] for name in right if seen[name] != right[name]}
        return f"shows {wrong} instead of {right}" if wrong else ""

    def _post(self, events: list[NewEvent]) -> None:
        told = [{"type": event.type, "data": orjson.Fragment(event.data)} for event in events]
        body = orjson.dumps({"execution_id": self._execution_id, "events": told})
        self.seq = call(self.port, "POST", f"{self.path}/events", body)["seq"]


class View:
    """A page in a browser of its own, as far as it can tell."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._url = url
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        # Processor time instead of the clock's: what else the machine does is not in it.
        self._cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.add_init_script(LONG_TASKS)

    def open(self, run: Steered) -> Cost:
        """Open the page and wait until it shows everything."""
        self._page.goto(f"{self._url}run={run.id}")
        return self.cost(run)

    def cost(self, run: Steered) -> Cost:
        """Wait until it shows everything, and return what it cost so far."""
        self._page.wait_for_function("(seq) => window.seen?.seq >= seq", arg=run.seq, polling=100, timeout=PATIENCE_MS)
        seen = self._page.evaluate("window.seen")
        found = {each["name"]: each["value"] for each in self._cdp.send("Performance.getMetrics")["metrics"]}
        return Cost(
            seen["at"],
            found["TaskDuration"] * 1000,
            found["ScriptDuration"] * 1000,
            self._page.evaluate("window.long"),
            seen["commits"],
            run.differs(seen),
        )


def chromium() -> str:
    """Return where Chromium is.

    Raises:
        BenchError: it is nowhere.
    """
    path = os.environ.get("CHROME_BIN") or shutil.which("chromium")
    if path is None:
        raise BenchError("there is no Chromium; `scripts/ensure_system.sh chromium` installs it or says how")
    return path


def version() -> str:
    """Return which Chromium it is."""
    done = subprocess.run([chromium(), "--version"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split()[:2])


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Give a browser for as long as the block lasts."""
    path = chromium()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(ROOT / ".venv/bin/node"))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@contextlib.contextmanager
def tab(browser: Browser) -> Iterator[Page]:
    """Give an empty page in a browser of its own, as far as it can tell."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def build(folder: Path) -> None:
    """Build the pages into a folder.

    Raises:
        BenchError: they cannot be built.
    """
    vite = ROOT / "node_modules/vite/bin/vite.js"
    command = [str(ROOT / ".venv/bin/node"), str(vite), "build", str(ROOT / "bench/viewers"), "--outDir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"the pages cannot be built: {done.stdout}{done.stderr}")
