"""A strategy as Markdown, to be kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from examples.strategy.models import Gap, Strategy


def markdown_of(strategy: Strategy) -> str:
    """Return a strategy as one Markdown document."""
    return "\n".join(_lines(strategy)) + "\n"


def _lines(strategy: Strategy) -> Iterator[str]:
    yield f"# {_plain(strategy.title)}"
    for section in strategy.sections:
        yield from ("", f"## {section.title}", "", section.text)
    if strategy.gaps:
        yield from ("", "## Gaps", "", "| gap | theirs | yours |", "|---|---|---|")
        yield from (
            f"| {_plain(gap.name)} | {figure(gap, gap.theirs)} | {figure(gap, gap.ours)} |" for gap in strategy.gaps
        )
    yield from ("", "## Topics", "", "| topic | yours | terms |", "|---|---|---|")
    yield from (
        f"| {_plain(topic.name)} | {topic.ours:.0%} | {_plain(', '.join(topic.terms))} |"
        for topic in strategy.topics.topics
    )
    yield from ("", "## Keywords", "", "| keyword | times | texts |", "|---|---|---|")
    yield from (f"| {_plain(one.term)} | {one.count} | {one.documents} |" for one in strategy.keywords)
    yield from ("", "## Calendar", "", "| week | date | piece | keyword | format | why |", "|---|---|---|---|---|---|")
    for piece in strategy.calendar:
        cells = (str(piece.week), str(piece.date), piece.title, piece.keyword, piece.format, piece.why)
        yield f"| {' | '.join(_plain(cell) for cell in cells)} |"


def figure(gap: Gap, value: float) -> str:
    """Return how much of a gap one side has, in words."""
    return f"{value:.0%} of the text" if gap.kind == "topic" else f"{value:g} per 10,000 words"


def _plain(text: str) -> str:
    """Keep what others wrote from being markup: it stands in one cell, on one line."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
