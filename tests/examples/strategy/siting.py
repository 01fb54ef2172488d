"""A small site in a thread, which counts what it is asked, and answers when it is let."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOPICS = {
    "bread": "Sourdough bread needs a starter. The starter is fed with rye flour and water. Bread dough rests, "
    "and the oven has to be hot. A baking stone keeps the heat. Bread with a crisp crust is baked with steam. ",
    "coffee": "Coffee beans are roasted slowly. A burr grinder cuts coffee evenly. Water for filter coffee is hot. "
    "Espresso needs pressure and a fine grind. Coffee from Ethiopia tastes of flowers. ",
    "cheese": "Cheese ripens in a cellar. Hard cheese is turned every week. Rennet makes milk thick; whey runs off. "
    "Goat cheese is eaten young. A cheese knife has holes so that cheese does not stick. ",
}


def page(topic: str, *links: str, times: int = 6) -> str:
    """A page about something."""
    anchors = "".join(f'<a href="{link}">{link}</a> ' for link in links)
    paragraphs = "".join(f"<p>{TOPICS[topic]}</p>" for _ in range(times))
    return f"<html><head><title>All about {topic}</title></head><body><main>{paragraphs}</main>{anchors}</body></html>"


class Site:
    """A site.

    Attributes:
        pages: HTML by path; an int is a status instead.
        robots: Of robots.txt; None: there is none.
        asked: How often each path was asked for.
        gate: Pages named in `held` are answered when it is set.
    """

    def __init__(self, pages: dict[str, str | int], robots: str | None = None) -> None:
        self.pages = pages
        self.robots = robots
        self.asked: Counter[str] = Counter()
        self.held: set[str] = set()
        self.gate = threading.Event()
        self.port = 0

    @property
    def host(self) -> str:
        """As a guard is told to let it through."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Of its first page."""
        return f"http://{self.host}/"

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, type and body for a path."""
        self.asked[path] += 1
        if path == "/robots.txt":
            return (404, "text/plain", b"") if self.robots is None else (200, "text/plain", self.robots.encode())
        if path in self.held:
            self.gate.wait(300)
        found = self.pages.get(path, 404)
        return (found, "text/html", b"") if isinstance(found, int) else (200, "text/html", found.encode())


@contextlib.contextmanager
def running(site: Site) -> Iterator[Site]:
    """Serve a site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = site.answer(self.path)
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        site.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


def three_pages() -> dict[str, str | int]:
    """A site about bread, coffee and cheese."""
    return {
        "/": page("bread", "/coffee", "/cheese", "/missing"),
        "/coffee": page("coffee"),
        "/cheese": page("cheese"),
    }
