"""What the example reads from its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class ReportSettings(BaseSettings):
    """Settings of the report, each read from ``HEADWAY_DEMO_REPORT_`` and its name in capitals.

    Attributes:
        allowed: ``host:port`` of sites on this machine or its network that may be captured all the same,
            comma-separated: those of the demo.
        sites: Addresses of the demo's sites as JSON, by name; shown on the page as suggestions.
        page_s: Seconds one page may take.
        workers: Folder in which whoever keeps workers running has a file for each, named by its process id; those may
            be killed from a page on this machine. None: nobody may.
    """

    model_config = SettingsConfigDict(env_prefix="HEADWAY_DEMO_REPORT_")

    allowed: Annotated[frozenset[str], NoDecode] = frozenset()
    sites: dict[str, str] = {}
    page_s: float = 15.0
    workers: Path | None = None

    @field_validator("allowed", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
