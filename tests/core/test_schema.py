"""The published contract, and that the committed copy is this one."""

import json
import subprocess
import sys

import jsonschema  # type: ignore[import-untyped]
import orjson
import pytest

from headway.core import schema
from headway.core.events import PAYLOADS, encode, new_event
from headway.core.shapes import Envelope
from tests.core.conformance import ROOT, cases, expand, groups

COMMITTED = ROOT / "schema"
AGAIN = "run: make generate"


def test_the_committed_contract_is_this_one():
    """TypeScript types are generated from it; a drift would be a lie in two languages."""
    committed = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in COMMITTED.glob("*")}
    assert committed == schema.contract(), AGAIN


def test_writing(tmp_path):
    """The command writes just the committed files."""
    target = tmp_path / "new" / "schema"
    subprocess.run([sys.executable, str(ROOT.parent / "scripts/schema.py"), str(target)], check=True)
    written = {path.name: path.read_bytes() for path in target.iterdir()}
    assert written == {path.name: path.read_bytes() for path in COMMITTED.iterdir()}, AGAIN


@pytest.mark.parametrize("name", ["envelope.schema.json", "payloads.schema.json", "snapshot.schema.json"])
def test_schemas_are_schemas(name):
    """Valid, and every field of every object required: all keys are present."""
    contract = schema.contract()[name]
    jsonschema.Draft202012Validator.check_schema(contract)
    for model in (contract, *contract.get("$defs", {}).values()):
        if model["type"] == "object":
            assert sorted(model["required"]) == sorted(model["properties"]), model["title"]


def test_an_event_fits_its_envelope():
    """The published envelope is the one that is written: every key, in this order, and no other."""
    event = new_event("note", {"body": "b"})
    body = encode(event, run_id="run_1", seq=1, time="t", execution_id=None, correlation_id=None)
    jsonschema.Draft202012Validator({**schema.envelope_schema(), "additionalProperties": False}).validate(
        orjson.loads(body)
    )
    assert list(orjson.loads(body)) == list(Envelope.model_fields)


def test_events_of_the_cases_fit_their_schema():
    """The cases are real events, as another implementation would check them; but for one from before the schema."""
    payloads = schema.payloads_schema()
    checkers = {
        type: jsonschema.Draft202012Validator({**payloads["properties"][type], "$defs": payloads["$defs"]})
        for type in PAYLOADS
    }
    checked = set()
    for case in cases("fold/*.json").values():
        if "beyond 100" in case["name"] or "older Headways" in case["name"]:
            continue
        for group in groups(case["events"]):
            event = group[0]["event"]
            if event["type"] in checkers and isinstance(event["data"], dict):
                checkers[event["type"]].validate(event["data"])
                checked.add(event["type"])
    assert checked == set(PAYLOADS)


def test_snapshots_of_the_cases_fit_their_schema():
    """As another implementation would check them."""
    checker = jsonschema.Draft202012Validator(schema.snapshot_schema())
    for case in cases("fold/*.json").values():
        if case.get("expect", {}).get("run_id"):
            checker.validate(expand(case["expect"]))


def test_constants_are_numbers_and_sorted_lists():
    """Nothing in them depends on the process that writes them."""
    constants = schema.constants()
    assert constants["FOLD_VERSION"] >= 1
    assert constants["ENDED_STATUSES"] == ["cancelled", "failed", "partial", "succeeded"]
    assert all(isinstance(value, int | list) for value in constants.values())
