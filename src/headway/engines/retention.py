"""How long the logs of each job are kept: said where it is registered, kept in the store for whoever prunes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias, TypedDict

from headway.core.age import parse_age
from headway.errors import UsageError
from headway.stores.base import Store
from headway.stores.retention import Part, Retention

Age: TypeAlias = float | str | None
Stated: TypeAlias = dict[str, float | None]
"""What was said, in seconds, by `Part`."""

_FORM: Final = 'write it as retention={"log": "90d", "text": "10min", "lines": "7d"}'


class Keep(TypedDict, total=False):
    """How long after the end of a run parts of its log are kept; what is not named is kept as the settings say.

    Ages like ``"90d"``, ``"12h"`` or ``"10min"``, or seconds; None or ``"never"``: it is not dropped for its age.
    """

    log: Age
    text: Age
    lines: Age


def stated(job: str, keep: object) -> Stated:
    """Check what is said of a job's logs.

    Raises:
        UsageError: it names what is no part of a log, or an age that is none.
    """
    parts = {part.value for part in Part}
    if not isinstance(keep, Mapping) or set(keep) - parts:
        raise UsageError(f"{job!r}: {keep!r} is no retention", hint=_FORM)
    return {part: _seconds(job, part, age) for part, age in keep.items()}


def _seconds(job: str, part: str, age: Any) -> float | None:
    if age is None:
        return None
    if isinstance(age, str):
        try:
            return parse_age(age)
        except UsageError as error:
            raise UsageError(f"{job!r}, {part}: {error.detail}", hint=error.hint) from None
    if isinstance(age, bool) or not isinstance(age, int | float) or not math.isfinite(age) or age < 0:
        raise UsageError(f"{job!r}: the {part} cannot be kept for {age!r} seconds", hint=_FORM)
    return float(age)


async def keep_stated(store: Store, said: Mapping[str, Stated]) -> None:
    """Keep what the code of this process says of its jobs; nothing said is kept as nothing.

    Raises:
        StoreError: the store is away.
    """
    for job, wanted in said.items():
        if (await store.setting(_name(job)) or {}) != wanted:
            await store.put_setting(_name(job), wanted)


async def retentions(store: Store, default: Retention) -> dict[str, Retention]:
    """Return the retention of every job that has something to lose.

    Raises:
        StoreError: the store is away.
    """
    return {job: _merged(default, await store.setting(_name(job))) for job in await store.prunable_jobs()}


def _merged(default: Retention, said: Stated | None) -> Retention:
    ages = {f"{part}_s": said[part] for part in Part if part in said} if said else {}
    return replace(default, **ages)


def _name(job: str) -> str:
    return f"retention/{job}"
