"""Every error Headway raises, in one tree.

::

    HeadwayError
    ├── UsageError              called in a way that cannot work (a bug in the calling code)
    │   └── NotStarted          the application runs without ``hw.lifespan``
    ├── RequestError            the peer's request is wrong; changing it helps
    │   ├── BadJson
    │   ├── InvalidQuery
    │   ├── InvalidCursor
    │   ├── InvalidInput        does not fit the job's model
    │   ├── InvalidEvent        does not fit its type
    │   │   └── UnknownEventType, EventNotAllowed, TooDeep
    │   ├── TooLarge
    │   │   └── EventTooLarge, StreamWithBody
    │   ├── NotFound
    │   │   └── ConnectionNotFound, NoticeNotFound
    │   └── MethodNotAllowed
    ├── AccessError             who asks may not
    │   ├── Unauthenticated
    │   └── Forbidden, AuthNotConfigured, OriginNotAllowed
    ├── RunError                the run is not in a state for this
    │   ├── JobNotFound, RunNotFound
    │   ├── RunClosed           it has ended; nothing more is written
    │   ├── RunActive           it has not ended yet
    │   ├── Conflict            a control write met another status than it names
    │   ├── Fenced              a newer execution owns the run: stop working
    │   ├── CancelRequested     somebody wants it to stop
    │   ├── RunUnsuccessful     its result is awaited, but it failed or was cancelled
    │   ├── KeyReused
    │   └── Owned               another live execution owns the run
    ├── Trimmed                 the log no longer reaches back that far: take the snapshot
    ├── LimitExceeded           too many, too fast
    ├── Overloaded              no more streams at present
    ├── TransportOff            switched off by an operator: poll instead
    ├── ProcessesSilent         not every process on the store has answered
    └── StoreError
        ├── StoreUnavailable    may come back
        ├── StoreLocked
        ├── StoreFull
        ├── StoreInvalid        not a Headway database
        └── SchemaNewer         written by a newer Headway

The codes, their HTTP status and ``retryable`` are listed in ``conformance/errors.yaml``, which the TypeScript client
shares. ``Fenced``, ``RunClosed`` and a cancellation always stop a job; no option hides them.
"""

from __future__ import annotations

from typing import Any, ClassVar


class HeadwayError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: Stable, machine-readable name; see ``conformance/errors.yaml``.
        status: HTTP status with which a gateway answers.
        retryable: The same call may succeed later without being changed.
        detail: One sentence saying what is wrong, with the values that matter.
        hint: One sentence saying how to mend it, or None.
        extra: Further JSON values for the caller (``current status``, ``limit`` ...).
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = True

    def __init__(self, detail: str, *, hint: str | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.detail} ({self.hint})" if self.hint else self.detail


class UsageError(HeadwayError):
    """Headway was called in a way that cannot work; the text says what to change."""

    code, status, retryable = "usage", 500, False


class NotStarted(UsageError):
    """The application was not started with ``hw.lifespan``."""

    code, status, retryable = "not_started", 503, True


class RequestError(HeadwayError):
    """The request cannot be answered as it stands."""

    code, status, retryable = "bad_request", 400, False


class BadJson(RequestError):
    """The body is not JSON."""

    code = "bad_json"


class InvalidQuery(RequestError):
    """A query parameter is not valid."""

    code = "invalid_query"


class InvalidCursor(RequestError):
    """The cursor is not one this server gave out."""

    code = "invalid_cursor"


class InvalidInput(RequestError):
    """The input does not fit the job's model."""

    code, status = "invalid_input", 422


class InvalidEvent(RequestError):
    """The event does not fit its type."""

    code, status = "invalid_event", 422


class UnknownEventType(InvalidEvent):
    """There is no event type of this name; application types go into ``custom``."""

    code = "unknown_event_type"


class EventNotAllowed(InvalidEvent):
    """The type exists, but is written by Headway itself and not by reporters."""

    code = "event_not_allowed"


class TooDeep(InvalidEvent):
    """The JSON is nested more deeply than allowed."""

    code = "too_deep"


class TooLarge(RequestError):
    """The body is larger than allowed."""

    code, status = "body_too_large", 413


class EventTooLarge(TooLarge):
    """One event is larger than allowed."""

    code = "event_too_large"


class StreamWithBody(TooLarge):
    """A stream was asked for by a request that carries a body."""

    code = "stream_with_body"


class NotFound(RequestError):
    """There is nothing at this address."""

    code, status = "not_found", 404


