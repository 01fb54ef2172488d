"""What may stand behind the question mark of reading routes, and reading it where FastAPI does not."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar, get_origin

from pydantic import BaseModel, Field, ValidationError, field_validator
from starlette.datastructures import QueryParams

from headway.core.events import FAMILIES, PAYLOADS
from headway.core.limits import PAGE_MAX
from headway.core.run import RunStatus
from headway.gateways.problem import invalid_query
from headway.stores.searching import LOOKED_AT_MAX, TEXT_MAX

WAIT_MAX_S: Final = 55.0
"""Below the 60 s after which proxies usually give up."""

Wait = Annotated[
    float, Field(ge=0, le=WAIT_MAX_S, allow_inf_nan=False, description="Seconds to wait for news; 0 answers at once.")
]

Q = TypeVar("Q", bound=BaseModel)
Who = Annotated[str | None, Field(description="Name and version of the client (`ts/0.1.0`), for metrics.")]


class StateQuery(BaseModel):
    """How to read a run."""

    wait: Wait = 0
    client: Who = None


class EventsQuery(BaseModel):
    """Which part of a log to read."""

    after: Annotated[str | None, Field(description="Cursor; without it the log is read from its beginning.")] = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 500
    type: Annotated[list[str], Field(description="Event types (`item.finished`) or families (`item`).")] = []
    wait: Wait = 0
    notices: Annotated[
        str | None,
        Field(
            description="Ids of the notices the client has before its viewer, with commas between them. Each of them "
            "that is over is told, and while others stand than these the answer does not wait."
        ),
    ] = None
    client: Who = None

    @field_validator("type")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        for name in value:
            if name not in PAYLOADS and name not in FAMILIES:
                raise ValueError(f"there is no event type or family {name[:64]!r}")
        return value


class WhichQuery(BaseModel):
    """Which runs."""

    status: Annotated[list[RunStatus], Field(description="Repeated, or with commas between them.")] = []
    job: str | None = None
    group: str | None = None

    @field_validator("status", mode="before")
    @classmethod
    def _each(cls, value: object) -> object:
        # `status=`, as a form sends it in which nothing is chosen, means any
        return [one for part in value for one in str(part).split(",") if one] if isinstance(value, list) else value


class ListQuery(WhichQuery):
    """A page of which runs."""

    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50
    page: Annotated[str | None, Field(description="`next` of the page before.")] = None
    q: Annotated[
        str | None,
        Field(
            max_length=TEXT_MAX,
            description="Words, each of which stands in title, job or id; or how an id begins (`run_` and at least six "
            f"characters). Words are looked for in the next {LOOKED_AT_MAX:,} runs: there may be more behind `next`.",
        ),
    ] = None


def read_query(model: type[Q], params: QueryParams) -> Q:
    """Read a query as FastAPI does: names that may be repeated as lists, of others the last.

    Raises:
        InvalidQuery: a value is not possible.
    """
    repeated = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is list}
    values: dict[str, Any] = {name: params.getlist(name) if name in repeated else params[name] for name in params}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise invalid_query(error.errors()) from error
