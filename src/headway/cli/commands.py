"""The commands and their options. What they do is imported when they are called."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from headway.cli.terminal import err, out, plainly

DEFAULT_URL: Final = "http://127.0.0.1:8000"

app = typer.Typer(
    name="headway",
    help="Live, durable, resumable progress for long-running jobs and AI agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Worker(StrEnum):
    """Where jobs run."""

    PROCESS = "process"
    INLINE = "inline"
    NONE = "none"


class Level(StrEnum):
    """What is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Status(StrEnum):
    """Of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Importance(StrEnum):
    """Of a notice."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


Url = Annotated[
    str,
    typer.Option(
        envvar="HEADWAY_URL",
        metavar="URL",
        help="Where the server's routes are; the prefix /headway is found by itself.",
    ),
]
Token = Annotated[
    str | None, typer.Option(envvar="HEADWAY_TOKEN", metavar="TOKEN", help="Sent as `Authorization: Bearer`.")
]
Store = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="sqlite:///path, a path, postgresql://..., redis://... or memory://. "
        "Else HEADWAY_STORE, else ./headway.db.",
    ),
]
Kept = Annotated[str | None, typer.Option(metavar="URL", help="Which store. Else HEADWAY_STORE, else ./headway.db.")]
Instead = Annotated[str | None, typer.Option(metavar="URL", help="Read this store instead of asking a server.")]
LogLevel = Annotated[Level | None, typer.Option(help="Lowest level that is logged. Else HEADWAY_LOG_LEVEL, else info.")]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, metavar="PORT", help="Port to listen on; 0 takes any free one.")]
Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure", help="Answer everybody who reaches the port, although no authenticator tells who they are."
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        from headway.version import VERSION

        out().print(f"headway {VERSION}")
        raise typer.Exit


