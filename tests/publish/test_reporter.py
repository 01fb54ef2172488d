"""What viewers are told of an exception."""

from headway.errors import InvalidInput
from headway.publish.reporter import describe


class ProviderDown(Exception):
    """An application's own error."""

    code = "provider_down"
    category = "provider"
    hint = "Start it."


def test_an_error_with_a_code_speaks_for_itself() -> None:
    """It was made to be read: its text stands alone, with its code, category and hint."""
    told = describe(ProviderDown("the provider is down"))
    assert told.model_dump() == {
        "code": "provider_down",
        "message": "the provider is down",
        "category": "provider",
        "retryable": True,
        "hint": "Start it.",
    }


def test_an_error_without_words_is_named() -> None:
    """Its kind is better than nothing."""
    assert describe(ProviderDown()).message.endswith("ProviderDown")


def test_any_other_exception_is_told_with_its_kind() -> None:
    """`KeyError: 'city'` says more than `'city'`."""
    told = describe(KeyError("city"))
    assert (told.code, told.message, told.category) == ("job_error", "KeyError: 'city'", "application")


def test_errors_of_headway_keep_their_code() -> None:
    """They are in the published list."""
    told = describe(InvalidInput("it has no city", hint="name one"))
    assert (told.code, told.message, told.hint) == (InvalidInput.code, "it has no city", "name one")


def test_a_time_out_may_succeed_later() -> None:
    """With or without words of its own."""
    assert describe(TimeoutError()).model_dump()["message"] == "it took too long"
    assert describe(TimeoutError("slow")).retryable
