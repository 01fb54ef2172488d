"""The writer: tells about the trip in a text that is streamed as it is written, by a language model or by templates."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from headway import Agent, Phase, Run

from ..enhanced import EnhancedDay
from ..errors import ModelFailed, ProviderError, told
from ..models import Walk
from ..provider_client import ProviderClient
from .asking import ASK
from .briefing import INSTRUCTIONS, facts
from .language_model import written_by
from .words import sentences

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Writer:
    """Writes the summary.

    Args:
        provider: Knows the way from the last stop of a day to the centre.
        model: Language model, by name or as pydantic-ai's object; None writes by templates.
    """

    def __init__(self, provider: ProviderClient, model: Model | str | None = None) -> None:
        self._provider = provider
        self._model = model

    async def write(self, agent: Agent, days: Sequence[EnhancedDay]) -> str:
        """Write about all days. About other days, or with other notes, it is another text and another step."""
        about = "+".join(f"{day.day.number}.{len(day.places)}" for day in days)
        async with agent.phase("write", total=len(days), unit="days") as phase:
            text: str = await agent.step(self.write_summary, agent, days, phase, key=f"summary:{about}")
            return text

    async def write_summary(self, run: Run, agent: Agent, days: Sequence[EnhancedDay], phase: Phase) -> str:
        """Write into the output ``summary``; a model that fails is replaced by templates, which begin anew."""
        if self._model is None:
            return await self._by_templates(run, agent, days, phase)
        try:
            return await self._by_model(self._model, run, days, phase)
        except ModelFailed as error:
            await run.error(**told(error), severity="warning")
            return await self._by_templates(run, agent, days, phase)

    async def _by_model(self, model: Model | str, run: Run, days: Sequence[EnhancedDay], phase: Phase) -> str:
        written = written_by(model, INSTRUCTIONS, facts(days))
        async with run.output("summary") as out, aclosing(written) as pieces:
            async for piece in pieces:
                await out.write(piece)
        await phase.progress(len(days))
        return out.text

    async def _by_templates(self, run: Run, agent: Agent, days: Sequence[EnhancedDay], phase: Phase) -> str:
        async with run.output("summary") as out:
            for done, day in enumerate(days, 1):
                for sentence in sentences(day, await self._way_back(agent, day)):
                    await out.write(sentence)
                await out.write("\n\n" if done < len(days) else "")
                await phase.progress(done)
        return out.text

    async def _way_back(self, agent: Agent, day: EnhancedDay) -> Walk | None:
        """How far the centre is in the evening; a text without it is still a text.

        A step of the agent's, not of the text's: when the text is written anew, it is not asked again.
        """
        last, city = day.tour.visits[-1].place.id, day.day.city
        try:
            walk: Walk = await agent.step(self._provider.walk, last, city, key=f"way_back:{day.day.key}", options=ASK)
        except ProviderError as error:
            await agent.error(**told(error), severity="warning", item=day.day.key)
            return None
        return walk
