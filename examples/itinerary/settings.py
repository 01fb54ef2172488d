"""What the demo reads from its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class DemoSettings(BaseSettings):
    """Settings of the itinerary, each read from ``HEADWAY_DEMO_`` and its name in capitals.

    Attributes:
        provider: Where the place provider listens.
        search_s: Seconds the solver may look for the best tour of a day.
        model: Language model that writes the summary, as pydantic-ai names them (``openai:gpt-5-mini``, needs
            ``headway[llm]`` and the key of its provider); None: it is written by templates.
        book: File of the finished itineraries; None: beside Headway's store.
        kill: Pages may kill the worker and the server. Set by ``headway demo``, which brings both back.
    """

    model_config = SettingsConfigDict(env_prefix="HEADWAY_DEMO_")

    provider: str = "http://127.0.0.1:8801"
    search_s: float = 4.0
    model: str | None = None
    book: Path | None = None
    kill: bool = False

    def book_beside(self, store: str) -> Path:
        """Return the file of the finished itineraries.

        Args:
            store: URL of Headway's store.
        """
        place = Path(store.partition("://")[2].removeprefix("/") or "headway.db")  # memory:// has none
        return self.book or place.with_name(f"{place.stem}-itineraries.db")
