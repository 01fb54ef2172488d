"""What the example reads from its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class StrategySettings(BaseSettings):
    """Settings of the strategy, each read from ``HEADWAY_DEMO_STRATEGY_`` and its name in capitals.

    Attributes:
        allowed: ``host:port`` of sites on this machine or its network that may be read all the same, comma-separated.
        page_s: Seconds one page may take.
        site_pages: Pages of one site that are read at most.
        site_s: Seconds the reading of one site may take altogether; what has come by then is used.
        model: Language model that writes the sections, as pydantic-ai names them (``openai:gpt-5-mini``, needs
            ``headway[llm]`` and the key of its provider); None: they are written by templates.
        sites: Addresses of the demo's sites as JSON, by name; shown in the builder as suggestions.
        library: File of the texts; None: beside Headway's store.
    """

    model_config = SettingsConfigDict(env_prefix="HEADWAY_DEMO_STRATEGY_")

    allowed: Annotated[frozenset[str], NoDecode] = frozenset()
    page_s: Annotated[float, Field(gt=0)] = 15.0
    site_pages: Annotated[int, Field(ge=1, le=100)] = 12
    site_s: Annotated[float, Field(gt=0)] = 90.0
    model: str | None = None
    sites: dict[str, str] = {}
    library: Path | None = None

    @field_validator("allowed", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    def library_beside(self, store: str) -> Path:
        """Return the file of the texts.

        Args:
            store: URL of Headway's store.
        """
        is_file = store.partition("://")[0] == "sqlite"
        place = Path(store.partition("://")[2].removeprefix("/") or "headway.db") if is_file else Path("headway.db")
        return self.library or place.with_name(f"{place.stem}-library.db")
