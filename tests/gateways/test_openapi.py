"""The OpenAPI document: whole, valid references, nothing that is not so."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from headway.version import VERSION
from tests.gateways.serving import ended, start


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    """The document as clients get it."""
    found: dict[str, Any] = (await client.get("/openapi.json")).json()
    return found


def references(value: Any) -> Iterator[str]:
    """All references in a part of the document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_version_is_the_packages(document: dict[str, Any]) -> None:
    """So that a client made of it can be told from others."""
    assert document["info"]["version"] == VERSION


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """Also those of bodies FastAPI does not see."""
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference


def test_every_schema_is_used(document: dict[str, Any]) -> None:
    """Nothing is left of FastAPI's own errors."""
    used = {reference.rpartition("/")[2] for reference in references(document)}
    assert document["components"]["schemas"].keys() == used


def test_every_route_says_what_it_answers(document: dict[str, Any]) -> None:
    """In words, with errors as problems and never as FastAPI's."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert "422" not in operation["responses"], where
            assert "application/problem+json" in operation["responses"]["default"]["content"], where


def test_bodies_are_described(document: dict[str, Any]) -> None:
    """Of every command."""
    for path, operations in document["paths"].items():
        if "post" in operations:
            body = operations["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert body["$ref"].startswith("#/components/schemas/"), path
    report = document["components"]["schemas"]["ReportBody"]
    assert report["properties"]["events"]["items"]["$ref"].endswith("ReportedEvent")


def test_streams_stand_in_it(document: dict[str, Any]) -> None:
    """Although FastAPI does not serve them."""
    for path in ("/v1/runs/{run_id}/stream", "/v1/stream", "/v1/runs/stream"):
        assert "text/event-stream" in document["paths"][path]["get"]["responses"]["200"]["content"]
    listed = {parameter["name"] for parameter in document["paths"]["/v1/runs/stream"]["get"]["parameters"]}
    assert listed == {"status", "job", "group", "limit", "q"}


async def test_answers_fit_their_models(client: httpx.AsyncClient) -> None:
    """Every declared model is checked against a real answer: all fields there, none too many."""
    from headway.gateways import models

    def fits(model: type[Any], body: Any) -> None:
        assert set(model.model_fields) == set(body), model.__name__
        model.model_validate(body)

    handle = await start(client, 2)
    fits(models.RunStarted, handle)
    run_id = handle["id"]
    fits(models.RunState, await ended(client, run_id))
    fits(models.EventPage, (await client.get(f"/v1/runs/{run_id}/events")).json())
    page = (await client.get("/v1/runs")).json()
    fits(models.RunPage, page)
    fits(models.RunSummary, page["runs"][0])
    jobs = (await client.get("/v1/jobs")).json()
    fits(models.JobList, jobs)
    fits(models.JobInfo, jobs["jobs"][0])
    fits(models.Appended, (await client.post(f"/v1/runs/{run_id}/cancel")).json())
    opened = (await client.post("/v1/runs", json={"title": "t"})).json()
    fits(models.RunStarted, opened)
    begun = (await client.post(f"/v1/runs/{opened['id']}/executions", json={"take_over": True})).json()
    fits(models.ExecutionBegun, begun)
