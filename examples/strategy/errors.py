"""What can go wrong while a strategy is made.

::

    StrategyError
    ├── DocumentRefused     a document cannot be read: its kind, its size, what is in it
    ├── TextTooShort        there is too little text to say anything about
    ├── TextGone            a text that was uploaded is not in the library any more
    ├── SiteClosed          a site asks programs not to read it (robots.txt)
    └── NothingRead         not one text of ours could be read

What a site's pages fail with are the errors of the report's capture (``examples/report/errors.py``); what a language
model fails with is the itinerary's (``examples/itinerary/errors.py``).
"""

from __future__ import annotations

from typing import ClassVar


class StrategyError(Exception):
    """Base of all errors of this application.

    Attributes:
        code: Stable, machine-readable name.
        category: What is at fault: ``input`` or ``site``.
        retryable: The same call may succeed later without being changed.
        detail: One sentence saying what is wrong.
        hint: One sentence saying how to mend it, or None.
    """

    code: ClassVar[str] = "strategy"
    category: ClassVar[str] = "input"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class DocumentRefused(StrategyError):
    """A document that cannot be read.

    Attributes:
        name: Of the document.
        status: HTTP status of the answer: 413 where it is too large, 415 where its kind is not read, else 422.
    """

    code = "document_refused"

    def __init__(self, name: str, detail: str, *, status: int = 422, hint: str | None = None) -> None:
        super().__init__(f"{name}: {detail}", hint=hint)
        self.name = name
        self.status = status


class TextTooShort(StrategyError):
    """Too little text to say anything about."""

    code = "text_too_short"


class TextGone(StrategyError):
    """A text that is not in the library any more."""

    code = "text_gone"


class SiteClosed(StrategyError):
    """A site that asks programs not to read it."""

    code = "site_closed"
    category = "site"


class NothingRead(StrategyError):
    """Not one of our own texts could be read."""

    code = "nothing_read"
    retryable = True
