"""What `module:attribute` names."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from headway.app import Headway
from headway.cli.target import Target, load_headway, load_target
from headway.errors import UsageError
from tests.cli.conftest import APP


async def get(target: Target, path: str) -> Any:
    """Ask a served application."""
    app = target.app
    assert isinstance(app, Starlette)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        return (await client.get(path)).json()


async def test_nothing_is_headway_alone(folder):
    """With its routes at the root."""
    target = load_target(None)
    assert target.own
    assert isinstance(target.headways[0], Headway)
    assert await get(target, "/v1/runs") == {"runs": [], "next": None}


def test_an_application_is_served_as_it_is(module):
    """And the Headway beside it is known."""
    target = load_target(module("one", APP) + ":app")
    assert isinstance(target.app, Starlette)
    assert not target.own
    assert [list(headway.jobs) for headway in target.headways] == [["double"]]
    assert load_target("one").app is target.app  # `app` is what it is called mostly


async def test_a_headway_is_served_with_its_routes(module):
    """At the root: nobody mounted it."""
    target = load_target(module("two", "from headway import Headway\nhw = Headway('memory://', worker='none')") + ":hw")
    assert target.own
    assert await get(target, "/v1/jobs") == {"jobs": []}


@pytest.mark.parametrize(
    "text",
    [
        "async def app(scope, receive, send): pass",
        "class App:\n  async def __call__(self, scope, receive, send): pass\napp = App()",
        "def app():\n  async def made(scope, receive, send): pass\n  return made",
        "def app(settings=None, **more):\n  async def made(scope, receive, send): pass\n  return made",
        "class Box: pass\nbox = Box()\nasync def inner(scope, receive, send): pass\nbox.app = inner\napp = box.app",
    ],
)
def test_any_asgi_application(module, text):
    """A function, an object, a function that makes one."""
    target = load_target(module("three", text) + ":app")
    assert callable(target.app)
    assert target.headways == []


def test_attributes_of_attributes(module):
    """As deep as they are."""
    text = "class box:\n  async def inner(scope, receive, send): pass"
    assert callable(load_target(module("four", text) + ":box.inner").app)


@pytest.mark.parametrize(
    ("target", "said", "hint"),
    [
        ("nothing.there:app", "there is no module 'nothing'", "run it where `import nothing.there` works"),
        ("five:missing", "five has no 'missing'", "there is five:app"),
        ("five:number", "five:number is no ASGI application, but a int", "package.module:attribute"),
        ("five:Kind", "five:Kind is no ASGI application, but a type", "package.module:attribute"),
        ("five.py", "five.py is a file", "name the module: five:app"),
        ("./src/five.py:api", "./src/five.py is a file", "name the module: src.five:api"),
    ],
)
def test_what_cannot_be_served(module, target, said, hint):
    """Each mistake is told with what to write instead."""
    module("five", "from fastapi import FastAPI\napp = FastAPI()\nnumber = 5\nclass Kind: pass")
    with pytest.raises(UsageError) as caught:
        load_target(target)
    assert caught.value.detail.startswith(said)
    assert hint in (caught.value.hint or "")


def test_mistakes_of_the_module_are_its_own(module):
    """A traceback helps whoever wrote it; a module it misses is not the one that was asked for."""
    module("sixth", "import no_such_package")
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        load_target("sixth:app")
    module("seven", "1 / 0")
    with pytest.raises(ZeroDivisionError):
        load_target("seven:app")


def test_a_headway_for_a_worker(module):
    """By name, or as the only one of the module."""
    module("eight", APP)
    assert load_headway("eight:hw") is load_headway("eight:app") is load_headway("eight:hello")
    module("nine", "from headway import Headway\na = Headway('memory://')\nb = Headway('memory://')\napp = 1")
    assert load_headway("nine:a") is not load_headway("nine:b")
    with pytest.raises(UsageError, match="holds 2 of them"):
        load_headway("nine:app")
    module("ten", "app = 1")
    with pytest.raises(UsageError, match="holds no Headway"):
        load_headway("ten:app")