@app.callback()
def headway(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Live, durable, resumable progress for long-running jobs and AI agents."""


@app.command()
@plainly
def serve(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE:APP",
            help="Any ASGI application, or a Headway. Without it Headway's own routes are served, for runs whose work "
            "happens elsewhere.",
        ),
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    store: Store = None,
    worker: Annotated[
        Worker | None,
        typer.Option(
            help="Where jobs run: in a worker process of this machine, in the server's own process, or in "
            "`headway worker` processes you start. Else HEADWAY_WORKER, else process."
        ),
    ] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start again when a Python file changes.")] = False,
    insecure: Insecure = False,
    log_level: LogLevel = None,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log each request, without its query.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing about the start.")] = False,
) -> None:
    """Serve an application, or Headway alone.

    Streams are handed over to Headway's hub, so a viewer costs next to nothing. On another address than loopback it
    refuses to start while no authenticator tells who asks.
    """
    from headway.cli.serving import Plan
    from headway.cli.serving import serve as run

    given = {
        "HEADWAY_STORE": store,
        "HEADWAY_WORKER": worker,
        "HEADWAY_INSECURE": "1" if insecure else None,
        "HEADWAY_LOG_LEVEL": log_level,
    }
    run(Plan(target, host, port, reload=reload, access_log=access_log, quiet=quiet), given)


@app.command()
@plainly
def worker(
    target: Annotated[
        str, typer.Argument(metavar="MODULE:HEADWAY", help="A Headway, or anything in a module that holds one.")
    ],
    store: Store = None,
    queues: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Queues to work on, as reports=4,default: one with a number has slots of its own. Else "
            "HEADWAY_QUEUES, else every queue of the jobs.",
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Runs at once in this process. Else HEADWAY_CONCURRENCY, else 20; under Celery's prefork the number "
            "of processors.",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Answer scrapes of Prometheus there; this process serves nothing else."),
    ] = None,
    log_level: LogLevel = None,
) -> None:
    """Execute jobs in this process.

    It works beside the server's own worker, or in its place. Any number of workers may share a store. When one dies,
    the others take its runs over at their last finished step; told to stop, it hands them back.
    """
    from headway.cli.worker import Plan, work

    work(Plan(target, store, queues, concurrency, log_level, metrics), err())


@app.command()
@plainly
def runs(
    status: Annotated[
        list[Status] | None,
        typer.Option(metavar="STATUS", help=f"Only runs of this status: {', '.join(Status)}. May be given again."),
    ] = None,
    job: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this job.")] = None,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Only runs with these words in title, job or id, or whose id begins so; among the newest 10,000.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, metavar="N", help="At most so many, the newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with everything a list knows.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    store: Instead = None,
) -> None:
    """List runs, the newest first."""
    from headway.cli.runs import Wanted, list_runs

    wanted = Wanted([str(one) for one in status or ()], job, search, limit)
    list_runs(wanted, url=url, token=token, store=store, as_json=as_json)


@app.command()
@plainly
def watch(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the address of its stream.")],
    url: Url = DEFAULT_URL,
    token: Token = None,
    store: Instead = None,
) -> None:
    """Watch a run until it ends.

    On a terminal it is a live picture, elsewhere a line for each thing that happens. It survives restarts of the
    server; with --store it needs none. Ctrl-C stops watching, never the run.

    Exit codes: 0 the run succeeded, 1 it failed, 2 wrong usage, 3 it succeeded in part, 4 it was cancelled, 5 it could
    not be watched, 130 interrupted.
    """
    from headway.cli.watching import Place
    from headway.cli.watching import watch as follow

    raise typer.Exit(follow(run, Place(url, token, store)))


@app.command()
@plainly
def answer(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id.")],
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="The answer: JSON, or plain text; - reads it. Else it is asked for."),
    ] = None,
    ask: Annotated[
        str | None, typer.Option(metavar="ID", help="Which question; refused when another one is open.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    store: Annotated[str | None, typer.Option(metavar="URL", help="Answer in this store, without a server.")] = None,
) -> None:
    """Answer the question a run waits with.

    Without an answer it shows the question and asks for each field of it; what is secret is not shown. An answer that
    does not fit is refused, and the run goes on waiting.
    """
    from headway.cli.answering import Answering
    from headway.cli.answering import answer as give

    give(Answering(run, data, ask, url, token, store))


@app.command()
@plainly
def export(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the address of its stream.")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a file, whole or not at all. Else standard output."),
    ] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="Add the run's state as a last line.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    store: Instead = None,
) -> None:
    """Write a run's log out as NDJSON, byte for byte.

    One event a line, as it is kept. How many there were, and whether some had been trimmed before, is said on
    standard error.

    Exit codes: 0 the whole log, 1 it did not work, 2 wrong usage, 3 what is left of a log that was trimmed.
    """
    from headway.cli.exporting import Export
    from headway.cli.exporting import export as write_out

    raise typer.Exit(write_out(Export(run, url, token, store, output, snapshot)))


@app.command()
@plainly
def prune(
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="Drop the logs of runs that ended so long ago: 90s, 15min, 1h, 7d, 2w, or never. Else "
            "HEADWAY_RETENTION_S, else 30d.",
        ),
    ] = None,
    text_older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="Drop the streamed text of runs that ended so long ago. Else HEADWAY_TEXT_RETENTION_S, else 1h.",
        ),
    ] = None,
    lines_older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="Drop the lines of the own logging of runs that ended so long ago. Else HEADWAY_LINES_RETENTION_S, "
            "else as the logs.",
        ),
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Prune only the runs of this job, or kind of run; the ages then go before those the job was "
            "registered with.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be dropped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="What to prune. Else HEADWAY_STORE, else ./headway.db.")
    ] = None,
) -> None:
    """Drop what has outlived its retention.

    A server prunes every quarter of an hour by itself; this is for other ages, and for stores no server works on. A
    run keeps its entry, its last snapshot and the snapshot's event. Runs that go on are not touched. Jobs that were
    registered with a retention of their own keep to it.
    """
    from headway.cli.pruning import Pruning
    from headway.cli.pruning import prune as drop

    drop(Pruning(store, job, older_than, text_older_than, lines_older_than, dry_run, as_json))


listeners = typer.Typer(name="listeners", invoke_without_command=True, rich_markup_mode=None)
app.add_typer(listeners)


@listeners.callback()
@plainly
def list_listeners(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    store: Kept = None,
) -> None:
    """List the listeners of a store, and forget those that are gone.

    How far each was told, when it was last told of something, and how long the oldest run has ended that it was not
    told to its end. A server need not run.
    """
    from headway.cli.listeners import list_listeners as show

    context.obj = store
    if context.invoked_subcommand is None:
        show(store, as_json=as_json)


@listeners.command()
@plainly
def forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the listener.")],
    store: Kept = None,
) -> None:
    """Forget a listener whose function is gone from the code.

    One that a process tells is refused. How far it was told of each run is kept with the run: should it come back
    under its name, it is told nothing twice.
    """
    from headway.cli.listeners import forget as drop

    drop(store or context.obj, name)


connections = typer.Typer(name="connections", invoke_without_command=True, rich_markup_mode=None)
app.add_typer(connections)


@connections.callback()
@plainly
def list_connections(
    context: typer.Context,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only who watches this run.")] = None,
    viewer: Annotated[str | None, typer.Option(metavar="USER", help="Only this user.")] = None,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Only this client: ts, or ts/0.1.0.")] = None,
    group: Annotated[str | None, typer.Option(metavar="NAME", help="Only who watches a run of this group.")] = None,
    transport: Annotated[str | None, typer.Option(metavar="NAME", help="Only sse or poll.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, metavar="N", help="At most so many, the newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """List who watches, on all servers of a store, and close a connection.

    Nothing is stored of them: every process is asked, and one that does not answer in time is told.
    """
    from headway.cli.operating import At
    from headway.cli.operating import list_connections as show

    context.obj = At(url, token)
    if context.invoked_subcommand is None:
        which = {"run": run, "viewer": viewer, "client": client, "group": group, "transport": transport}
        show(context.obj, {**which, "limit": limit}, as_json=as_json)


@connections.command()
@plainly
def close(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="Its id.")],
) -> None:
    """End a stream, or answer a long-poll now. Its client comes back and goes on where it was."""
    from headway.cli.operating import close_connection

    close_connection(context.obj, connection)


@app.command()
@plainly
def notice(
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="What is said; with --end an id. Else those that stand."),
    ] = None,
    level: Annotated[Importance, typer.Option(help="How important it is.")] = Importance.INFO,
    lasts: Annotated[
        str | None, typer.Option("--for", metavar="AGE", help="Over after so long: 90s, 15min, 1h. Else with --end.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Only to who watches now; nothing stands afterwards.")] = False,
    end: Annotated[bool, typer.Option("--end", help="Take away the notice named, or all that stand.")] = False,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only for who watches this run.")] = None,
    viewer: Annotated[str | None, typer.Option(metavar="USER", help="Only for this user.")] = None,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Only for this client: ts, or ts/0.1.0.")] = None,
    group: Annotated[str | None, typer.Option(metavar="NAME", help="Only for who watches a run of this group.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print those that stand as JSON.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Put a notice before every viewer, until it is taken away or its time is over.

    Who watches is told at once, who comes later when they come; who polls finds it in what is polled.
    """
    from headway.cli.operating import At, Notice, end_notices, list_notices, put_notice

    at = At(url, token)
    if end:
        end_notices(at, text)
    elif text is None:
        list_notices(at, as_json=as_json)
    else:
        to = {"run": run, "viewer": viewer, "client": client, "group": group}
        put_notice(at, Notice(text, level, lasts, once, to))


@app.command()
@plainly
def transports(
    on: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Switch it on. May be given again.")] = None,
    off: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Switch it off. May be given again.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="As the servers were started.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Show which transports are on, and switch them while servers run.

    Streams of one that goes off are told to poll, and do within a round trip. It is stored: servers that start later
    keep to it, too.
    """
    from headway.cli.operating import At
    from headway.cli.operating import transports as switch

    switch(At(url, token), on=on or (), off=off or (), reset=reset, as_json=as_json)


@app.command()
@plainly
def flush(
    url: Annotated[
        str | None,
        typer.Option(
            envvar="HEADWAY_URL", metavar="URL", help="Only what is for this server. Else for all, without a token."
        ),
    ] = None,
    token: Token = None,
) -> None:
    """Send reports that wait on this machine because their server was away.

    Reporters that are alive send theirs by themselves. Exit code 1: something still waits.
    """
    from headway.cli.flushing import flush_spool

    raise typer.Exit(flush_spool(url, token))


@app.command()
@plainly
def migrate(
    sql: Annotated[
        bool, typer.Option("--sql", help="Only print what makes a Postgres schema from nothing; nothing is opened.")
    ] = False,
    store: Kept = None,
) -> None:
    """Bring the store's schema up to date.

    Every server and worker does so when it starts; this is for deployments whose servers may not create tables. It may
    be run while others work, and more than once.
    """
    from headway.cli.migrating import migrate as bring

    bring(store, sql=sql)


@app.command()
@plainly
def doctor(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE:APP",
            help="An application with a Headway: look at what its code sets, too.",
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Look at this server, too, and at the way to it.")
    ] = None,
    token: Token = None,
    store: Store = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look whether all is well, and say how to mend what is not.

    Looks at this machine, the settings, the store and, with --url, at a server: its clock, who is let in, and whether
    something on the way holds streams back. Changes nothing.

    Exit codes: 0 nothing fails (there may be warnings), 1 something does, 2 wrong usage.
    """
    from headway.cli.doctor.examining import Examined, examine

    raise typer.Exit(examine(Examined(target, store, url, token), as_json=as_json))


@app.command()
@plainly
def demo(
    host: Host = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, metavar="PORT", help="Port to listen on. Else 8000, or a free one if that is taken."
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the trips are kept. Else HEADWAY_STORE, else thrown away in the end."),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page, where there is a display.")] = True,
    insecure: Insecure = False,
) -> None:
    """Plan a trip, live in the browser.

    Starts the itinerary example with a server, a worker and a slow provider of places. A server that is killed is
    started again; one Ctrl-C stops everything.
    """
    from headway.cli.demo import Options, run_demo

    run_demo(Options(host, port, store, browser, insecure))
