"""Why an application does not start."""

import pytest
from fastapi import FastAPI

from headway.cli.lifespan import Application
from headway.errors import StoreInvalid


async def live(app) -> list[dict[str, str]]:
    """Start and stop it as a server does; return what it said."""
    said: list[dict[str, str]] = []
    asked = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(asked)

    async def send(message):
        said.append(message)

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return said


def failing(error: Exception | None, *, late: bool = False):
    """An application whose lifespan fails."""

    async def lifespan(app):
        if error is not None and not late:
            raise error
        yield
        if error is not None:
            raise error

    from contextlib import asynccontextmanager

    return FastAPI(lifespan=asynccontextmanager(lifespan))


async def test_a_start_that_works_is_passed_on():
    """Nothing is added."""
    app = Application(failing(None))
    assert [message["type"] for message in await live(app)] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert app.failure is None


async def test_the_reason_of_a_failure_is_kept():
    """Its traceback is not printed by the server: whoever reads the reason prints what is worth it."""
    error = StoreInvalid("it is a picture")
    app = Application(failing(error))
    with pytest.raises(StoreInvalid):
        await live(app)
    assert app.failure is error


async def test_an_application_without_a_lifespan():
    """Raises, as servers expect; one of our errors is a failure all the same."""

    async def plain(scope, receive, send):
        assert scope["type"] == "http"

    app = Application(plain)
    with pytest.raises(AssertionError):
        await live(app)
    assert isinstance(app.failure, AssertionError)


async def test_a_stop_that_fails_is_no_failed_start():
    """It had worked until then."""
    app = Application(failing(ValueError("late"), late=True))
    with pytest.raises(ValueError, match="late"):
        await live(app)
    assert app.failure is None


async def test_requests_pass_as_they_are():
    """The very objects: connections can be handed over."""
    seen = []

    async def plain(scope, receive, send):
        seen.append((scope, receive, send))

    scope, receive, send = {"type": "http"}, object(), object()
    await Application(plain)(scope, receive, send)  # type: ignore[arg-type]
    assert seen[0][0] is scope
    assert seen[0][1] is receive
    assert seen[0][2] is send
