"""A listener says what it wants to hear of, and what cannot be meant is refused when it is registered."""

import functools
from typing import Any

import pytest

from headway import Headway
from headway.engines.listener import make_listener
from headway.errors import UsageError


async def heard(event: dict[str, Any], run: Any) -> None:
    """Some listener."""


def listener(*patterns: str, fn: Any = heard, name: str | None = None, since: Any = "now") -> Any:
    """Make one."""
    return make_listener(fn, patterns, name=name, job=None, since=since)


def test_patterns_are_types_families_or_everything() -> None:
    """Types nobody knows yet belong to their family, and to everything."""
    some = listener("run.failed", "item.*")
    assert some.wants("run.failed")
    assert some.wants("item.planned")
    assert some.wants("item.of_tomorrow")
    assert not some.wants("run.succeeded")
    assert not some.wants("items.x")
    assert listener("*").wants("of.tomorrow")
    assert listener("note", "error").wants("note")


@pytest.mark.parametrize(
    ("patterns", "hint"),
    [
        ((), "name some"),
        (("run.finished",), "run.cancelled, run.failed"),
        (("runs.*",), "families are run, phase"),
        (("run*",), "families are"),
        (("run.",), "run.* for all"),
    ],
)
def test_a_pattern_that_names_no_event_is_refused(patterns: tuple[str, ...], hint: str) -> None:
    """With those there are."""
    with pytest.raises(UsageError) as refused:
        listener(*patterns)
    assert hint in (refused.value.hint or "")


def test_a_function_that_cannot_be_called_is_refused() -> None:
    """It takes an event and a run; whatever has a default it may take, too."""

    async def deaf(event: Any) -> None: ...

    async def more(event: Any, run: Any, mailer: Any = None) -> None: ...

    with pytest.raises(UsageError, match="listener 'deaf' cannot be called"):
        listener("*", fn=deaf)
    assert listener("*", fn=more).name == "more"
    assert listener("*", fn=functools.partial(more, mailer=1), name="mail").name == "mail"


@pytest.mark.parametrize("options", [{"name": ""}, {"name": "x" * 101}, {"name": "a\nb"}, {"since": "yesterday"}])
def test_what_else_cannot_be_meant_is_refused(options: dict[str, Any]) -> None:
    """A name is kept in the store, and told in logs."""
    with pytest.raises(UsageError):
        listener("*", **options)


def test_names_are_unique_and_jobs_known() -> None:
    """The same function may be registered twice, as when a module is imported again."""
    hw = Headway("memory://")
    hw.on("run.*", name="mail")(heard)
    hw.on("run.*", name="mail")(heard)
    with pytest.raises(UsageError, match="another listener named 'mail'"):
        hw.on("*", name="mail")(lambda event, run: None)
    with pytest.raises(UsageError, match="is no job"):
        hw.on("*", job=heard)

    @hw.job(name="plan")
    async def planned(run: Any) -> None: ...

    hw.on("*", name="of plans", job=planned)(heard)
    assert hw.listeners["of plans"].job == "plan"
