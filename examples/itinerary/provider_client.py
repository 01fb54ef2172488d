"""Ask the place provider, and say clearly what went wrong when it does not answer properly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from .dial import Dial
from .errors import CityUnknown, PlaceUnknown, ProviderDown, ProviderError, ProviderGarbled, RequestRefused
from .models import City, OpeningDay, Place, PlaceDetails, Walk, WalkTable

CALL_TIMEOUT_S: Final = 5.0
_HINT: Final = f"Start it with: python -m {__package__}.provider"  # its name depends on where it is installed
_BY_CODE: Final[dict[str, type[ProviderError]]] = {"city_unknown": CityUnknown, "place_unknown": PlaceUnknown}

T = TypeVar("T")


class ProviderClient:
    """A connection pool to one provider; an async context manager.

    Every question is a GET: it may be asked again, and cancelling one is safe. No question is repeated here; whether
    and when to try again is the caller's decision, for which ``ProviderDown`` carries ``retry_after_s``.

    All questions raise:
        ProviderDown: Unreachable, no answer within the time-out, or a server error (retryable).
        ProviderGarbled: The answer cannot be understood (retryable).
        RequestRefused: The provider calls the question itself wrong.

    Args:
        base_url: Where the provider listens, ``http://127.0.0.1:8801``.
        timeout_s: Longest a call may take altogether to connect, and to read each part of the answer.
    """

    def __init__(self, base_url: str, *, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout_s, trust_env=False)
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def cities(self) -> list[City]:
        """Return all cities by name."""
        return await self._get(list[City], "/cities")

    async def places(self, city: str) -> list[Place]:
        """Return the places of a city.

        Raises:
            CityUnknown: There is no such city.
        """
        return await self._get(list[Place], f"/cities/{city}/places")

    async def details(self, place_id: str) -> PlaceDetails:
        """Return what is worth knowing about a place.

        Raises:
            PlaceUnknown: There is no such place.
        """
        return await self._get(PlaceDetails, f"/places/{place_id}")

    async def hours(self, place_id: str, day: date) -> OpeningDay:
        """Return when a place is open on a date.

        Raises:
            PlaceUnknown: There is no such place.
        """
        return await self._get(OpeningDay, f"/places/{place_id}/hours", date=day.isoformat())

    async def walk(self, origin: str, destination: str) -> Walk:
        """Return the estimated walk between two places (or city centres, named by the city's id).

        Raises:
            PlaceUnknown: One of them is unknown.
        """
        return await self._get(Walk, "/walk", **{"from": origin, "to": destination})

    async def walks(self, points: Sequence[str]) -> WalkTable:
        """Return the estimated walks between all pairs of at most thirty points.

        Raises:
            PlaceUnknown: One of them is unknown.
        """
        return await self._get(WalkTable, "/walks", points=",".join(points))

    async def dial(self) -> Dial:
        """Return how slow and unreliable the provider plays."""
        return await self._get(Dial, "/dial")

    async def turn_dial(self, **changes: Any) -> Dial:
        """Change some fields of the dial and return all of it; the last call wins.

        Raises:
            RequestRefused: A value is out of bounds.
        """
        return self._read(Dial, await self._send("PUT", "/dial", json=changes))

    async def _get(self, form: type[T], path: str, **query: str) -> T:
        return self._read(form, await self._send("GET", path, params=query))

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, **options)
        except httpx.TimeoutException as error:
            raise ProviderDown(f"the place provider did not answer within {self._timeout_s:g} s ({path})") from error
        except httpx.TransportError as error:
            where = self._http.base_url
            raise ProviderDown(f"the place provider at {where} cannot be reached: {error}", hint=_HINT) from error

    def _read(self, form: type[T], response: httpx.Response) -> T:
        if response.is_server_error:
            raise ProviderDown(
                f"the place provider answered {response.status_code}", retry_after_s=_retry_after(response)
            )
        if response.is_client_error:
            raise _refusal(response)
        try:
            return TypeAdapter(form).validate_json(response.content)
        except ValidationError as error:
            path = response.request.url.path
            raise ProviderGarbled(f"the place provider's answer to {path} cannot be read ({error.title})") from error


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None


def _refusal(response: httpx.Response) -> ProviderError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    code = problem.get("code", "") if isinstance(problem, dict) else ""
    detail = problem.get("detail", "") if isinstance(problem, dict) else ""
    kind = _BY_CODE.get(code, RequestRefused)
    return kind(f"the place provider answered {response.status_code}: {detail or response.reason_phrase}")
