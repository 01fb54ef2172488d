"""Plain text: markup taken off, what is no prose left out, paragraphs kept apart by an empty line."""

from __future__ import annotations

import re
from typing import Final

WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")

_FENCE: Final = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_FRONT: Final = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_TAG: Final = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.DOTALL)
_LINK: Final = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_URL: Final = re.compile(r"\b(?:https?|wss?|redis|postgresql|sqlite|memory)://\S+")
_HEADING: Final = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
_RULE: Final = re.compile(r"^[ \t>|:=*~^\"'`#+.-]*$", re.MULTILINE)
_BULLET: Final = re.compile(r"^[^\S\n]*(?:[-*+]|\d+[.)]|#\.)\s+", re.MULTILINE)
_ROLE: Final = re.compile(r":[\w:+-]+:`~?([^`<]*?)(?:\s*<[^`>]*>)?`")
_QUOTED: Final = re.compile(r"`+([^`]*?)(?:\s*<[^`>]*>)?`+_{0,2}")
_WORDS: Final = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+)*")
_MARKS: Final = re.compile(r"\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|\|")
_OPTION: Final = re.compile(r"^[ \t]*:[\w -]+:(?!`).*$", re.MULTILINE)
_DIRECTIVE: Final = re.compile(r"^(\s*)\.\.(?:\s+([\w-]+)::)?(.*)$")
_PROSE: Final = frozenset({"note", "warning", "tip", "important", "seealso", "attention", "hint", "admonition"})
_BLANKS: Final = re.compile(r"\n\s*\n+")
_EDGES: Final = re.compile(r" ?\n ?")
_SPACES: Final = re.compile(r"[^\S\n]+")


def words_in(text: str) -> int:
    """Count the words of a text."""
    return sum(1 for _ in WORD.finditer(text))


def _said(quoted: re.Match[str]) -> str:
    """Return what is quoted as code where it is words, too: names of functions and files are no prose."""
    return quoted[1] if _WORDS.fullmatch(quoted[1]) else " "


def of_markdown(text: str) -> str:
    """Return the prose of Markdown: no code blocks, no markup, no addresses."""
    text = _FENCE.sub("\n\n", _FRONT.sub("", text.replace("\r\n", "\n")))
    text = _HEADING.sub(r"\n\n\1\n\n", _TAG.sub(" ", text))
    return _tidy(text)


def of_rst(text: str) -> str:
    """Return the prose of reStructuredText: no literal blocks, no code, no options, no markup."""
    lines = _without_blocks(text.replace("\r\n", "\n").expandtabs().split("\n"))
    return _tidy(_ROLE.sub(r"`\1`", _OPTION.sub("", "\n".join(lines))))


def of_text(text: str) -> str:
    """Return plain text with its white space in order."""
    text = _EDGES.sub("\n", _SPACES.sub(" ", text.replace("\r\n", "\n")))
    return _BLANKS.sub("\n\n", text).strip()


def _tidy(text: str) -> str:
    text = _URL.sub(" ", _QUOTED.sub(_said, _LINK.sub(r"\1", text)))
    text = _BULLET.sub("", _RULE.sub("", text))
    return of_text(_MARKS.sub(" ", text))


def _without_blocks(lines: list[str]) -> list[str]:
    """Leave out what a directive that holds no prose holds, and what stands below a line that ends in ``::``."""
    kept: list[str] = []
    skipped: int | None = None  # indentation of the line a block that is left out belongs to
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if skipped is not None and (not line.strip() or indent > skipped):
            continue
        skipped = None
        directive = _DIRECTIVE.match(line)
        if directive is not None:
            if directive[2] in _PROSE:
                kept.append(directive[3])
            else:
                skipped = indent
            continue
        if line.rstrip().endswith("::"):
            kept.extend([line.rstrip()[:-1], ""])
            skipped = indent
            continue
        kept.append(line)
    return kept
