"""The parts of a snapshot that come and go by key: phases, items, outputs, custom values, with their caps.

Kept apart from the fold so that the rules (what an event means) and the book-keeping (what a change costs) can each be
read alone. Every change is O(1) in the number of entries; tallies for the progress are kept up as items move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

import orjson

from headway.core import limits
from headway.core.progress import Tally
from headway.core.text import GrowingText

ITEM_ENDED = ("finished", "failed")


def copied(value: Any) -> Any:
    """Return JSON data that shares nothing with `value`: an event stays its owner's, whatever becomes of it later."""
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) for inner in value]
    return value


def key_order(key: str) -> bytes:
    """Sort key where the fold needs an order of keys: by UTF-16 code units, as JavaScript compares strings."""
    return key.encode("utf-16-be", "surrogatepass")


class Output:
    """One text stream of a run."""

    __slots__ = ("attempt", "finished", "key", "seq", "text")

    def __init__(self, key: str, *, seq: int, attempt: int, text: GrowingText, finished: bool = False) -> None:
        self.key = key
        self.seq = seq
        self.attempt = attempt
        self.text = text
        self.finished = finished

    def value(self) -> dict[str, Any]:
        """Return the entry as it stands in a snapshot."""
        return {
            "text": self.text.read(),
            "from_offset": self.text.from_offset,
            "finished": self.finished,
            "attempt": self.attempt,
            "seq": self.seq,
        }

    @classmethod
    def of(cls, key: str, value: Mapping[str, Any]) -> Output:
        """Make an output of its snapshot entry."""
        text = GrowingText(value["text"], value["from_offset"])
        return cls(key, seq=value["seq"], attempt=value["attempt"], text=text, finished=value["finished"])


def new_phase(id: str, title: str, weight: float | None) -> dict[str, Any]:
    """A phase that has not begun. `weight` None: nobody declared it."""
    blank = dict.fromkeys(("total", "unit", "message", "started_at", "finished_at", "error"))
    return {"id": id, "title": title, "weight": weight, "status": "planned", "done": 0, **blank}


def new_item(key: str, *, seq: int, attempt: int) -> dict[str, Any]:
    """An item nobody described; `seq` of the event it came with gives the order items are shown in."""
    blank = dict.fromkeys(("progress", "data", "error"))
    return {
        "kind": "item",
        "title": key,
        "parent": None,
        "phase": None,
        "status": "planned",
        **blank,
        "attempt": attempt,
        "seq": seq,
    }


def new_output(key: str, *, seq: int, attempt: int) -> Output:
    """An output without text."""
    return Output(key, seq=seq, attempt=attempt, text=GrowingText())


