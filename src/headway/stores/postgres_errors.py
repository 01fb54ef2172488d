"""What Postgres and the network say, in the words of `headway.errors`."""

from __future__ import annotations

from typing import Final

import asyncpg

from headway.errors import HeadwayError, StoreError, StoreFull, StoreInvalid, StoreLocked, StoreUnavailable, UsageError

FAILURES: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that is cut in an unlucky moment: "cannot switch to state 12"
    OSError,
    TimeoutError,
)
"""All that a call can raise which is not a mistake of ours."""

LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
    OSError,
    TimeoutError,
)
"""The connection is gone, or its answer did not come: what was sent may have been done all the same."""

GONE: Final = "Headway goes on by itself when it is back"
NOT_THERE: Final = "look at host and port of the store's address (HEADWAY_STORE or --store): is Postgres running there?"

_MEANINGS: Final[tuple[tuple[type[BaseException], type[StoreError], str, str], ...]] = (
    (
        asyncpg.DiskFullError,
        StoreFull,
        "there is no room left for {where}; nothing of this write was kept",
        "free some disk space; Headway goes on by itself",
    ),
    (
        asyncpg.LockNotAvailableError,
        StoreLocked,
        "another session holds a lock in {where} ({error})",
        "end its transaction: SELECT * FROM pg_stat_activity shows it",
    ),
    (
        asyncpg.UndefinedTableError,
        StoreInvalid,
        "{where} has lost tables of Headway ({error})",
        "restore a backup, or run: headway migrate",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        StoreInvalid,
        "{where} does not let this user do its work ({error})",
        "grant it the schema, or let the owner run what `headway migrate --sql` prints",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        StoreInvalid,
        "{where} refuses this user ({error})",
        "check user and password of the store's address",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        StoreInvalid,
        "{where} does not exist ({error})",
        "create the database: createdb NAME",
    ),
    (
        asyncpg.TooManyConnectionsError,
        StoreUnavailable,
        "{where} has no connection left ({error})",
        "lower pool= in the store's address, HEADWAY_CONCURRENCY under Celery's prefork, or raise max_connections",
    ),
    (
        asyncpg.ReadOnlySQLTransactionError,
        StoreUnavailable,
        "{where} can only be read now ({error})",
        "point the store's address at the primary",
    ),
)


def map_error(error: BaseException, where: str, *, at_start: bool = False) -> HeadwayError:
    """Return the error of ours that says what `error` means and how to mend it.

    Args:
        error: What the driver raised.
        where: The database as people know it, without its password.
        at_start: Nothing was open yet: whoever opens it gives up, and nothing goes on by itself.
    """
    if isinstance(error, asyncpg.DataError):
        return UsageError(f"{where} cannot keep this: {error}", hint="text must not contain NUL")
    for kind, ours, text, hint in _MEANINGS:
        if isinstance(error, kind):
            return ours(text.format(where=where, error=error), hint=hint)
    what = "it did not answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return StoreUnavailable(f"{where}: {what}", hint=NOT_THERE if at_start else GONE)