class ConnectionNotFound(NotFound):
    """Nobody watches by this connection, or not any more."""

    code = "connection_not_found"


class NoticeNotFound(NotFound):
    """No such notice stands before viewers, or not any more."""

    code = "notice_not_found"


class MethodNotAllowed(RequestError):
    """The address does not know this method."""

    code, status = "method_not_allowed", 405


class AccessError(HeadwayError):
    """Who asks may not do this."""

    code, status, retryable = "forbidden", 403, False


class Unauthenticated(AccessError):
    """The request carries no valid identity."""

    code, status = "unauthenticated", 401


class Forbidden(AccessError):
    """The identity may not do this."""


class AuthNotConfigured(AccessError):
    """Without an authenticator only this machine is answered."""

    code = "auth_not_configured"


class OriginNotAllowed(AccessError):
    """The page's origin is not listed in ``HEADWAY_CORS_ORIGINS``."""

    code = "origin_not_allowed"


class RunError(HeadwayError):
    """The run is not in a state for this."""

    code, status, retryable = "conflict", 409, False


class JobNotFound(RunError):
    """No job of this name is registered."""

    code, status = "job_not_found", 404


class RunNotFound(RunError):
    """There is no such run, or it belongs to somebody else."""

    code, status = "run_not_found", 404


class RunClosed(RunError):
    """The run has ended; its log takes no more events. Always stops the job."""

    code = "run_closed"


class RunActive(RunError):
    """The run has not ended; cancel it first."""

    code = "run_active"


class Conflict(RunError):
    """The run's status does not allow this command; ``extra["current"]`` is the status met."""

    code = "conflict"


class Fenced(RunError):
    """A newer execution owns the run; this one writes nothing any more. Always stops the job."""

    code = "execution_superseded"


class KeyReused(RunError):
    """The idempotency key was used before with another job or input."""

    code = "key_reused"


class Owned(RunError):
    """A live execution owns the run; pass ``take_over=True`` to fence it."""

    code, retryable = "owned", True


class CancelRequested(RunError):
    """Somebody asked the run to stop; raised where a plain reporter reports next."""

    code = "cancel_requested"


class RunUnsuccessful(RunError):
    """The run whose result is awaited failed or was cancelled; ``extra["error"]`` says why."""

    code = "run_unsuccessful"


class Trimmed(HeadwayError):
    """The log before the cursor was trimmed; take the snapshot and go on from its cursor."""

    code, status, retryable = "trimmed", 410, False


class LimitExceeded(HeadwayError):
    """Too many, or too fast."""

    code, status, retryable = "too_many_connections", 429, True


class Overloaded(HeadwayError):
    """The server takes no more streams at present."""

    code, status, retryable = "overloaded", 503, True


class TransportOff(HeadwayError):
    """An operator switched this transport off; poll instead."""

    code, status, retryable = "transport_off", 503, True


class ProcessesSilent(HeadwayError):
    """Not every process on the store has answered in time, and the others do not know."""

    code, status, retryable = "processes_silent", 503, True


class StoreError(HeadwayError):
    """The store could not do its work."""

    code, status, retryable = "store_unavailable", 503, True


class StoreUnavailable(StoreError):
    """The store does not answer; it may come back."""


class StoreLocked(StoreError):
    """Another program holds the store's lock for longer than we wait."""

    code = "store_locked"


class StoreFull(StoreError):
    """The disk that holds the store is full; nothing of the failed batch was written."""

    code, status = "store_full", 507


class StoreInvalid(StoreError):
    """The store's file is not a Headway database, or is damaged."""

    code, status, retryable = "store_invalid", 500, False


class SchemaNewer(StoreError):
    """The store was written by a newer Headway than this one."""

    code, status, retryable = "schema_newer", 500, False


def from_code(code: str, detail: str, *, hint: str | None = None, **extra: Any) -> HeadwayError:
    """Return the error a problem answer with this code stands for; a plain `HeadwayError` for a code not known."""
    return _by_code().get(code, HeadwayError)(detail, hint=hint, **extra)


def _by_code() -> dict[str, type[HeadwayError]]:
    """Return the most exact class of each code: `Forbidden`, not its base, which answers with the same code."""
    found: dict[str, type[HeadwayError]] = {}
    left = [HeadwayError]
    while left:
        kind = left.pop(0)
        found[kind.code] = kind
        left += [heir for heir in kind.__subclasses__() if heir.__module__ == __name__]
    return found
