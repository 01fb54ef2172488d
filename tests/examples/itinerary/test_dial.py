"""The dial, turned on a real provider: what it does to calls, and that it does the same again."""

import asyncio

import pytest
from pydantic import ValidationError

from examples.itinerary.dial import Dial
from examples.itinerary.errors import ItineraryError
from examples.itinerary.provider_client import ProviderClient
from tests.examples.itinerary.providing import CALM

CITIES = ["paris", "rome", "berlin", "tokyo", "vienna", "prague"]


async def fate(provider: ProviderClient, city: str) -> str:
    """What became of one call."""
    try:
        await provider.places(city)
    except ItineraryError as error:
        return error.code
    return "ok"


async def fates(provider: ProviderClient, cities: list[str]) -> dict[str, list[str]]:
    """What became of three calls about each city, the cities all at once."""

    async def thrice(city: str) -> list[str]:
        return [await fate(provider, city) for _ in range(3)]

    return dict(zip(cities, await asyncio.gather(*map(thrice, cities)), strict=True))


async def test_the_same_seed_plays_the_same_faults(provider: ProviderClient) -> None:
    """In whatever order concurrent calls arrive; another seed plays others."""
    faulty = {"fault_rate": 0.5, "fault_kinds": ["unavailable", "garbage"]}
    await provider.turn_dial(**faulty, seed=7)
    played = await fates(provider, CITIES)
    await provider.turn_dial(seed=7)
    assert await fates(provider, CITIES[::-1]) == played
    await provider.turn_dial(seed=8)
    assert await fates(provider, CITIES) != played
    outcomes = {outcome for row in played.values() for outcome in row}
    assert outcomes == {"ok", "provider_down", "provider_garbled"}


async def test_down_means_every_call_until_it_is_up_again(provider: ProviderClient) -> None:
    """The dial itself goes on answering."""
    assert (await provider.turn_dial(down=True)).down
    assert await fates(provider, CITIES[:2]) == {"paris": ["provider_down"] * 3, "rome": ["provider_down"] * 3}
    assert (await provider.dial()).down
    await provider.turn_dial(down=False)
    assert await fate(provider, "paris") == "ok"


async def test_one_city_down_leaves_the_others_alone(provider: ProviderClient) -> None:
    """In every address that names the city or one of its places."""
    await provider.turn_dial(down_city="rome")
    calls = [
        provider.places("rome"),
        provider.details("rome.colosseum"),
        provider.walk("rome", "rome.colosseum"),
        provider.walks(["rome.colosseum", "rome.pantheon"]),
    ]
    for call in calls:
        with pytest.raises(ItineraryError, match="503"):
            await call
    assert await fate(provider, "paris") == "ok"
    assert len(await provider.cities()) >= 12


async def test_a_slow_city_is_slower_than_the_patience_of_its_caller(
    provider: ProviderClient, provider_url: str
) -> None:
    """The others are answered by a caller with the same patience."""
    await provider.turn_dial(slow_city="rome", slow_extra_s=120)
    async with ProviderClient(provider_url, timeout_s=6) as impatient:
        assert await fates(impatient, ["paris"]) == {"paris": ["ok"] * 3}
        assert await fate(impatient, "rome") == "provider_down"


async def test_fields_left_out_keep_their_value(provider: ProviderClient) -> None:
    """A page turns one knob at a time."""
    await provider.turn_dial(fault_rate=0.25)
    await provider.turn_dial(seed=3)
    assert await provider.dial() == Dial.model_validate(CALM | {"fault_rate": 0.25, "seed": 3})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fault_rate": 2}, "fault_rate"),
        ({"latency_min_s": 2.0}, "latency_min_s \\(2.0\\) is above latency_max_s"),
        ({"fault_kinds": []}, "fault_kinds"),
        ({"tempo": 1}, "tempo"),
    ],
)
async def test_a_wrong_setting_is_refused_and_changes_nothing(
    provider: ProviderClient, change: dict, complaint: str
) -> None:
    """The answer names the field."""
    with pytest.raises(ItineraryError, match=complaint) as caught:
        await provider.turn_dial(**change)
    assert caught.value.code == "request_refused"
    assert await provider.dial() == Dial.model_validate(CALM)


def test_by_default_calls_take_their_time_and_none_fails() -> None:
    """A remote service on a good day."""
    dial = Dial()
    assert (dial.latency_min_s, dial.latency_max_s, dial.fault_rate) == (0.3, 0.9, 0.0)
    with pytest.raises(ValidationError):
        Dial(latency_min_s=1.0)
