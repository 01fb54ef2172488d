"""The page that describes the fold says what the tables and constants say."""

from pathlib import Path

from headway.core import limits, progress
from headway.core.events import PAYLOADS
from headway.core.run import table_rows

PAGE = (Path(__file__).parents[2] / "docs/reference/fold.md").read_text(encoding="utf-8")
SECTIONS = {"The run": "run", "Phases": "phase", "Items": "item", "Outputs": "output"}


def rows(section: str) -> list[list[str]]:
    """Cells of the first table of a section, without its head."""
    lines = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0].splitlines()
    table = [line for line in lines if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_transitions_are_those_of_the_tables():
    """Every one, and no other."""
    described = []
    for section, of in SECTIONS.items():
        for event, sources, target, _ in rows(section):
            for source in sources.split(", "):
                to = source if target == "the same" else target
                described.append((of, event.strip("`"), None if source == "new" else source, to))
    listed = [(row["of"], row["event"], row["from"], row["to"]) for row in table_rows()]
    assert sorted(map(str, described)) == sorted(map(str, listed))


def test_every_type_is_described():
    """Nobody has to guess what an event does."""
    assert [type for type in PAYLOADS if f"`{type}`" not in PAGE] == []


def test_numbers_are_those_of_the_constants():
    """Written as people read them."""
    numbers = {
        "The run": [limits.EXECUTIONS_MAX],
        "Phases": [limits.PHASES_MAX],
        "Items": [limits.ITEMS_MAX],
        "Outputs": [limits.OUTPUTS_MAX, limits.OUTPUT_TEXT_MAX, limits.ALL_TEXT_MAX],
        "The rest": [limits.NOTES_MAX, limits.ERRORS_MAX, limits.CUSTOM_MAX],
        "Progress": [progress.UNFINISHED_MAX, progress.ETA_AFTER_PERCENT, progress.ETA_AFTER_MS // 1000],
    }
    for section, values in numbers.items():
        text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        assert [value for value in values if f"{value:,}" not in text] == [], section
    assert progress.LEFT_MAX_MS == 10 * 365 * 86_400_000
