"""Looking for runs, on every store: by words, and by how an id begins."""

import pytest

from headway.stores import searching
from headway.stores.base import RunFilter, Store
from headway.stores.searching import search
from tests.stores.builders import new_run

TITLES = ("Trip to Rome", "Trip to Zürich", "Report of ACME", "trip to rome and back")


async def made(store: Store, *titles: str, **more: str) -> list[str]:
    """Ids of runs with these titles, in the order they are made."""
    return [(await store.create(new_run(title=title, **more)))[0].id for title in titles]


async def found(store: Store, text: str, **which: object) -> list[str]:
    """Ids of what a search finds."""
    return [row.id for row in (await search(store, RunFilter(**which), text)).runs]  # type: ignore[arg-type]


async def test_words_are_looked_for_in_title_job_and_id(store: Store) -> None:
    """All of them, in any order and case, anywhere within a word; newest first."""
    rome, zurich, report, back = await made(store, *TITLES)
    (other,) = await made(store, "", job="itinerary")
    assert await found(store, "ROME trip") == [back, rome]
    assert await found(store, "zÜr") == [zurich]
    assert await found(store, "tinera") == [other]
    assert await found(store, report[-9:].upper()) == [report]
    assert await found(store, f"acme {report[-9:]}") == [report]
    assert await found(store, "rome acme") == []
    assert await found(store, "%") == []


async def test_only_the_list_is_looked_at(store: Store) -> None:
    """Owner, job and group hold as they do without a search: also for a whole id."""
    (ada,) = await made(store, "Trip", owner="ada", job="trip", group="g")
    (bob,) = await made(store, "Trip", owner="bob", job="walk")
    assert await found(store, "trip") == [bob, ada]
    assert await found(store, "trip", owner="ada") == [ada]
    assert await found(store, "trip", job="walk") == [bob]
    assert await found(store, "trip", group="g") == [ada]
    assert await found(store, bob) == [bob]
    assert await found(store, bob, owner="ada") == []


async def test_what_was_not_looked_at_is_told_and_the_search_goes_on_from_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may find nothing; together they find everything, each once."""
    monkeypatch.setattr(searching, "LOOKED_AT_MAX", 4)
    monkeypatch.setattr(searching, "_PAGE", 2)
    wanted = await made(store, *(f"{'this' if n % 5 == 0 else 'that'} {n}" for n in range(22)))
    pages: list[list[str]] = []
    before, asked = None, 0
    while asked == 0 or before is not None:
        asked += 1
        page = await search(store, RunFilter(before=before), "this", limit=1)
        pages.append([row.id for row in page.runs])
        before = page.before
    assert [run_id for page in pages for run_id in page] == [wanted[n] for n in (20, 15, 10, 5, 0)]
    assert [] in pages


async def test_how_an_id_begins_is_found_past_everything_newer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its place: nothing else is looked at. In pages, too."""
    monkeypatch.setattr(searching, "LOOKED_AT_MAX", 0)
    runs = await made(store, *(f"{n}" for n in range(9)))
    assert await found(store, runs[0]) == [runs[0]]
    assert await found(store, runs[4].upper()) == [runs[4]]
    assert await found(store, f"{runs[4][:-1]}") == [runs[4]]
    assert await found(store, "run_000000") == await found(store, "run_ffffff") == []
    begin = runs[0][:10]  # some of the time they were made in
    assert all(run_id.startswith(begin) for run_id in runs)
    pages: list[list[str]] = []
    before = None
    while not pages or before is not None:
        page = await search(store, RunFilter(before=before), begin, limit=4)
        pages.append([row.id for row in page.runs])
        before = page.before
    assert [len(page) for page in pages] == [4, 4, 1]
    assert [run_id for page in pages for run_id in page] == runs[::-1]
