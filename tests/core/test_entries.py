"""Book-keeping of entries. What it means for a run is in the cases of conformance/fold/."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headway.core import limits
from headway.core.entries import Entries, Output, copied, key_order, new_item, new_output, new_phase
from headway.core.text import GrowingText

EMPTY: dict[str, Any] = {"phases": [], "items": {}, "outputs": {}, "custom": {}}


def entries() -> Entries:
    """None yet."""
    return Entries({"phases": [], "items": {}, "outputs": {}, "custom": {}})


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=3)))
def test_keys_are_ordered_as_javascript_orders_them(keys):
    """By UTF-16 units: beyond the BMP comes before the private use area."""
    assert sorted(keys, key=key_order) == sorted(keys, key=units)


def units(text: str) -> list[int]:
    """UTF-16 code units, counted by hand."""
    found = []
    for point in map(ord, text):
        found += [point] if point < 0x10000 else [0xD800 + (point - 0x10000 >> 10), 0xDC00 + (point - 0x10000 & 0x3FF)]
    return found


def test_copies_share_nothing():
    """But what cannot change."""
    value = {"a": [1, {"b": None}], "c": "text"}
    copy = copied(value)
    assert copy == value
    assert copy is not value
    assert copy["a"] is not value["a"]
    assert copy["a"][1] is not value["a"][1]


def test_tallies_follow_items():
    """As they are added, move, are put back, and go."""
    kept = entries()
    items = {key: new_item(key, seq=1, attempt=1) | {"phase": "p"} for key in "abc"}
    for key, item in items.items():
        assert kept.add_item(key, item)
    kept.set_item_status(items["a"], "finished")
    kept.set_item_status(items["b"], "failed")
    assert (kept.tallies["p"].ended, kept.tallies["p"].total) == (2, 3)
    kept.replan("b")
    kept.replan("a")
    kept.replan("nobody")
    assert (kept.tallies["p"].ended, kept.tallies["p"].total) == (1, 3)
    moved = new_item("a", seq=1, attempt=1) | {"phase": "q", "status": "finished"}
    new = new_item("new", seq=2, attempt=1)
    kept.assign({"phases": {}, "outputs": {}, "items": {"a": moved, "b": None, "new": new}})
    assert (kept.tallies["p"].ended, kept.tallies["p"].total) == (0, 1)
    assert (kept.tallies["q"].ended, kept.tallies["q"].total) == (1, 1)
    again = Entries(kept.into(EMPTY))
    assert {id: (tally.ended, tally.total) for id, tally in again.tallies.items()} == {"p": (0, 1), "q": (1, 1)}


def test_items_are_counted_by_status():
    """Only statuses that some item has."""
    kept = entries()
    assert kept.items_by_status() == {}
    for key, status in (("a", "planned"), ("b", "running"), ("c", "running")):
        kept.add_item(key, new_item(key, seq=1, attempt=1) | {"status": status})
    assert kept.items_by_status() == {"planned": 1, "running": 2}


def test_caps_let_nothing_new_in():
    """What is there may change; what is not stays out, also when it is put back."""
    kept = entries()
    for n in range(limits.ITEMS_MAX):
        assert kept.add_item(str(n), new_item(str(n), seq=n, attempt=1))
    for n in range(limits.OUTPUTS_MAX):
        assert kept.set_output(str(n), new_output(str(n), seq=n, attempt=1))
    for n in range(limits.PHASES_MAX):
        assert kept.add_phase(new_phase(str(n), "", 1))
    assert not kept.add_item("new", new_item("new", seq=1, attempt=1))
    assert not kept.set_output("new", new_output("new", seq=1, attempt=1))
    assert not kept.add_phase(new_phase("new", "", 1))
    assert kept.set_output("0", new_output("0", seq=1, attempt=2))
    item, output = new_item("x", seq=7, attempt=7), new_output("x", seq=7, attempt=7).value()
    phase = new_phase("new", "", 1)
    kept.assign(
        {
            "phases": {"new": phase},
            "items": {"new": item, "0": item},
            "outputs": {"new": output, "0": output},
        }
    )
    assert [kept.copy(kind, "new") for kind in ("phases", "items", "outputs")] == [None, None, None]
    assert kept.copy("items", "0") == item
    assert kept.copy("outputs", "0") == output
    kept.assign(
        {
            "phases": {"0": None, "new": phase},
            "items": {"0": None, "new": item},
            "outputs": {"0": None, "new": output},
        }
    )
    assert kept.copy("items", "new") == item
    assert kept.copy("outputs", "new") == output
    assert kept.keys("phases")[-1] == "new"


def test_custom_values_are_counted_over_all_names():
    """A known one may change at the cap, a new one not; the count survives a snapshot."""
    kept = Entries({**EMPTY, "custom": {"n": {str(n): n for n in range(limits.CUSTOM_MAX - 1)}}})
    kept.set_custom("m", "k", 1)
    kept.set_custom("m", "other", 1)
    kept.set_custom("new", "k", 1)
    kept.set_custom("m", "k", 2)
    custom = kept.into(EMPTY)["custom"]
    assert custom["m"] == {"k": 2}
    assert custom.keys() == {"n", "m"}


def test_texts_that_come_and_go_are_listed_once():
    """Outputs started again and again must not grow the list they are found by."""
    kept = entries()
    for _ in range(100):
        output = new_output("o", seq=1, attempt=1)
        kept.set_output("o", output)
        kept.append_text(output, "text")
    assert len(kept._by_age) == 1
    assert kept._text_total == 4


def test_an_output_reads_back():
    """From its value in a snapshot."""
    output = Output("o", seq=3, attempt=2, text=GrowingText("text", 7), finished=True)
    assert Output.of("o", output.value()).value() == output.value()
