"""What can go wrong while a report is made.

::

    ReportError
    ├── PageFailed          a page was not captured
    │   ├── AddressRefused  it must not be asked: not public, another scheme, another port
    │   ├── PageDown        no answer, too slow, or 5xx; may be back soon
    │   ├── PageMissing     the site says it has no such page, or does not let us have it (4xx)
    │   └── PageUnusable    no HTML, too large, too many redirects, not to be decoded
    ├── NothingCaptured     not one page of any competitor
    └── DatabaseAway        the tables do not answer in time; may be back soon

``retryable`` says whether the very same call may succeed later; steps look at it before they try again.
"""

from __future__ import annotations

from typing import ClassVar


class ReportError(Exception):
    """Base of all errors of this application.

    Attributes:
        code: Stable, machine-readable name.
        category: What is at fault: ``input``, ``site`` or ``database``.
        retryable: The same call may succeed later without being changed.
        hint: One sentence saying how to mend it, or None.
    """

    code: ClassVar[str] = "report"
    category: ClassVar[str] = "site"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class PageFailed(ReportError):
    """A page was not captured."""

    code = "page_failed"


class AddressRefused(PageFailed):
    """An address that must not be asked."""

    code = "address_refused"
    category = "input"


class PageDown(PageFailed):
    """A page that did not answer, or answered with a server error."""

    code = "page_down"
    retryable = True


class PageMissing(PageFailed):
    """A page the site does not have, or does not give away."""

    code = "page_missing"


class PageUnusable(PageFailed):
    """An answer that is no page we can read."""

    code = "page_unusable"


class NothingCaptured(ReportError):
    """Not one page of any competitor was captured."""

    code = "nothing_captured"
    retryable = True


class DatabaseAway(ReportError):
    """The tables did not answer in time."""

    code = "database_away"
    category = "database"
    retryable = True
