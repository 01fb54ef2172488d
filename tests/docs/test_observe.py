"""The page about metrics and lines, and the alerts: every name on them exists, and nothing is left out."""

import re
from pathlib import Path

import pytest
import yaml

from headway.measures import ALL, GAUGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/observe.md").read_text()
RULES = ROOT / "deploy/prometheus/headway.rules.yml"
SOURCES = "\n".join(path.read_text() for path in (ROOT / "src/headway").rglob("*.py"))

NAMES = {f"headway_{each.name}{suffix}" for each in ALL if each.bounds for suffix in ("_bucket", "_sum", "_count")}
NAMES |= {f"headway_{each.name}_total" for each in ALL if not each.bounds} | {"headway_viewers"}
NAMES |= {f"headway_{each.name}" for each in GAUGES}
LABELS = {"transport", "client", "le"}.union(*(each.labels for each in ALL))
QUERIES = [match[1] for match in re.finditer(r"^\| [^|]+\? \| `(.+)` \|$", PAGE, re.MULTILINE)]
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_every_measure_is_on_the_page() -> None:
    """With its labels and what it means, in one row."""
    for each in ALL:
        name, kind = (each.name, "histogram") if each.bounds else (f"{each.name}_total", "counter")
        assert f"| `headway_{name}` | {kind} | {', '.join(each.labels)} | {each.help} |" in PAGE
    for each in GAUGES:
        assert f"| `headway_{each.name}` | gauge | {', '.join(each.labels)} | {each.help} |" in PAGE


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in ALERTS)])
def test_queries_ask_for_what_there_is(query: str) -> None:
    """A dashboard that shows nothing looks like a system that does nothing."""
    assert set(re.findall(r"headway_\w+", query)) <= NAMES
    grouped = re.findall(r"\b(?:by|ignoring) \(([^)]*)\)", query)
    asked = {label.strip() for group in grouped for label in group.split(",")} | set(re.findall(r"(\w+)=~?\"", query))
    assert asked <= LABELS
    assert query.count("(") == query.count(")")


def test_every_alert_says_what_to_do() -> None:
    """In the annotations, so that it is in the message."""
    assert len(QUERIES) >= 10
    assert len(ALERTS) >= 8
    for rule in ALERTS:
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.parametrize("event", re.findall(r"^\| `([a-z ]+)` \| (?:info|warning|debug) \|", PAGE, re.MULTILINE))
def test_every_line_on_the_page_is_written_somewhere(event: str) -> None:
    """Under exactly this name."""
    assert f'Line("{event}"' in SOURCES


def test_no_line_is_missing_on_the_page() -> None:
    """What the rooms of the house write as events stands on it."""
    written = set(re.findall(r'Line\("([a-z ]+)"', SOURCES))
    assert written <= set(re.findall(r"`([a-z ]+)`", PAGE))
