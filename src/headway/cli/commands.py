"""All commands in one place, with what is heavy imported only when it is called."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console

from headway.errors import HeadwayError

app = typer.Typer(
    help="Live, durable, resumable progress for long-running jobs and AI agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Store = Annotated[str | None, typer.Option(help="Where runs are kept: a path, sqlite:///path or memory://.")]


def run() -> None:
    """Run the command line; an error of ours is one line, never a stack."""
    try:
        app()
    except HeadwayError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]headway:[/] {error} [dim]({error.code})[/]")
        sys.exit(2)


def _set(**variables: object) -> None:
    """Hand options on as the variables of `headway.config.Settings`: worker processes read them, too."""
    for name, value in variables.items():
        if value is not None and value is not False:
            os.environ[f"HEADWAY_{name.upper()}"] = "1" if value is True else str(value)


@app.command()
def serve(
    target: Annotated[str | None, typer.Argument(help="module:app to serve; Headway's own routes without it.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    store: Store = None,
    worker: Annotated[
        Literal["process", "inline", "none"] | None,
        typer.Option(help="Where jobs run: a child process, this one, or elsewhere."),
    ] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start anew when a file changes.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Answer everybody without an authenticator.")] = False,
) -> None:
    """Serve an application, or Headway alone, with streams handed over to the hub."""
    _set(store=store, worker=worker, insecure=insecure)
    from headway.cli.serve import serve as start

    start(target, host, port, reload=reload)


@app.command()
def worker(
    target: Annotated[str, typer.Argument(help="module:attribute of the Headway, or of the app it is mounted in.")],
    store: Store = None,
    concurrency: Annotated[int | None, typer.Option(help="Attempts at once in this process.")] = None,
) -> None:
    """Execute jobs in this process until it is told to stop."""
    _set(store=store, concurrency=concurrency)
    from headway.ops.logging import configure
    from headway.worker import load
    from headway.worker import run as work

    hw = load(target)
    configure(level=hw.settings.log_level, format=hw.settings.log_format)
    work(hw)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the page; another one is taken when it is busy.")] = 8000,
    browser: Annotated[bool, typer.Option(help="Open the page where there is a display.")] = True,
) -> None:
    """Plan a trip live in the browser: the itinerary example with its place provider."""
    from headway.cli.demo import demo as start

    start(port, open_browser=browser)
