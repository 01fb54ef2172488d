"""The writer: streams a section as it is written, by the language model that is configured, or by templates."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from examples.itinerary.agents.language_model import written_by
from examples.strategy.models import Section
from examples.strategy.writing.briefing import INSTRUCTIONS, question
from examples.strategy.writing.plans import Findings, Plan, sentences
from headway import Item

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Writer:
    """Writes sections.

    Args:
        model: Language model, by name or as pydantic-ai's object; None writes by templates.
    """

    def __init__(self, model: Model | str | None = None) -> None:
        self._model = model

    async def write(self, item: Item, plan: Plan, findings: Findings) -> Section:
        """Write a section into the output of its key.

        Raises:
            ModelFailed: The model did not write to the end; templates do not speak in its place.
        """
        async with item.output(plan.key) as out:
            if self._model is None:
                for sentence in sentences(plan, findings):
                    await out.write(sentence)
            else:
                written = written_by(self._model, INSTRUCTIONS, question(plan, findings))
                async with aclosing(written) as pieces:
                    async for piece in pieces:
                        await out.write(piece)
        return Section(key=plan.key, title=plan.title, text=out.text.strip(), by=self._by)

    @property
    def _by(self) -> str:
        if self._model is None:
            return "templates"
        return self._model if isinstance(self._model, str) else self._model.model_name
