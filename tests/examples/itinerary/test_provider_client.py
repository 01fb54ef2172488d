import asyncio
import socket
from datetime import date

import pytest

from examples.itinerary.errors import CityUnknown, PlaceUnknown, ProviderDown, ProviderGarbled, RequestRefused
from examples.itinerary.models import Category
from examples.itinerary.provider_client import ProviderClient


async def test_answers_come_as_models(provider: ProviderClient) -> None:
    """Each question once."""
    assert {city.id for city in await provider.cities()} >= {"paris", "rome", "new-york"}
    louvre = (await provider.places("paris"))[0]
    assert (louvre.id, louvre.category) == ("paris.louvre", Category.MUSEUM)
    hours = await provider.hours("paris.louvre", date(2026, 12, 9))
    assert [(it.opens, it.closes) for it in hours.open] == [(540, 1260)]
    assert (await provider.details("paris.louvre")).place == louvre
    walk = await provider.walk("paris.louvre", "paris.musee-dorsay")
    walks = await provider.walks(["paris.louvre", "paris.musee-dorsay"])
    assert walk.minutes == walks.minutes[0][1] == 13


async def test_the_unknown_is_not_worth_another_try(provider: ProviderClient) -> None:
    """A typo stays one."""
    with pytest.raises(CityUnknown, match="atlantis") as city:
        await provider.places("atlantis")
    with pytest.raises(PlaceUnknown, match=r"rome\.atlantis") as place:
        await provider.details("rome.atlantis")
    assert not city.value.retryable
    assert not place.value.retryable
    assert city.value.category == "input"


async def test_a_question_the_provider_refuses_is_our_mistake(provider: ProviderClient) -> None:
    """The provider's own words are kept."""
    with pytest.raises(RequestRefused, match="31 points are asked for") as caught:
        await provider.walks(["rome"] * 31)
    assert not caught.value.retryable


async def test_an_outage_is_worth_another_try_later(provider: ProviderClient) -> None:
    """And says when."""
    await provider.turn_dial(down=True, retry_after_s=4)
    with pytest.raises(ProviderDown, match="503") as caught:
        await provider.cities()
    assert caught.value.retryable
    assert caught.value.retry_after_s == 4


async def test_half_an_answer_is_no_answer(provider: ProviderClient) -> None:
    """Cut JSON, and JSON of another form."""
    await provider.turn_dial(fault_rate=1, fault_kinds=["garbage"])
    with pytest.raises(ProviderGarbled, match="/cities") as caught:
        await provider.cities()
    assert caught.value.retryable


async def test_a_call_that_hangs_ends_with_the_patience_of_the_caller(
    provider: ProviderClient, provider_url: str
) -> None:
    """The provider would hang for half a minute; the caller's time-out comes first."""
    await provider.turn_dial(fault_rate=1, fault_kinds=["hang"], hang_s=300)
    async with ProviderClient(provider_url, timeout_s=0.5) as impatient:
        with pytest.raises(ProviderDown, match=r"did not answer within 0\.5 s"):
            await impatient.cities()


async def test_a_provider_that_is_not_there_says_how_to_start_it() -> None:
    """Nobody listens on the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with ProviderClient(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(ProviderDown, match="cannot be reached") as caught:
            await client.cities()
    assert "examples.itinerary.provider" in (caught.value.hint or "")


async def test_an_error_page_of_something_else_is_refused_politely() -> None:
    """Whatever listens there may not speak JSON: the status is what remains."""

    async def serve(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\nconnection: close\r\n\r\nno!\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with ProviderClient(f"http://127.0.0.1:{port}") as client:
            with pytest.raises(RequestRefused, match="403: Forbidden"):
                await client.cities()
