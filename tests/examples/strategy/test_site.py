"""Sites: read page by page as they allow it, and never from where nobody may ask."""

from pathlib import Path

import pytest

from examples.strategy.models import Sources
from headway.testing import Played
from tests.examples.strategy.making import brief, make
from tests.examples.strategy.siting import Site, running, three_pages


async def read(folder: Path, *urls: str, let: Site | None = None, **settings: object) -> Played:
    """Make a strategy of sites."""
    allowed = frozenset({let.host} if let else ())
    return await make(folder, brief(Sources(sites=list(urls))), allowed=allowed, **settings)


async def test_a_site_is_read_with_the_pages_it_links_to(tmp_path: Path, site: Site) -> None:
    """Each once. One that is not there is told, and left out."""
    log = await read(tmp_path, site.url, let=site)
    assert log.status == "succeeded", log.snapshot["error"]
    item = log.snapshot["items"]["source:own/site:1"]
    assert [document["name"] for document in item["data"]["documents"]] == [
        "All about bread", "All about coffee", "All about cheese",
    ]  # fmt: skip
    assert site.asked == {"/robots.txt": 1, "/": 1, "/coffee": 1, "/cheese": 1, "/missing": 1}
    [error] = log.snapshot["errors"]
    assert (error["severity"], error["code"], error["item"]) == ("warning", "page_missing", "source:own/site:1")


async def test_robots_are_respected(tmp_path: Path, site: Site) -> None:
    """A page that programs are asked not to read is not asked for."""
    site.robots = "User-agent: *\nDisallow: /coffee\n"
    log = await read(tmp_path, site.url, let=site)
    assert log.status == "succeeded"
    assert site.asked["/coffee"] == 0


async def test_a_site_that_is_closed_to_programs_is_not_read(tmp_path: Path, site: Site) -> None:
    """It says so, and what to do."""
    site.robots = "User-agent: HeadwayStrategyExample\nDisallow: /\n"
    log = await read(tmp_path, site.url, let=site)
    assert (log.status, log.snapshot["error"]["code"]) == ("failed", "nothing_read")
    assert log.snapshot["items"]["source:own/site:1"]["error"]["code"] == "site_closed"
    assert log.snapshot["error"]["hint"] == "paste its text instead"
    assert site.asked["/"] == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://0x7f000001/",
        "http://user:secret@example.com/",
        "http://example.com:8080/",
        "file:///etc/passwd",
    ],
)
async def test_what_is_not_public_is_not_asked(tmp_path: Path, url: str) -> None:
    """Whoever names it, and however."""
    log = await read(tmp_path, url)
    assert log.status == "failed"
    assert log.snapshot["items"]["source:own/site:1"]["error"]["code"] == "address_refused"


async def test_a_redirect_does_not_lead_inside(tmp_path: Path, site: Site) -> None:
    """Neither does a link: another port of this machine is another site."""
    with running(Site(three_pages())) as inner:
        site.pages = {"/": f'<a href="{inner.url}">in</a>' + str(three_pages()["/"])}
        log = await read(tmp_path, site.url, let=site)
        assert log.status == "succeeded"
        assert not inner.asked


async def test_no_more_pages_than_allowed(tmp_path: Path, site: Site) -> None:
    """However many it links to."""
    log = await read(tmp_path, site.url, let=site, site_pages=2)
    assert log.status == "succeeded"
    assert site.asked.total() == 3  # robots.txt, its first page and one more


async def test_a_slow_site_is_left_when_its_time_is_over(tmp_path: Path, site: Site) -> None:
    """What has come by then is used."""
    log = await read(tmp_path, site.url, let=site, site_s=1e-9)
    assert log.status == "succeeded"
    assert site.asked["/"] == 1
    assert site.asked["/coffee"] == 0
    assert log.snapshot["errors"][0]["code"] == "site_slow"
