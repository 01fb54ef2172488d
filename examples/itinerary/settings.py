"""What the demo reads from its environment."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict


class DemoSettings(BaseSettings):
    """Settings of the itinerary, each read from ``HEADWAY_DEMO_`` and its name in capitals.

    Attributes:
        provider: Where the place provider listens.
        search_s: Seconds the solver may look for the best tour of a day.
    """

    model_config = SettingsConfigDict(env_prefix="HEADWAY_DEMO_")

    provider: str = "http://127.0.0.1:8801"
    search_s: float = 4.0
