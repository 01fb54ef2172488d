"""Error classes and the published list of codes are the same, read from either side."""

import re
from pathlib import Path

import pytest
import yaml

from headway import errors
from headway.errors import HeadwayError

LISTED = {
    entry["code"]: entry
    for entry in yaml.safe_load((Path(__file__).parents[1] / "conformance/errors.yaml").read_text(encoding="utf-8"))
}
CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, HeadwayError)]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_class_is_listed(error):
    """With its code, status and whether trying again may help."""
    entry = LISTED[error.code]
    assert entry["kind"] == "http"
    assert (entry["status"], entry["retryable"]) == (error.status, error.retryable)


@pytest.mark.parametrize("code", [code for code, entry in LISTED.items() if entry["kind"] == "http"])
def test_every_http_code_has_a_class(code):
    """Nothing is promised that nobody raises."""
    assert code in {error.code for error in CLASSES}


@pytest.mark.parametrize("entry", LISTED.values(), ids=lambda entry: entry["code"])
def test_entries_are_whole(entry):
    """A title for people; a status where there is an HTTP answer."""
    keys = {"code", "kind", "retryable", "title"} | ({"status"} if entry["kind"] == "http" else set())
    assert entry.keys() == keys
    assert entry["kind"] in ("http", "run")
    assert entry["title"]


def test_codes_are_listed_once():
    """A second entry would hide the first."""
    text = (Path(__file__).parents[1] / "conformance/errors.yaml").read_text(encoding="utf-8")
    assert text.count("{code: ") == len(LISTED)


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_the_tree_in_the_docstring_is_whole(error):
    """Whoever catches one reads there what else it may be."""
    assert re.search(rf"\b{error.__name__}\b", errors.__doc__ or "")


def test_text_says_what_and_how_to_mend_it():
    """Both stand in the traceback; further values are for the caller."""
    error = errors.Conflict("it ended", hint="look first", current="failed")
    assert str(error) == "it ended (look first)"
    assert (error.detail, error.hint, error.extra) == ("it ended", "look first", {"current": "failed"})
    assert str(errors.Conflict("it ended")) == "it ended"
