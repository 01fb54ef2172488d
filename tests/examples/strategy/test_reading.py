"""Documents become prose, or are refused with their name and what is wrong with them."""

import io

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

from examples.strategy.errors import DocumentRefused, TextTooShort
from examples.strategy.reading import documents
from examples.strategy.reading.documents import DOCUMENT_BYTES, read_document
from examples.strategy.reading.plain import of_markdown, of_rst, words_in
from examples.strategy.reading.sample import sample
from tests.examples.strategy.siting import TOPICS, page

PROSE = TOPICS["bread"] * 3


def pdf(text: str, pages: int = 1) -> bytes:
    """A PDF with a text on every page."""
    document = FPDF()
    document.set_font("helvetica", size=12)
    for _ in range(pages):
        document.add_page()
        document.multi_cell(0, 8, text)
    return bytes(document.output())


def locked(body: bytes) -> bytes:
    """The same behind a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(body)))
    writer.encrypt("secret", algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.txt", PROSE.encode()),
        ("a.TXT", PROSE.encode("utf-16")),
        ("a.md", f"# Bread\n\n{PROSE}\n\n```python\nimport secret\n```\n".encode()),
        ("a.rst", f"Bread\n=====\n\n{PROSE}\n\n.. code-block:: python\n\n    import secret\n".encode()),
        ("a.html", page("bread").encode()),
        ("a.pdf", pdf(PROSE)),
    ],
    ids=["txt", "TXT in UTF-16", "md", "rst", "html", "pdf"],
)
def test_each_kind_is_read_as_prose(name: str, body: bytes) -> None:
    """The sentences are there; code and markup are not."""
    text = read_document(name, body)
    assert "Sourdough bread needs a starter." in " ".join(text.split())
    assert not set("<>`#") & set(text)
    assert "secret" not in text


@pytest.mark.parametrize(
    ("name", "body", "status", "says"),
    [
        ("a.docx", b"PK", 415, "a file of this kind is not read"),
        ("noending", b"text", 415, "a file of this kind is not read"),
        ("a.txt", b"", 422, "it is empty"),
        ("a.txt", b"\xff\xfe" + b"\x00\xd8A\x00" * 40, 422, "UTF-16"),
        ("a.txt", b"caf\xe9 " * 50, 422, "byte 3 is no UTF-8"),
        ("a.md", b"\0\1\2" * 50, 415, "it is no text"),
        ("a.txt", b"x" * (DOCUMENT_BYTES + 1), 413, "at most 5,242,880"),
        ("a.txt", b"word " * 250_000, 413, "at most 1,000,000"),
        ("a.pdf", b"hello " * 50, 422, "it is no PDF"),
        ("a.pdf", b"%PDF-1.7\n" + b"rubbish " * 50, 422, "it cannot be read as a PDF"),
        ("a.pdf", pdf(PROSE)[:700], 422, "it cannot be read as a PDF"),
        ("a.pdf", locked(pdf(PROSE)), 422, "locked by a password"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-",
)
def test_a_bad_document_is_named_with_what_is_wrong(name: str, body: bytes, status: int, says: str) -> None:
    """And how to mend it, where that can be said."""
    with pytest.raises(DocumentRefused) as refused:
        read_document(name, body)
    assert refused.value.status == status
    assert refused.value.detail.startswith(f"{name}: ")
    assert says in refused.value.detail


@pytest.mark.parametrize(
    ("name", "body"),
    [("a.txt", b"too short"), ("a.html", b"<p></p><!-- -->"), ("a.pdf", pdf(" "))],
    ids=["txt", "html", "pdf"],
)
def test_a_text_without_words_says_so(name: str, body: bytes) -> None:
    """A PDF of scanned pages gets a hint of its own."""
    with pytest.raises(TextTooShort) as short:
        read_document(name, body)
    assert short.value.detail.startswith(f"{name}: ")
    assert ("scanned" in (short.value.hint or "")) == name.endswith("pdf")


def test_a_pdf_with_too_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before they are read."""
    monkeypatch.setattr(documents, "PDF_PAGES", 2)
    with pytest.raises(DocumentRefused, match="it has 3 pages; at most 2") as refused:
        read_document("a.pdf", pdf(PROSE, pages=3))
    assert refused.value.status == 413


def test_markup_is_taken_off() -> None:
    """Words stay, and names of code go."""
    markdown = (
        "## On *bread*\n\n- a [good loaf](https://x.example/) with `salt`\n- call `bake_it()` | table |\n\n<!-- no -->"
    )
    assert of_markdown(markdown) == "On bread\n\na good loaf with salt\ncall table"
    rst = (
        "Bread\n=====\n\n.. note:: Keep it warm\n\n:meth:`Oven.heat` and ``salt``. As here::\n\n    code = 1\n\nMore.\n"
    )
    assert of_rst(rst) == "Bread\n\nKeep it warm\n\nand salt. As here:\n\nMore."


def test_the_sample_is_real_text_of_some_size() -> None:
    """Two corpora, each longer than a book's first chapters, without code."""
    for side in ("own", "competitors"):
        texts = sample(side)
        assert len(texts) > 15
        assert sum(words_in(text) for _, text in texts) > 12_000
        assert not any("```" in text or "::" in text for _, text in texts)
