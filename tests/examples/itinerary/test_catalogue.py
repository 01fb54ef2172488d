"""The data: enough places, real distances, readable hours, and files that are checked when they are read."""

import itertools
import json
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from examples.itinerary.catalogue import DATA, load
from examples.itinerary.geo import distance_m
from examples.itinerary.models import Interest

CITIES = sorted(load().cities)


def test_there_are_enough_cities() -> None:
    """All over the world; a further one is one more file."""
    assert len(CITIES) >= 22
    assert sorted(path.stem for path in DATA.glob("*.json")) == CITIES


@pytest.mark.parametrize("city", CITIES)
def test_every_file_says_what_was_not_checked(city: str) -> None:
    """Whoever opens the data is told how far to trust it."""
    notice = json.loads((DATA / f"{city}.json").read_text(encoding="utf-8"))["notice"]
    assert "Opening hours, visit lengths and entrance costs are typical, not checked" in notice


@pytest.mark.parametrize("city", CITIES)
def test_a_city_has_a_centre_a_time_zone_and_places(city: str) -> None:
    """At least fifteen places, most of them close enough to walk between."""
    entry = load().cities[city]
    assert ZoneInfo(entry.time_zone).key == entry.time_zone
    assert entry.places == len(load().sights[city]) >= 15
    distances = [distance_m((entry.lat, entry.lon), sight.place.point) for sight in load().sights[city].values()]
    assert max(distances) <= 40_000
    assert sorted(distances)[len(distances) // 2] <= 5_000


def test_cities_lie_on_every_inhabited_continent_and_half_of_them_outside_europe() -> None:
    """Told by the area of the time zone."""
    areas = Counter(city.time_zone.partition("/")[0] for city in load().cities.values())
    assert set(areas) == {"Africa", "America", "Asia", "Australia", "Europe"}
    assert min(areas.values()) >= 2
    assert areas["Europe"] <= len(CITIES) / 2


@pytest.mark.parametrize("city", CITIES)
def test_the_sun_agrees_with_the_time_zone(city: str) -> None:
    """A longitude with the wrong sign, swapped with the latitude or of another city, is hours away from its clock."""
    entry = load().cities[city]
    winter = min(
        datetime(2026, month, 1, tzinfo=ZoneInfo(entry.time_zone)).utcoffset() or timedelta() for month in (1, 7)
    )
    assert abs(entry.lon / 15 - winter / timedelta(hours=1)) <= 2


@pytest.mark.parametrize("city", CITIES)
def test_no_place_is_there_twice(city: str) -> None:
    """Neither by id or name nor by standing where another one stands."""
    places = [sight.place for sight in load().sights[city].values()]
    assert not [name for name, times in Counter(place.name for place in places).items() if times > 1]
    for one, other in itertools.combinations(places, 2):
        assert distance_m(one.point, other.point) > 30, f"{one.id} and {other.id}"


@pytest.mark.parametrize("city", CITIES)
def test_coordinates_have_four_decimals(city: str) -> None:
    """Ten metres: the door of a museum, not its quarter."""
    text = (DATA / f"{city}.json").read_text(encoding="utf-8")
    numbers = re.findall(r'"(?:lat|lon)": (-?\d+\.\d+)', text)
    assert len(numbers) == 2 * (1 + len(load().sights[city]))
    assert all(len(number.partition(".")[2]) >= 4 for number in numbers)


@pytest.mark.parametrize("city", CITIES)
def test_hours_are_those_of_a_week(city: str) -> None:
    """Every place is open long enough for a typical visit on some day, and every day has plenty to see."""
    sights = load().sights[city].values()
    for sight in sights:
        openings = [closes - opens for day in sight.hours.days for opens, closes in day]
        assert max(openings) >= sight.place.visit_minutes, sight.place.id
        assert sight.place.closed_on == list(sight.hours.closed_weekdays)
    for weekday in range(7):
        assert sum(bool(sight.hours.days[weekday]) for sight in sights) >= 10


@pytest.mark.parametrize("city", CITIES)
def test_something_is_closed_on_mondays(city: str) -> None:
    """The weekday of a visit matters in every city."""
    assert any("Mo" in sight.place.closed_on for sight in load().sights[city].values())


def test_many_museums_are_closed_on_mondays() -> None:
    """The weekday of a visit matters most to those who love art."""
    museums = [
        sight for sights in load().sights.values() for sight in sights.values() if sight.place.category == "museum"
    ]
    closed = [sight for sight in museums if "Mo" in sight.place.closed_on]
    assert len(closed) >= len(museums) // 4
    assert len({sight.place.city for sight in closed}) >= 8


@pytest.mark.parametrize("city", CITIES)
def test_descriptions_are_one_sentence(city: str) -> None:
    """Short, different, and ended by a full stop."""
    abouts = [sight.about for sight in load().sights[city].values()]
    assert len(set(abouts)) == len(abouts)
    assert all(20 < len(about) < 140 and about.endswith(".") for about in abouts)


def test_no_description_is_used_twice() -> None:
    """Not even in another city."""
    abouts = Counter(sight.about for sights in load().sights.values() for sight in sights.values())
    assert [about for about, times in abouts.items() if times > 1] == []


@pytest.mark.parametrize("city", CITIES)
def test_some_places_are_free_and_some_are_not(city: str) -> None:
    """Costs are in the currency of the city."""
    costs = [sight.cost for sight in load().sights[city].values()]
    assert {cost.currency for cost in costs} == {load().cities[city].currency}
    assert 0 < sum(cost.amount == 0 for cost in costs) < len(costs)


def test_a_country_has_one_currency() -> None:
    """The same in all of its cities."""
    currencies = defaultdict(set)
    for city in load().cities.values():
        currencies[city.country].add(city.currency)
    assert [country for country, used in currencies.items() if len(used) > 1] == []


def test_every_interest_is_served() -> None:
    """A traveller may ask for any of them in any city and find some."""
    for city in CITIES:
        offered = Counter(interest for sight in load().sights[city].values() for interest in sight.place.interests)
        assert set(offered) >= set(Interest) - {Interest.FOOD, Interest.SCIENCE, Interest.FAITH}, city


def test_points_are_places_and_city_centres() -> None:
    """Both can be walked between; anything else is unknown."""
    catalogue = load()
    assert catalogue.point("paris.louvre") == (48.8611, 2.3364)
    assert catalogue.point("paris") == (48.8566, 2.3522)
    assert catalogue.point("paris.nowhere") is None
    assert catalogue.sight("atlantis.gate") is None


def write(folder: Path, stem: str, **changes: object) -> Path:
    """A copy of a city's file with other values."""
    entry = json.loads((DATA / "rome.json").read_text(encoding="utf-8"))
    (folder / f"{stem}.json").write_text(json.dumps(entry | changes), encoding="utf-8")
    return folder


def test_a_further_city_is_one_more_file(tmp_path: Path) -> None:
    """Nothing but the folder names the cities."""
    assert list(load(write(tmp_path, "troy", id="troy", name="Troy")).cities) == ["troy"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "athens"}, r"name the file athens\.json"),
        ({"id": "troy", "lat": "north"}, r"troy\.json"),
        ({"id": "troy", "places": [{"slug": "gate"}]}, "places.0.name"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, changes: dict, complaint: str) -> None:
    """The error tells which file and which field."""
    with pytest.raises(ValueError, match=complaint):
        load(write(tmp_path, "troy", **changes))


def test_wrong_hours_are_named(tmp_path: Path) -> None:
    """The error tells the place."""
    places = json.loads((DATA / "rome.json").read_text(encoding="utf-8"))["places"]
    places[0]["hours"] = "always"
    with pytest.raises(ValueError, match="troy, colosseum, hours"):
        load(write(tmp_path, "troy", id="troy", places=places))
