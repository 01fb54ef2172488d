"""The client: one method per route, problems raised as the errors they stand for."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx
import orjson

from headway.client.address import Address
from headway.client.link import foreign
from headway.client.operating import Operating
from headway.client.problems import problem, unreachable
from headway.client.watch import watch
from headway.client.watched import Connection, Seen
from headway.core.events import NewEvent
from headway.errors import UsageError

LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=2.0)
"""Any number of streams; and an idle connection is let go before the server (after 5 s, mostly) lets it go."""


class Client(Operating):
    """Talks to a Headway server. Use it as ``async with Client("https://host/headway") as client``.

    Args:
        url: Where Headway's routes are mounted.
        token: Sent as ``Authorization: Bearer``.
        headers: Sent with every request.
        timeout: Seconds one request may take; streams are watched by their pings instead.

    Raises:
        UsageError: `url` is not one.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.url = _checked(url)
        sent = {"User-Agent": "headway-python", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        self.http = httpx.AsyncClient(
            headers=sent,
            timeout=timeout,
            limits=LIMITS,
            follow_redirects=False,
            trust_env=not _is_this_machine(self.url),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections. Idempotent."""
        await self.http.aclose()

    # -- runs

    async def jobs(self) -> list[dict[str, Any]]:
        """Return the jobs that may be started over HTTP, with the schemas of their input and result."""
        answer = await self._json("GET", "/v1/jobs")
        jobs: list[dict[str, Any]] = answer["jobs"]
        return jobs

    async def start(
        self, job: str, input: Any = None, *, title: str | None = None, key: str | None = None, **about: Any
    ) -> dict[str, Any]:
        """Start a run of a job; return the handle with id, snapshot and links.

        Args:
            job: Its name.
            input: What it takes.
            title: For people; the job's own when None.
            key: Creation key: sent again, it gives the same run.
            about: ``group``, ``metadata``.
        """
        headers = {"Idempotency-Key": key} if key is not None else {}
        body = {"input": input, "title": title, **about}
        return await self._json("POST", f"/v1/jobs/{quote(job, safe='')}/runs", json=body, headers=headers)

    async def open(self, title: str, *, key: str | None = None, **about: Any) -> dict[str, Any]:
        """Create a run whose work happens elsewhere; ``about``: kind, group, phases, lease_s, queued, metadata."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        return await self._json("POST", "/v1/runs", json={"title": title, **about}, headers=headers)

    async def get(self, run_id: str) -> dict[str, Any]:
        """Return a run's snapshot."""
        return await self._json("GET", self._run(run_id))

    async def runs(self, **which: Any) -> dict[str, Any]:
        """Return a page of runs, newest first; ``which``: status, job, group, limit, page, ``q``: words to look for."""
        params = {name: value for name, value in which.items() if value is not None}
        return await self._json("GET", "/v1/runs", params=params)

    async def events(self, run_id: str, *, after: str | None = None, limit: int | None = None) -> dict[str, Any]:
        """Return a page of a run's log."""
        params = {name: value for name, value in {"after": after, "limit": limit}.items() if value is not None}
        return await self._json("GET", f"{self._run(run_id)}/events", params=params)

    async def cancel(self, run_id: str, *, reason: str | None = None) -> dict[str, Any]:
        """Ask a run to stop."""
        return await self._json("POST", f"{self._run(run_id)}/cancel", json={"reason": reason})

    async def answer(self, run_id: str, ask_id: str, data: Any) -> dict[str, Any]:
        """Answer a question of a run's job; ``asks`` of its state says what it waits for."""
        return await self._json("POST", f"{self._run(run_id)}/input", json={"ask_id": ask_id, "data": data})

    async def retry(self, run_id: str, *, seq: int, items: Sequence[str] | None = None) -> dict[str, Any]:
        """Try an ended run's failed items (or those named) again; `seq` is the last one you saw."""
        return await self._json("POST", f"{self._run(run_id)}/retry", json={"seq": seq, "items": items})

    async def delete(self, run_id: str) -> None:
        """Remove an ended run with its log."""
        await self._answer("DELETE", self._run(run_id))

    async def take_over(
        self,
        run_id: str,
        *,
        take_over: bool = False,
        key: str | None = None,
        execution_id: str | None = None,
        lease_s: float | None = None,
    ) -> dict[str, Any]:
        """Begin an execution of a run, to report into it.

        Args:
            run_id: The run.
            take_over: Fence an execution that may be alive.
            key: Sent again with the same one, because the answer was lost, nothing is begun twice.
            execution_id: The last execution you saw: another one is not touched.
            lease_s: The run fails when nothing was reported for so long; None: as it was opened.

        Raises:
            Owned: somebody reports into it, and their lease is not over.
            Fenced: `execution_id` is not the current one.
            Conflict: it is the run of a job, whose workers alone execute it.
        """
        headers = {"Idempotency-Key": key} if key is not None else {}
        params = {"execution_id": execution_id} if execution_id is not None else {}
        path, body = f"{self._run(run_id)}/executions", {"take_over": take_over, "lease_s": lease_s}
        return await self._json("POST", path, json=body, headers=headers, params=params)

    async def hand_back(self, run_id: str, execution_id: str) -> dict[str, Any]:
        """Give up an execution without ending the run: it is queued until somebody begins the next one."""
        path = f"{self._run(run_id)}/executions"
        return await self._json("POST", path, json={"queued": True}, params={"execution_id": execution_id})

    async def append(self, run_id: str, execution_id: str | None, events: Sequence[NewEvent]) -> dict[str, Any]:
        """Append events in one transaction; return seq, cursor, status and whether somebody asked it to stop."""
        body = orjson.dumps({"execution_id": execution_id, "events": [_wire(event) for event in events]})
        headers = {"Content-Type": "application/json"}
        return await self._json("POST", f"{self._run(run_id)}/events", content=body, headers=headers)

    def watch(
        self,
        run: str,
        *,
        on_connection: Callable[[Connection], None] | None = None,
        on_notice: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> AsyncGenerator[Seen, None]:
        """Yield a run's state, first as it is and then after every event with that event, until it has ended.

        The event is None where the state was replaced as a whole, or where `Watched.live` has changed. Events come in
        order, each once; those that a snapshot holds already do not come. It waits for the server, however long, and
        survives its restarts: it comes back with its cursor until it is told that there is no such run, or that it may
        not watch. Where streams do not get through, it polls. Cancel-safe; a consumer that is slow is sent a snapshot.

        Args:
            run: Its id, or the address of any endpoint that streams one (``https://host/reports/run_…/events``).
            on_connection: Told whenever the connection changes.
            on_notice: Told what operators have to say.

        Raises:
            UsageError: `run` is neither.
            HeadwayError: a final answer (401, 403, 404, no stream of a run); the run was deleted meanwhile.
        """
        return watch(
            self.http,
            Address.of(run, self.url),
            on_connection=on_connection or _ignore,
            on_notice=on_notice or _ignore,
        )

    # -- inside

    def _run(self, run_id: str) -> str:
        return f"/v1/runs/{quote(run_id, safe='')}"

    async def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            response = await self.http.request(method, self.url + path, **request)
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error
        if not response.is_success:
            raise problem(response)
        return response

    async def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        response = await self._answer(method, path, **request)
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise foreign(response, "what no Headway answers").error
        return answer


def _ignore(_told: object) -> None:
    pass


def _checked(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UsageError(f"{url!r} is no address: {error}", hint="write http://host:port") from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise UsageError(f"{url!r} is no address of a server", hint="write http://host:port, and the prefix if any")
    return url.rstrip("/")


def _is_this_machine(url: str) -> bool:
    """Whether no proxy of the environment can reach it: loopback there is not loopback here."""
    host = httpx.URL(url).host
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wire(event: NewEvent) -> dict[str, Any]:
    body = {"type": event.type, "data": orjson.Fragment(event.data), "key": event.key, "at": event.at}
    return {name: value for name, value in body.items() if value is not None}
