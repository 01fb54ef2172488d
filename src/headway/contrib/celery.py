"""Celery tasks you have, shown as runs: queued, running, tried again, ended.

::

    app = Celery("shop", broker="redis://…")
    report_to_headway(app, "https://host/headway")

    @app.task(autoretry_for=(OSError,))
    def build(order: int) -> str:
        with headway.current().phase("read", total=10) as phase:
            phase.advance()

Celery goes on to deliver, to retry and to keep results. A message that is delivered again - Redis does so whenever a
task takes longer than its visibility time-out - begins a new execution only when the lease of the one before is over;
otherwise it is acknowledged, and the body does not run a second time.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from celery import Celery, Task, signals
from celery.exceptions import Ignore, Reject, Retry

from headway.client.http import Client
from headway.contrib.delivery import Delivery, Done, Muted, begin, hand_back
from headway.contrib.process import Process
from headway.core.events import RunCancelled, new_event
from headway.core.limits import NAME_MAX
from headway.core.run import RunStatus
from headway.errors import CancelRequested, HeadwayError, Owned, RunUnsuccessful, UsageError
from headway.publish.publisher import STOPPING

log = logging.getLogger("headway.celery")

HEADER: Final = "headway_run"
"""Header of a message that names the run of its task: ``task.apply_async(headers={HEADER: run.id})``."""

RETRY_AFTER_S: Final = 10.0
"""A server that was not reached is left alone for so long by whoever sends tasks."""


def report_to_headway(
    app: Celery,
    url: str,
    *,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    lease_s: float = 15.0,
    every: bool = True,
) -> Reporting:
    """Show the executions of an application's tasks as runs.

    Inside a task `headway.current` is the plain handle of its run. What a task returns becomes the run's result, if
    JSON can say it; what it raises, its error. A viewer's request to stop raises `CancelRequested` where the task
    reports next. When the server cannot be reached as a task begins, the task runs all the same, and is not shown.

    Call it where the application is made, in the processes that send tasks and in those that work on them. A task says
    more about its runs by ``@app.task(headway={"title": …, "phases": {…}, "group": …, "metadata": {…}})``;
    ``headway=False`` leaves it out.

    Args:
        app: The application.
        url: Where Headway's routes are mounted.
        token: Sent as ``Authorization: Bearer``.
        headers: Sent with every request.
        lease_s: A task's process that shows no life for so long is dead. Keep it below the visibility time-out.
        every: Show all tasks; False: those with an option ``headway``.

    Returns:
        What tells the run of a task that was sent.
    """
    return Reporting(app, Process(url, token, headers), lease_s=lease_s, every=every)


class Reporting:
    """What `report_to_headway` returns.

    Args:
        app: The application.
        process: How this process talks to the server.
        lease_s: See `report_to_headway`.
        every: See `report_to_headway`.
    """

    def __init__(self, app: Celery, process: Process, *, lease_s: float, every: bool) -> None:
        self._app = app
        self._process = process
        self._lease_s = lease_s
        self._every = every
        self._away_until = 0.0
        self._connect()

    def handle(self, task: Task[Any, Any], task_id: str) -> dict[str, Any]:
        """Return the handle of the run of a task that was sent, with its id and links. For plain code.

        Raises:
            HeadwayError: the server is away, or refuses.
            UsageError: called from a coroutine; use ``await asyncio.to_thread(reporting.handle, task, id)``.
        """
        return self._process.call(lambda client: self._open(client, task, task_id))

    # -- what is shown

    def _connect(self) -> None:
        self._app.on_after_finalize.connect(self._wrap_all, weak=False)
        signals.worker_init.connect(self._wrap_all, weak=False)
        signals.worker_process_init.connect(lambda **_signal: self._process.flush_soon(), weak=False)
        signals.celeryd_after_setup.connect(self._wrap_all, weak=False)
        signals.before_task_publish.connect(self._before_publish, weak=False)
        signals.task_revoked.connect(self._revoked, weak=False)
        if self._app.finalized:  # type: ignore[attr-defined]  # its stubs do not know it
            self._wrap_all()

    def _wrap_all(self, **_signal: Any) -> None:
        """Wrap the bodies of all tasks that are to be shown and are not wrapped yet."""
        for task in self._app.tasks.values():
            if self._shows(task) and not hasattr(task.run, "_headway"):
                task.run = self._wrapped(task)  # type: ignore[method-assign]  # as autoretry_for does

    def _shows(self, task: Task[Any, Any]) -> bool:
        option = getattr(task, "headway", self._every or None)
        return option not in (None, False) and not task.name.startswith("celery.")

    def _wrapped(self, task: Task[Any, Any]) -> Callable[..., Any]:
        body = task.run  # with what autoretry_for has made of it

        @functools.wraps(body)
        def run(*args: Any, **kwargs: Any) -> Any:
            if task.request.called_directly:
                return body(*args, **kwargs)
            return self._execute(task, functools.partial(body, *args, **kwargs))

        run._headway = self  # type: ignore[attr-defined]
        return run

    def _about(self, task: Task[Any, Any], task_id: str) -> dict[str, Any]:
        option = getattr(task, "headway", None)
        about = dict(option) if isinstance(option, Mapping) else {}
        metadata = {"celery_task_id": task_id, **about.pop("metadata", {})}
        return {"title": task.name, "lease_s": self._lease_s, **about, "metadata": metadata}

    async def _open(self, client: Client, task: Task[Any, Any], task_id: str) -> dict[str, Any]:
        """Create the task's run, or find it: a task has one, whoever asks first."""
        about = self._about(task, task_id)
        title = about.pop("title")[:NAME_MAX]
        return await client.open(title, key=f"celery/{task_id}", kind=task.name[:NAME_MAX], queued=True, **about)

    def _before_publish(self, sender: str, headers: dict[str, Any], **_signal: Any) -> None:
        """Let the run stand in the queue as soon as its message does; if that fails, the worker creates it."""
        task = self._app.tasks.get(sender)
        if task is None or not self._shows(task) or HEADER in headers or time.monotonic() < self._away_until:
            return
        try:
            headers[HEADER] = self.handle(task, headers["id"])["id"]
        except UsageError:
            return  # in a coroutine, whose loop may be the one that would have to answer
        except HeadwayError as error:
            self._away_until = time.monotonic() + RETRY_AFTER_S
            log.warning("task %s is sent without being shown as queued: %s", sender, error)

    # -- one delivery

    def _execute(self, task: Task[Any, Any], body: Callable[[], Any]) -> Any:
        task_id = _id_of(task)  # now: what is current is so in this thread only
        delivery = Delivery(
            task.request.get(HEADER), lambda client: self._open(client, task, task_id), task.request.retries
        )
        try:
            attachment = self._process.call(lambda client: begin(client, delivery, self._lease_s, self._process.loop))
        except Owned as error:
            log.info("task %s[%s] is executed elsewhere: %s", task.name, task_id, error)
            raise Ignore from error
        except HeadwayError as error:
            log.warning("task %s[%s] runs without being shown: %s", task.name, task_id, error)
            attachment = Muted(self._process.loop)
        if isinstance(attachment, Done):
            return self._ended_before(task, attachment)
        run: Any = None
        try:
            with attachment as run:
                return self._report(task, run, body)
        except (Retry, Reject) as error:
            shown = run is not None and not isinstance(attachment, Muted)
            if shown and _comes_again(error):  # left, so that all it said is sent or in the spool
                self._hand_back(functools.partial(hand_back, run.id, run.context.execution_id))
            raise
        finally:
            self._process.flush_soon()

    def _hand_back(self, work: Callable[[Client], Awaitable[None]]) -> None:
        """Let the run wait for its next message: now, because this process may end, or when the server is back."""
        try:
            self._process.call(work)
        except HeadwayError as error:
            log.warning("not shown yet as waiting for its next try: %s", error)
            self._process.see_to(work)

    def _ended_before(self, task: Task[Any, Any], done: Done) -> Any:
        """Answer for a run that has ended: its worker died between saying so and acknowledging.

        Or its message was delivered again before. Celery has noted by now that the task is under way once more, and may
        never have heard how it ended: it is told.
        """
        log.info("task %s[%s] is not run again: its run is %s", task.name, _id_of(task), done.status)
        if done.is_success:
            return done.result
        if done.status is RunStatus.FAILED:
            raise RunUnsuccessful(f"the run has failed: {done.error}")
        _mark_revoked(task)
        raise Ignore

    def _report(self, task: Task[Any, Any], run: Any, body: Callable[[], Any]) -> Any:
        try:
            result = body()
            _finish(run, result)
        except CancelRequested as error:
            _said(run.cancelled)  # it may have ended already: who does not stop in time is given up
            _mark_revoked(task)
            raise Ignore from error
        except STOPPING as error:  # another execution's by now, or ended: whatever comes of this one counts no more
            raise Ignore from error
        except (Retry, Reject) as error:
            _tell_of_the_next(run, error)
            raise
        except Ignore:
            _said(run.finish)
            raise
        except Exception as error:
            _said(run.fail, error)
            raise
        return result

    def _revoked(self, sender: Task[Any, Any], request: Any, terminated: bool, expired: bool, **_signal: Any) -> None:
        """End the run of a task that was revoked. Called in the process whose children work: it keeps no thread."""
        if sender.app is not self._app or not self._shows(sender):
            return
        reason = "expired" if expired else "revoked"
        cancelled = new_event("run.cancelled", RunCancelled(reason=reason, forced=terminated))

        async def cancel(client: Client) -> None:
            run_id = request.get(HEADER) or (await self._open(client, sender, request.id))["id"]
            await client.append(run_id, None, [cancelled])

        try:
            self._process.call_once(cancel)
        except HeadwayError as error:
            log.warning("task %s[%s] was %s, which is not shown: %s", sender.name, request.id, reason, error)