class Entries:
    """Phases, items, outputs and custom values of one run.

    Args:
        body: A snapshot; its entries are taken over, and `into` puts them back.
    """

    __slots__ = (
        "_by_age",
        "_custom",
        "_custom_count",
        "_items",
        "_listed",
        "_outputs",
        "_phase_by_id",
        "_text_total",
        "phases",
        "tallies",
    )

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.phases: list[dict[str, Any]] = body["phases"]
        self._phase_by_id = {phase["id"]: phase for phase in self.phases}
        self._items: dict[str, dict[str, Any]] = body["items"]
        self.tallies: dict[str, Tally] = {}
        for item in self._items.values():
            self._count(item, +1)
        self._outputs = {key: Output.of(key, value) for key, value in body["outputs"].items()}
        self._list_texts()
        self._custom: dict[str, dict[str, Any]] = body["custom"]
        self._custom_count = sum(len(values) for values in self._custom.values())

    def into(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the snapshot `body` with these entries in it."""
        outputs = {key: output.value() for key, output in self._outputs.items()}
        return {**body, "phases": self.phases, "items": self._items, "outputs": outputs, "custom": self._custom}

    def copy(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return one entry as a value of its own."""
        if kind == "outputs":
            return self._outputs[key].value() if key in self._outputs else None
        entry = self._phase_by_id.get(key) if kind == "phases" else self._items.get(key)
        if entry is None:
            return None
        value: dict[str, Any] = orjson.loads(orjson.dumps(entry))
        return value

    def keys(self, kind: str) -> list[str]:
        """Keys of one kind of entries."""
        entries: dict[str, Mapping[str, Any]] = {
            "phases": self._phase_by_id,
            "items": self._items,
            "outputs": self._outputs,
        }
        return list(entries[kind])

    # -- phases

    def phase(self, id: str) -> dict[str, Any] | None:
        """Return the phase itself, to be changed."""
        return self._phase_by_id.get(id)

    def add_phase(self, phase: dict[str, Any]) -> bool:
        """Add a phase at the end; False when there are too many."""
        if len(self.phases) >= limits.PHASES_MAX:
            return False
        self.phases.append(phase)
        self._phase_by_id[phase["id"]] = phase
        return True

    def plan(self, planned: list[Mapping[str, Any]]) -> None:
        """Replace the plan; phases that stay keep what happened in them, others that began stay at the end."""
        old = self._phase_by_id
        phases: dict[str, dict[str, Any]] = {}
        for plan in planned:
            known = old.get(plan["id"]) or new_phase(plan["id"], "", None)
            phases[plan["id"]] = {**known, "title": plan["title"] or plan["id"], "weight": plan["weight"]}
        for id, phase in old.items():
            if id not in phases and phase["status"] != "planned" and len(phases) < limits.PHASES_MAX:
                phases[id] = {**phase, "weight": None}
        self._phase_by_id = phases
        self.phases = list(phases.values())

    def reset_phase(self, phase: dict[str, Any]) -> None:
        """Put a phase back to its beginning."""
        phase |= new_phase(phase["id"], phase["title"], phase["weight"])

    # -- items

    def item(self, key: str) -> dict[str, Any] | None:
        """Return the item itself, to be changed (its status by `set_item_status` only)."""
        return self._items.get(key)

    def add_item(self, key: str, item: dict[str, Any]) -> bool:
        """Add an item; False when there are too many."""
        if len(self._items) >= limits.ITEMS_MAX:
            return False
        self._items[key] = item
        self._count(item, +1)
        return True

    def items_by_status(self) -> Mapping[str, int]:
        """Return how many items there are of each status that any of them has."""
        return Counter(item["status"] for item in self._items.values())

    def set_item_status(self, item: dict[str, Any], status: str) -> None:
        """Move an item and keep the tally of its phase."""
        self._count(item, -1)
        item["status"] = status
        self._count(item, +1)

    def replan(self, key: str) -> None:
        """Make a failed item wait again."""
        item = self._items.get(key)
        if item is not None and item["status"] == "failed":
            self.set_item_status(item, "planned")
            item["error"] = item["progress"] = None

    def _count(self, item: Mapping[str, Any], by: int) -> None:
        if item["phase"] is not None:
            tally = self.tallies.setdefault(item["phase"], Tally())
            tally.total += by
            tally.ended += by if item["status"] in ITEM_ENDED else 0

    # -- outputs

    def output(self, key: str) -> Output | None:
        """Return the output itself."""
        return self._outputs.get(key)

    def set_output(self, key: str, output: Output) -> bool:
        """Add or replace an output; False when there are too many."""
        known = self._outputs.get(key)
        if known is None and len(self._outputs) >= limits.OUTPUTS_MAX:
            return False
        self._text_total += output.text.length - (known.text.length if known else 0)
        self._outputs[key] = output
        return True

    def append_text(self, output: Output, delta: str) -> None:
        """Add text and drop what is over the caps: first of this output, then of the oldest one that has any.

        Oldest is the lowest seq, then the lowest key (`key_order`).
        """
        output.text.append(delta)
        self._text_total += len(delta)
        self._list_text(output)
        self._cap_text(output)

    def _cap_text(self, output: Output) -> None:
        self._drop(output, output.text.length - limits.OUTPUT_TEXT_MAX)
        while self._text_total > limits.ALL_TEXT_MAX:
            self._drop(self._oldest_text(), self._text_total - limits.ALL_TEXT_MAX)

    def _drop(self, output: Output, count: int) -> None:
        if count > 0:
            before = output.text.length
            output.text.drop_front(count)
            self._text_total -= before - output.text.length

    def _list_texts(self) -> None:
        """Begin the list of outputs with text by age anew: a heap, with some in it that have lost their text since."""
        self._text_total = sum(output.text.length for output in self._outputs.values())
        self._listed = {key for key, output in self._outputs.items() if output.text.length}
        self._by_age = [(self._outputs[key].seq, key_order(key), key) for key in self._listed]
        heapify(self._by_age)

    def _list_text(self, output: Output) -> None:
        if output.text.length and output.key not in self._listed:
            self._listed.add(output.key)
            heappush(self._by_age, (output.seq, key_order(output.key), output.key))

    def _oldest_text(self) -> Output:
        while True:
            key = self._by_age[0][-1]
            output = self._outputs[key]
            if output.text.length:
                return output
            heappop(self._by_age)
            self._listed.remove(key)

    # -- custom values and withdrawal

    def set_custom(self, name: str, key: str, data: Any) -> None:
        """Keep the last data of a name and key; new ones past the cap are ignored."""
        values = self._custom.get(name)
        if values is None or key not in values:
            if self._custom_count >= limits.CUSTOM_MAX:
                return
            self._custom_count += 1
        self._custom.setdefault(name, {})[key] = data

    def assign(self, values: Mapping[str, Any]) -> None:
        """Put entries to the values given; null removes them.

        All are removed before any is added, and they are added in the order of their keys (`key_order`), because the
        order of an object's keys is not the same in every language, and it would show where a cap is reached. Custom
        values are a list, and assigned in its order.
        """
        self._assign_phases(_in_order(values["phases"]))
        self._assign_items(_in_order(values["items"]))
        if values["outputs"]:
            self._assign_outputs(_in_order(values["outputs"]))
        self._assign_custom(values.get("custom") or ())

    def _assign_phases(self, values: list[tuple[str, Any]]) -> None:
        phases = self._phase_by_id
        for id, phase in values:
            if phase is None:
                phases.pop(id, None)
            elif id in phases or len(phases) < limits.PHASES_MAX:
                phases[id] = {**copied(phase), "id": id}
        self.phases = list(phases.values())

    def _assign_items(self, values: list[tuple[str, Any]]) -> None:
        for key, item in values:
            known = self._items.get(key)
            if known is not None:
                self._count(known, -1)
            if item is None:
                self._items.pop(key, None)
            elif known is not None or len(self._items) < limits.ITEMS_MAX:
                self._items[key] = copied(item)
                self._count(item, +1)

    def _assign_outputs(self, values: list[tuple[str, Any]]) -> None:
        for key, output in values:
            if output is None:
                self._outputs.pop(key, None)
            elif key in self._outputs or len(self._outputs) < limits.OUTPUTS_MAX:
                self._outputs[key] = Output.of(key, output)
        self._list_texts()
        for key, _ in values:
            if key in self._outputs:
                self._cap_text(self._outputs[key])

    def _assign_custom(self, values: Iterable[Mapping[str, Any]]) -> None:
        for entry in values:
            name, key, value = entry["name"], entry["key"], entry["value"]
            if value is None:
                self._remove_custom(name, key)
            else:
                self.set_custom(name, key, copied(value.get("data")))

    def _remove_custom(self, name: str, key: str) -> None:
        values = self._custom.get(name)
        if values is not None and key in values:
            del values[key]
            self._custom_count -= 1
            if not values:
                del self._custom[name]


def _in_order(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(values.items(), key=lambda entry: (entry[1] is not None, key_order(entry[0])))
