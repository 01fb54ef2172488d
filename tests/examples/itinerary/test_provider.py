"""The provider's answers on the wire, asked with plain HTTP."""

import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from examples.itinerary.provider_client import ProviderClient
from tests.examples.itinerary.providing import ROOT


@pytest.fixture
async def http(provider: ProviderClient, provider_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to the calm provider."""
    async with httpx.AsyncClient(base_url=provider_url, timeout=20, trust_env=False) as client:
        yield client


async def test_cities_and_places(http: httpx.AsyncClient) -> None:
    """The list says how many places there are, and the city lists them."""
    cities = {city["id"]: city for city in (await http.get("/cities")).json()}
    assert cities["lisbon"]["time_zone"] == "Europe/Lisbon"
    places = (await http.get("/cities/lisbon/places")).json()
    assert len(places) == cities["lisbon"]["places"]
    assert places[0]["id"] == "lisbon.jeronimos"
    assert places[0]["closed_on"] == ["Mo"]
    assert "hours" not in places[0]


async def test_hours_depend_on_the_date(http: httpx.AsyncClient) -> None:
    """Closed on Monday, open late on Thursday; and it says what that is worth."""
    monday = (await http.get("/places/paris.musee-dorsay/hours", params={"date": "2026-12-07"})).json()
    thursday = (await http.get("/places/paris.musee-dorsay/hours", params={"date": "2026-12-10"})).json()
    assert monday["open"] == []
    assert thursday["open"] == [{"opens": "09:30", "closes": "21:45"}]
    assert "not checked" in monday["notice"]


async def test_details_name_the_neighbours(http: httpx.AsyncClient) -> None:
    """The three closest places of the same city."""
    details = (await http.get("/places/rome.pantheon")).json()
    assert details["nearby"] == ["Piazza Navona", "Galleria Doria Pamphilj", "Campo de' Fiori"]
    assert details["hours"] == "Mo-Su 09:00-19:00"
    assert details["cost"] == {"amount": 5, "currency": "EUR"}
    assert details["about"].endswith(".")


async def test_walks_are_estimates_and_say_so(http: httpx.AsyncClient) -> None:
    """One walk equals its cell in the table; a city's id is its centre."""
    walk = (await http.get("/walk", params={"from": "rome", "to": "rome.colosseum"})).json()
    walks = (await http.get("/walks", params={"points": "rome,rome.colosseum,rome.pantheon"})).json()
    assert walks["points"] == ["rome", "rome.colosseum", "rome.pantheon"]
    assert (walk["minutes"], walk["metres"]) == (walks["minutes"][0][1], walks["metres"][0][1])
    assert walk["heading"] == "south"
    assert "Estimated" in walk["notice"]
    assert walks["notice"] == walk["notice"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/cities/atlantis/places", 404, "city_unknown"),
        ("/places/rome.atlantis", 404, "place_unknown"),
        ("/places/rome.atlantis/hours?date=2026-12-07", 404, "place_unknown"),
        ("/walk?from=rome&to=atlantis", 404, "place_unknown"),
        ("/walks?points=" + ",".join(["rome"] * 31), 422, "too_many_points"),
    ],
)
async def test_what_is_not_there_has_a_code(http: httpx.AsyncClient, address: str, status: int, code: str) -> None:
    """A client can tell a typo from an outage."""
    answer = await http.get(address)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_outage_says_when_to_come_back(http: httpx.AsyncClient) -> None:
    """503 with Retry-After in whole seconds; health and dial stay up."""
    await http.put("/dial", json={"down": True, "retry_after_s": 1.2})
    answer = await http.get("/cities")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (503, "2", "unavailable")
    assert (await http.get("/healthz")).status_code == 204


async def test_garbage_is_a_good_answer_cut_short(http: httpx.AsyncClient) -> None:
    """Status and headers look right; only the body is broken."""
    await http.put("/dial", json={"fault_rate": 1, "fault_kinds": ["garbage"]})
    answer = await http.get("/cities")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Unterminated string"):
        answer.json()


async def test_a_call_that_hangs_is_given_up_in_the_end(http: httpx.AsyncClient) -> None:
    """By the provider, if the caller has more patience."""
    await http.put("/dial", json={"fault_rate": 1, "fault_kinds": ["hang"], "hang_s": 0.01})
    assert (await http.get("/cities")).status_code == 504


def test_a_wrong_dial_on_the_command_line_is_explained() -> None:
    """Instead of a traceback."""
    command = [sys.executable, "-m", "examples.itinerary.provider", "--dial", '{"fault_rate": 7}']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "fault_rate" in done.stderr
    assert "Traceback" not in done.stderr
