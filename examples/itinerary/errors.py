"""What can go wrong while a trip is planned.

::

    ItineraryError
    ├── ProviderError           the place provider did not give a usable answer
    │   ├── ProviderDown        unreachable, too slow or answering 5xx; may be back soon
    │   ├── ProviderGarbled     answered something that cannot be understood; asking again usually helps
    │   ├── CityUnknown         it has no such city
    │   ├── PlaceUnknown        it has no such place
    │   └── RequestRefused      it says that our question is wrong (a bug here)
    ├── ModelFailed             the language model did not write
    ├── DayImpossible           no tour exists for this day with these places
    ├── NoDayPlanned            nothing came of the whole trip
    └── SearchStopped           the search for a tour was stopped before it had found one

``retryable`` says whether the very same call may succeed later; ``hint`` says what the reader can do about it.

What is reported while a trip is planned (``error`` events) is of a severity:

| severity   | what happened                                                                       |
|------------|-------------------------------------------------------------------------------------|
| `warning`  | it is tried again, or something small was left out: a place's notes, a sunset        |
| `error`    | a day was given up, the others go on; or a city could not be looked around beforehand |
| `critical` | nothing could be planned                                                            |
"""

from __future__ import annotations

from typing import Any, ClassVar


class ItineraryError(Exception):
    """Base of all errors of this application.

    Attributes:
        code: Stable, machine-readable name.
        category: What is at fault: ``provider``, ``input``, ``model`` or ``plan``.
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


class NoDayPlanned(ItineraryError):
    """Not one day of the trip could be planned."""

    code = "no_day_planned"
    retryable = True


class ModelFailed(ItineraryError):
    """The language model cannot be asked, or did not write to the end."""

    code = "model_failed"
    category = "model"
    retryable = True


def told(error: Exception) -> dict[str, Any]:
    """Return what is reported of an error: message, code, category, and whether trying again may help."""
    if isinstance(error, ItineraryError):
        return {
            "message": error.detail,
            "code": error.code,
            "category": error.category,
            "retryable": error.retryable,
        }
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return {"message": text, "code": "job_error", "category": "application", "retryable": True}
