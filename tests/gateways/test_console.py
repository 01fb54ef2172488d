"""The console's files: who gets them, how long they are kept, and that the app works wherever Headway is mounted."""

import gzip
from pathlib import Path

import httpx
import pytest

from headway.gateways import console
from tests.gateways.serving import as_user, client_at, listening, make_world, problem_of, serving

SCRIPT = "console.log('here')\n"


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console as the build leaves it, in small."""
    files = tmp_path / "console"
    (files / "assets").mkdir(parents=True)
    (files / "index.html").write_text('<html><base href="./" /><script src="./assets/index-a1.js"></script></html>')
    (files / "icon.svg").write_text("<svg/>")
    (files / "assets/index-a1.js").write_text(SCRIPT)
    (tmp_path / "secret.txt").write_text("not of the console")
    monkeypatch.setattr(console, "FILES", files)
    return files


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/console/", "./"),
        ("/console/jobs", "./"),
        ("/console/runs/run_1", "../"),
        ("/console/no/such/page", "../../"),
    ],
)
async def test_the_page_knows_the_way_to_its_root(client: httpx.AsyncClient, path: str, base: str) -> None:
    """Relative to where it was opened, so that it holds below any prefix, also one a proxy takes away."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert f'<base href="{base}" />' in answer.text
    root = answer.url.join(base)
    assert root.path == "/headway/console/"


async def test_without_its_slash_it_is_found(client: httpx.AsyncClient) -> None:
    """By a redirect that keeps the prefix, whoever added it."""
    answer = await client.get("/console")
    assert (answer.status_code, answer.headers["location"]) == (307, "console/")
    assert answer.url.join(answer.headers["location"]).path == "/headway/console/"


async def test_the_page_is_asked_for_again_each_time(client: httpx.AsyncClient, built: Path) -> None:
    """By its tag: after an upgrade nobody stays with the old one."""
    answer = await client.get("/console/")
    assert answer.headers["cache-control"] == "no-cache"
    tag = answer.headers["etag"]
    again = await client.get("/console/", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    (built / "index.html").write_text('<html><base href="./" />new</html>')
    assert (await client.get("/console/", headers={"If-None-Match": tag})).status_code == 200


async def test_nothing_inline_and_nothing_from_elsewhere_runs(client: httpx.AsyncClient) -> None:
    """The policy of the page says so to the browser."""
    policy = (await client.get("/console/")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


async def test_files_with_a_hash_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    """Their name changes with their content."""
    answer = await client.get("/console/assets/index-a1.js", headers={"Accept-Encoding": "identity"})
    assert answer.text == SCRIPT
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in answer.headers


async def test_text_is_compressed_for_who_can_read_it(client: httpx.AsyncClient) -> None:
    """Not every server has a proxy in front."""
    async with client.stream("GET", "/console/assets/index-a1.js", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw).decode() == SCRIPT


async def test_other_files_have_a_tag(client: httpx.AsyncClient) -> None:
    """Their name stays when they change."""
    answer = await client.get("/console/icon.svg")
    assert answer.headers["cache-control"] == "no-cache"
    again = await client.get("/console/icon.svg", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/console/assets/gone-b2.js",
        "/console/assets/",
        "/console/..%2fsecret.txt",
        "/console/%2e%2e/secret.txt",
        "/console/a%00.js",
    ],
)
async def test_what_is_no_file_of_it_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    """Nor what lies beside it; a script is never answered with the page."""
    problem_of(await client.get(path), 404, "not_found")


async def test_its_files_are_public_and_what_it_shows_is_not(users: httpx.AsyncClient) -> None:
    """As with every web page: the API asks who is there."""
    assert (await users.get("/console/")).status_code == 200
    assert (await users.get("/console/assets/index-a1.js")).status_code == 200
    problem_of(await users.get("/v1/runs"), 401, "unauthenticated")
    assert (await users.get("/v1/runs", headers=as_user("ada"))).status_code == 200


async def test_it_is_there_before_the_start() -> None:
    """And shows what the API says of that."""
    world = make_world()
    async with listening(world.hw.asgi) as address, client_at(address) as client:
        assert (await client.get("/console/")).status_code == 200
        problem_of(await client.get("/v1/runs"), 503, "not_started")


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/assets/index-a1.js"])
async def test_it_can_be_switched_off(path: str) -> None:
    """By a setting."""
    async with serving(make_world(console=False)) as client:
        assert "HEADWAY_CONSOLE" in problem_of(await client.get(path), 404, "not_found")["hint"]


async def test_a_console_that_was_not_built_is_said(client: httpx.AsyncClient, built: Path) -> None:
    """With what builds it."""
    (built / "index.html").unlink()
    assert "make web" in problem_of(await client.get("/console/"), 404, "not_found")["hint"]


async def test_who_asks_only_for_the_head_gets_it(client: httpx.AsyncClient) -> None:
    """Monitors do."""
    answer = await client.head("/console/")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_real_page_says_where_its_root_is() -> None:
    """What the server rewrites stands in the source of the page, as it is written there."""
    page = Path(__file__).parents[2] / "packages/console/index.html"
    assert page.read_bytes().count(console.BASE) == 1
