"""The contract as JSON Schema: events, snapshot, constants and tables, for every language that reads Headway.

``scripts/schema.py`` writes it to ``conformance/schema/``, and the TypeScript types are generated from that committed
copy. A difference between any two of them fails the build.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import create_model
from pydantic.json_schema import GenerateJsonSchema

from headway.core import limits, run
from headway.core.events import CONTROL_TYPES, FAMILIES, PAYLOADS, REPORTED_TYPES, Payload
from headway.core.shapes import Envelope
from headway.core.snapshot import Snapshot


class _Untitled(GenerateJsonSchema):
    """Leaves out titles of fields, which json2ts would turn into one alias per field."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def envelope_schema() -> dict[str, Any]:
    """What stands around the payload of every event."""
    return Envelope.model_json_schema(mode="serialization", schema_generator=_Untitled)


def payloads_schema() -> dict[str, Any]:
    """One object whose properties are the event types and whose values are their payloads."""
    fields: dict[str, Any] = {name: (model, ...) for name, model in PAYLOADS.items()}
    model = create_model("Payloads", __base__=Payload, **fields)
    return model.model_json_schema(mode="serialization", schema_generator=_Untitled)


def snapshot_schema() -> dict[str, Any]:
    """The snapshot."""
    return Snapshot.model_json_schema(mode="serialization", schema_generator=_Untitled)


def constants() -> dict[str, Any]:
    """Limits and closed lists both folds share."""
    numbers = {name: value for name, value in vars(limits).items() if name.isupper()}
    lists = {
        "FAMILIES": list(FAMILIES),
        "CONTROL_TYPES": sorted(CONTROL_TYPES),
        "REPORTED_TYPES": sorted(REPORTED_TYPES),
        "RUN_STATUSES": [str(status) for status in run.RunStatus],
        "ENDED_STATUSES": sorted(str(status) for status in run.ENDED),
    }
    return {**numbers, **lists}


def contract() -> Mapping[str, Any]:
    """Return the contract's files by name."""
    return {
        "envelope.schema.json": envelope_schema(),
        "payloads.schema.json": payloads_schema(),
        "snapshot.schema.json": snapshot_schema(),
        "constants.json": constants(),
        "transitions.json": run.table_rows(),
    }
