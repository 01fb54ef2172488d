"""What a transport works with, and how it says that its connection is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from headway.client.address import Address
from headway.client.feed import Feed
from headway.client.noticing import Notices
from headway.client.problems import problem, retry_after_s
from headway.client.watched import Watched
from headway.errors import HeadwayError, RequestError
from headway.version import VERSION

OPEN_S = 10.0
"""How long a server may take until its first bytes."""

NAME = f"python/{VERSION}"
"""What this client calls itself, for the server's metrics."""


class Again(Exception):
    """The connection is over, the run is not.

    Args:
        reason: For people.
        wait_s: Come back no earlier than this.
        at_once: Nothing is wrong: come back without waiting.
        poll_s: Come back without waiting, by polling for so long; 0: by a stream again.
    """

    def __init__(self, reason: str, *, wait_s: float = 0.0, at_once: bool = False, poll_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s
        self.at_once = at_once
        self.poll_s = poll_s


class Refused(Exception):
    """The server answered with an error.

    Attributes:
        error: The error.
        wait_s: How long it asks to wait.
    """

    def __init__(self, error: HeadwayError, wait_s: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


@dataclass(slots=True)
class Link:
    """Lent to the transports of one watching.

    Attributes:
        feed: Where what comes is folded.
        watched: What is yielded.
        opened: To be called when the server answered as it should.
        worked: To be called when something of worth came.
        notices: What operators say.
        ping_s: How often the server says something, as far as is known.
        ahead_s: Seconds by which its clock is ahead.
        is_open: Whether `opened` was called for this connection.
        poll_until: When to look for a stream again, on the event loop's clock.
    """

    http: httpx.AsyncClient
    address: Address
    feed: Feed
    watched: Watched
    opened: Callable[[], None]
    worked: Callable[[], None]
    notices: Notices
    ping_s: float = 15.0
    ahead_s: float = 0.0
    is_open: bool = False
    poll_until: float = 0.0


def foreign(response: httpx.Response, what: str) -> Refused:
    """Return the refusal that an answer stands for which looks like a success, but is not Headway's."""
    url = response.request.url.copy_with(query=None)
    error = RequestError(f"{url} answered {what}", hint="is this the address of a run?", foreign=True)
    return Refused(error, 0.0)


async def check(response: httpx.Response) -> None:
    """Insist that an answer is a success.

    Raises:
        Refused: it is not.
    """
    if not response.is_success:
        await response.aread()
        raise Refused(problem(response), retry_after_s(response))
