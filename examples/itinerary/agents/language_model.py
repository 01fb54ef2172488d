"""What a language model writes, as it writes it; asked through pydantic-ai: any model it knows.

The strategy example asks in the same way. pydantic-ai is loaded only when a model is configured: it is an optional part
(``pip install 'headway[llm]'``) that takes seconds to import.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Final

from ..errors import ModelFailed

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.models import Model

PATIENCE_S: Final = 60.0
"""Longest silence between two pieces of text."""


async def written_by(model: Model | str, instructions: str, asked: str) -> AsyncGenerator[str, None]:
    """Yield the model's text, piece by piece.

    Args:
        model: By name, or as pydantic-ai's object.
        instructions: How it has to write.
        asked: What it has to write about.

    Raises:
        ModelFailed: It cannot be asked, fell silent or broke off. What was yielded before is not the whole.
    """
    agent = await asyncio.to_thread(_agent, model, instructions)
    said = False
    try:
        async with agent.run_stream(asked) as answer:
            pieces = answer.stream_text(delta=True)
            while (piece := await _next(pieces)) is not None:
                said = said or bool(piece.strip())
                yield piece
    except Exception as error:
        raise ModelFailed(f"the language model did not write to the end: {type(error).__name__}: {error}") from error
    if not said:
        raise ModelFailed("the language model wrote nothing")


async def _next(pieces: AsyncIterator[str]) -> str | None:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(pieces, None)


def _agent(model: Model | str, instructions: str) -> Agent:
    try:
        from pydantic_ai import Agent
    except ImportError as error:
        raise ModelFailed("pydantic-ai is not installed", hint="pip install 'headway[llm]'") from error
    try:
        return Agent(model, instructions=instructions)
    except Exception as error:  # an unknown name, a missing key, a provider's package that is not there
        raise ModelFailed(f"the language model {model!r} cannot be used: {error}") from error
