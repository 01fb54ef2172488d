"""What can go wrong while a trip is planned.

::

    ItineraryError
    ├── ProviderError           the place provider did not give a usable answer
    │   ├── ProviderDown        unreachable, too slow or answering 5xx; may be back soon
    │   ├── ProviderGarbled     answered something that cannot be understood; asking again usually helps
    │   ├── CityUnknown         it has no such city
    │   ├── PlaceUnknown        it has no such place
    │   └── RequestRefused      it says that our question is wrong (a bug here)
    ├── DayImpossible           no tour exists for this day with these places
    └── SearchStopped           the search for a tour was stopped before it had found one

``retryable`` says whether the very same call may succeed later; ``hint`` says what the reader can do about it.
"""

from __future__ import annotations

from typing import ClassVar


class ItineraryError(Exception):
    """Base of all errors of this application.

    Attributes:
        code: Stable, machine-readable name.
        category: What is at fault: ``provider``, ``input`` or ``plan``.
        retryable: The same call may succeed later without being changed.
        detail: One sentence saying what is wrong.
        hint: One sentence saying how to mend it, or None.
    """

    code: ClassVar[str] = "itinerary"
    category: ClassVar[str] = "plan"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class ProviderError(ItineraryError):
    """The place provider did not give a usable answer."""

    code = "provider"
    category = "provider"


class ProviderDown(ProviderError):
    """The provider is unreachable, too slow or answering with a server error.

    Attributes:
        retry_after_s: Seconds after which it asks to be called again, or None when it did not say.
    """

    code = "provider_down"
    retryable = True

    def __init__(self, detail: str, *, hint: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.retry_after_s = retry_after_s


class ProviderGarbled(ProviderError):
    """The provider's answer is not JSON, or not of the agreed form."""

    code = "provider_garbled"
    retryable = True


class CityUnknown(ProviderError):
    """The provider has no city of this name."""

    code = "city_unknown"
    category = "input"


class PlaceUnknown(ProviderError):
    """The provider has no place of this id."""

    code = "place_unknown"
    category = "input"


class RequestRefused(ProviderError):
    """The provider refuses the question itself (4xx): a mistake in this application."""

    code = "request_refused"


class DayImpossible(ItineraryError):
    """No tour exists for the day.

    Attributes:
        reason: ``no_places``, ``all_closed``, ``too_far`` or ``no_time``.
    """

    code = "day_impossible"

    def __init__(self, reason: str, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.reason = reason


class SearchStopped(ItineraryError):
    """The search was stopped before the first tour was found."""

    code = "search_stopped"
    retryable = True
