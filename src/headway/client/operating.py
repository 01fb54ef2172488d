"""The part of the client for operators; all of it needs the scope ``admin``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx


class Operating(ABC):
    """What an operator asks a server, beside what everybody may."""

    @abstractmethod
    async def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request; a problem is raised."""

    @abstractmethod
    async def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """The same, with the answer read."""

    async def system(self) -> dict[str, Any]:
        """Return how all processes on the server's store are."""
        return await self._json("GET", "/v1/system")

    async def connections(self, **which: Any) -> dict[str, Any]:
        """Return who watches, the newest first; ``which``: run, viewer, client, group, transport, limit."""
        params = {name: value for name, value in which.items() if value is not None}
        return await self._json("GET", "/v1/connections", params=params)

    async def close_connection(self, connection_id: str) -> None:
        """End a stream, or have a long-poll answered now; its client comes back.

        Raises:
            ConnectionNotFound: it is not open.
            ProcessesSilent: it was not found, and not every process answered.
        """
        await self._answer("DELETE", f"/v1/connections/{quote(connection_id, safe='')}")

    async def notices(self) -> list[dict[str, Any]]:
        """Return the notices that stand before viewers, the oldest first."""
        notices: list[dict[str, Any]] = (await self._json("GET", "/v1/notices"))["notices"]
        return notices

    async def notice(
        self, text: str, *, level: str = "info", once: bool = False, for_s: float | None = None, **to: str | None
    ) -> dict[str, Any]:
        """Put a notice before viewers, or say it once to who watches now; return it, or whom it reached.

        Args:
            text: What is said.
            level: ``info``, ``warning`` or ``critical``.
            once: Only to who watches now, by a stream.
            for_s: It is over after so many seconds; None: when it is taken away.
            to: ``run``, ``viewer``, ``client``, ``group``: who is meant; nothing: everybody.
        """
        meant = {name: value for name, value in to.items() if value is not None}
        body = {"text": text, "level": level, "once": once, "for_s": for_s, "to": meant}
        return await self._json("POST", "/v1/notices", json=body)

    async def end_notice(self, notice_id: str) -> None:
        """Take a notice away.

        Raises:
            NoticeNotFound: it does not stand.
        """
        await self._answer("DELETE", f"/v1/notices/{quote(notice_id, safe='')}")

    async def transports(self) -> dict[str, Any]:
        """Return which transports there are, and which are on."""
        return await self._json("GET", "/v1/transports")

    async def switch_transports(self, on: Sequence[str] | None) -> dict[str, Any]:
        """Say which transports are on, on all servers; None: those they were started with."""
        return await self._json("POST", "/v1/transports", json={"on": on if on is None else list(on)})