def _comes_again(error: Retry | Reject) -> bool:
    """Whether the message is about to be sent again."""
    return isinstance(error, Retry) or bool(getattr(error, "requeue", False))


def _tell_of_the_next(run: Any, error: Retry | Reject) -> None:
    """Say why the work is given up for now, or for good."""
    why: Any = error.exc or error.message if isinstance(error, Retry) else getattr(error, "reason", None)
    if not _comes_again(error):
        _said(run.fail, str(why or "the task rejected its message"))
        return
    text = f"{type(why).__name__}: {why}" if isinstance(why, BaseException) else str(why or "")
    told = f"It is tried again. {text}".strip()[:10_000]
    _said(run.error, told, severity="warning", code="retried", retryable=True)


def _finish(run: Any, result: Any) -> None:
    """End the run with what the task returned, as far as that can be shown."""
    try:
        orjson.dumps(result)
        run.finish(result)
    except STOPPING:
        raise
    except (orjson.JSONEncodeError, HeadwayError) as error:
        log.info("the result of run %s is not shown: %s", run.id, error)
        _said(run.finish)


def _said(say: Callable[..., Any], *args: Any, **options: Any) -> None:
    """Say something that must not change what becomes of the task."""
    try:
        say(*args, **options)
    except HeadwayError as error:
        log.warning("not shown: %s", error)


def _mark_revoked(task: Task[Any, Any]) -> None:
    task.backend.mark_as_revoked(_id_of(task), "cancelled", request=task.request, store_result=not task.ignore_result)


def _id_of(task: Task[Any, Any]) -> str:
    return str(task.request.id)
