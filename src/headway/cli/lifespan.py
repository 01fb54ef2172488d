"""Seeing why an application does not start: uvicorn says only that, with a traceback."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headway.errors import HeadwayError


class Application:
    """An application whose start is looked at. Requests pass as they are.

    Args:
        app: The application.

    Attributes:
        failure: What its start failed with.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.failure: BaseException | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = False

        async def look(message: Message) -> None:
            nonlocal told
            told = told or message["type"] != "lifespan.startup.failed"
            # the traceback in its text is told by us, or is not worth telling
            await send({**message, "message": ""} if message["type"].endswith(".failed") else message)

        try:
            await self.app(scope, receive, look)
        except BaseException as error:
            if not told:
                self.failure = error
            if isinstance(error, HeadwayError) and not told:
                # said even by applications that do not say it themselves
                await send({"type": "lifespan.startup.failed", "message": ""})
            raise
