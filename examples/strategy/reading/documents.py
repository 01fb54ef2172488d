"""Reading a document that somebody uploads: text, Markdown, reStructuredText, HTML or PDF, bounded in every direction.

Plain functions that may take seconds: never called on an event loop. Whoever uploads is told what is wrong with which
file, and how to mend it.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from examples.strategy.errors import DocumentRefused, TextTooShort
from examples.strategy.reading.plain import of_markdown, of_rst, of_text, words_in

if TYPE_CHECKING:
    from pypdf import PdfReader

DOCUMENT_BYTES: Final = 5 * 1_048_576
TEXT_CHARACTERS: Final = 1_000_000
"""Of the text of one document; a book has about as many."""

PDF_PAGES: Final = 400
WORDS_MIN: Final = 30
"""Below this a text says too little about what it is about."""

KINDS: Final = "txt, md, rst, html or pdf"


def read_document(name: str, body: bytes) -> str:
    """Return a document's plain text.

    Args:
        name: Of the file; its ending says what kind it is.
        body: What is in it.

    Raises:
        DocumentRefused: Its kind is not read, it is too large or empty, or it is not what its name says.
        TextTooShort: There is hardly a word in it.
    """
    read = _READERS.get(PurePosixPath(name).suffix.casefold())
    if read is None:
        raise DocumentRefused(name, "a file of this kind is not read", status=415, hint=f"upload {KINDS}")
    if len(body) > DOCUMENT_BYTES:
        too_large = f"it has {len(body):,} bytes; at most {DOCUMENT_BYTES:,} are read"
        raise DocumentRefused(name, too_large, status=413, hint="upload its chapters one by one")
    if not body.strip():
        raise DocumentRefused(name, "it is empty", hint="choose the file again")
    return checked(name, read(name, body))


def checked(name: str, text: str) -> str:
    """Return a text that is neither too short nor too long.

    Raises:
        DocumentRefused: It is too long.
        TextTooShort: There is hardly a word in it.
    """
    if len(text) > TEXT_CHARACTERS:
        too_long = f"its text has {len(text):,} characters; at most {TEXT_CHARACTERS:,} are read"
        raise DocumentRefused(name, too_long, status=413, hint="upload its chapters one by one")
    if (words := words_in(text)) < WORDS_MIN:
        hint = f"a text of {WORDS_MIN} words or more says what it is about"
        if PurePosixPath(name).suffix.casefold() == ".pdf":
            hint += "; a PDF of scanned pages has pictures instead of words"
        raise TextTooShort(f"{name}: {_few(words)} can be read in it", hint=hint)
    return text


def _few(words: int) -> str:
    return "no word" if words == 0 else "only one word" if words == 1 else f"only {words} words"


def _decoded(name: str, body: bytes) -> str:
    if b"\0" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentRefused(name, "it is no text, whatever its name says", status=415, hint=f"upload {KINDS}")
    encoding = "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        where = f"byte {error.start:,} is no {encoding.removesuffix('-sig').upper()}"
        raise DocumentRefused(name, where, hint="save it as UTF-8 and upload it again") from error


def _text(name: str, body: bytes) -> str:
    return of_text(_decoded(name, body))


def _markdown(name: str, body: bytes) -> str:
    return of_markdown(_decoded(name, body))


def _rst(name: str, body: bytes) -> str:
    return of_rst(_decoded(name, body))


def _html(name: str, body: bytes) -> str:
    from examples.strategy.reading.pages import text_of_page

    return text_of_page(_decoded(name, body)).text


def _pdf(name: str, body: bytes) -> str:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # what it thinks of other people's files is no news here
    if not body.lstrip().startswith(b"%PDF-"):
        raise DocumentRefused(name, "it is no PDF, whatever its name says", hint=f"upload {KINDS}")
    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentRefused(name, "it is locked by a password", hint="save it without one and upload it again")
        if len(reader.pages) > PDF_PAGES:
            too_many = f"it has {len(reader.pages)} pages; at most {PDF_PAGES} are read"
            raise DocumentRefused(name, too_many, status=413, hint="upload its chapters one by one")
        return of_text(_pages_of(name, reader))
    except DependencyError as error:
        raise DocumentRefused(name, f"it is encrypted in a way that is not read ({error})") from error
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        # pypdf raises whatever a broken file makes its code stumble over
        raise DocumentRefused(name, f"it cannot be read as a PDF ({error})", hint="open it and save it anew") from error


def _pages_of(name: str, reader: PdfReader) -> str:
    pages: list[str] = []
    size = 0
    for page in reader.pages:
        text = page.extract_text()
        size += len(text)
        pages.append(text)
        if size > TEXT_CHARACTERS:
            return checked(name, "".join(pages))
    return "\n\n".join(pages)


_READERS: Final[Mapping[str, Callable[[str, bytes], str]]] = {
    ".txt": _text,
    ".md": _markdown,
    ".markdown": _markdown,
    ".rst": _rst,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
}
